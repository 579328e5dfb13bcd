//! `export`, `import`, `backup`: the same entries with the same digests, or a word that they are not.

use crate::demo;
use crate::ledger_commands::Said;
use crate::ledger_commands::command;
use crate::ledger_commands::filled;
use crate::ledger_commands::grow;
use crate::ledger_commands::head;
use crate::ledger_commands::ledger;
use crate::ledger_commands::said;
use crate::ledger_commands::text_of;
use crate::ledger_commands::verify;
use crate::server;

use onestop::proto;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

/// What a store shows of its settlements, once a service is opened on it.
fn settlements(store: &Path) -> Vec<proto::SettlementRecord> {
    let (service, _) = demo::open(store);
    let records = service.list(&proto::ListSettlementsRequest::default(), 0).unwrap().records;
    service.close().unwrap();
    records
}

/// An import of this text from standard input.
fn import(store: &Path, text: &str) -> Said {
    let mut command = command(store, &["import", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may stop before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(text.as_bytes());
    said(child.wait_with_output().unwrap())
}

#[tokio::test]
async fn an_export_is_restored_with_the_same_digests_and_serves_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    let file = folder.path().join("ledger.jsonl");
    let exported = ledger(&store, &["export", file.to_str().unwrap()]);
    assert_eq!(exported.code, 0, "{exported:?}");
    assert_eq!(exported.out, format!("11 entries exported; head {}\n", head(&store)));

    let restored = folder.path().join("restored");
    let imported = ledger(&restored, &["import", file.to_str().unwrap()]);
    assert_eq!(imported.out, format!("11 entries imported; head {}\n", head(&store)));
    assert_eq!(head(&restored), head(&store));
    assert_eq!(verify(&restored, &demo::rules_folder()).code, 0);
    assert_eq!(settlements(&restored), settlements(&store));

    // By way of standard output and input; and into a store that was served, but has no entries.
    let piped = ledger(&store, &["export", "-"]);
    assert_eq!((piped.code, piped.out.as_str()), (0, text_of(&file).as_str()));
    let served = folder.path().join("served");
    demo::open(&served).0.close().unwrap();
    let imported = import(&served, &piped.out);
    assert_eq!((imported.code, imported.err.as_str()), (0, ""), "{imported:?}");
    assert_eq!(settlements(&served), settlements(&store));
}

#[tokio::test]
async fn an_export_overwrites_nothing_and_leaves_nothing_unfinished() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    let file = folder.path().join("ledger.jsonl");
    fs::write(&file, "mine").unwrap();
    let refused = ledger(&store, &["export", file.to_str().unwrap()]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.contains("ledger.jsonl") && refused.err.contains("exists"), "{refused:?}");
    assert_eq!(text_of(&file), "mine");
    // A ledger that is damaged behind its beginning.
    let segment = store.join("journal/00000000000000000001.journal");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[3000] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let file = folder.path().join("short.jsonl");
    let stopped = ledger(&store, &["export", file.to_str().unwrap()]);
    assert_eq!(stopped.code, 1, "{stopped:?}");
    assert!(stopped.err.contains("journal damaged") && stopped.err.contains("at byte"));
    assert!(!file.exists(), "a shorter ledger is left");
    let nowhere = ledger(&folder.path().join("nothing"), &["export", "-"]);
    assert_eq!((nowhere.code, nowhere.out.as_str()), (2, ""), "{nowhere:?}");
}

#[tokio::test]
async fn an_import_that_does_not_come_out_as_it_says_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    let good = ledger(&store, &["export", "-"]).out;
    let lines: Vec<&str> = good.lines().collect();
    let without = |gone: usize| {
        let kept = lines.iter().enumerate().filter(|(index, _)| *index != gone);
        kept.map(|(_, line)| format!("{line}\n")).collect::<String>()
    };
    let swapped = [lines[0], lines[2], lines[1]].join("\n");
    let doubled = [lines[0], lines[0]].join("\n");
    for (what, text, complaint) in [
        ("an amount", good.replacen("1004.00", "1004.01", 1), "comes out as"),
        ("a name", good.replacen("张三", "李四", 1), "line 1: entry 1"),
        ("a digest", lines[0].replacen("\"digest\":\"", "\"digest\":\"0", 1), "line 1"),
        ("a line is missing", without(4), "line 5: entry 6"),
        ("two lines have changed places", swapped, "line 2: entry 3"),
        ("a line is there twice", doubled, "line 2: entry 1"),
        ("an empty line", format!("{}\n\n{}", lines[0], lines[1]), "line 2"),
        ("half a line", good[..good.len() - 20].to_owned(), "line 11"),
        ("another version", lines[0].replacen("\"version\":1", "\"version\":2", 1), "version `2`"),
        (
            "more than there is",
            lines[0].replacen("\"version\"", "\"more\":1,\"version\"", 1),
            "more",
        ),
        ("no JSON at all", "settlements".to_owned(), "line 1"),
    ] {
        assert_ne!(text, good, "{what}");
        let into = folder.path().join("into");
        let refused = import(&into, &text);
        assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{what}: {refused:?}");
        assert!(refused.err.contains(complaint), "{what}: {refused:?}");
        assert!(head(&into).starts_with("0 "), "{what}");
        assert!(!into.join("journal.import").exists(), "{what}");
    }
    let full = import(&store, &good);
    assert_eq!(full.code, 2, "{full:?}");
    assert!(full.err.contains("is not empty"), "{full:?}");
    assert!(head(&store).starts_with("11 "));
}

#[tokio::test]
async fn a_backup_while_a_server_writes_is_a_ledger_by_itself_and_grows() {
    let folder = tempfile::tempdir().unwrap();
    let (data, to) = (folder.path().join("data"), folder.path().join("backup"));
    let server = server::start(&data);
    let mut clients = server.clients().await;
    clients.fill().await;
    let mut writing = clients.clone();
    let load = tokio::spawn(async move {
        for n in 0..60 {
            let request = demo::settle(&format!("S{n}"), demo::POOR, demo::totals(100 + n, n, 0));
            writing.settle(request).await.unwrap();
        }
    });
    let path = to.to_str().unwrap().to_owned();
    let mut copied = 0;
    for _ in 0..4 {
        let (store, path) = (data.clone(), path.clone());
        let backup = tokio::task::spawn_blocking(move || ledger(&store, &["backup", &path]));
        let backup = backup.await.unwrap();
        assert_eq!(backup.code, 0, "{backup:?}");
        copied += backup.out.split(' ').next().unwrap().parse::<u64>().unwrap();
        assert_eq!(verify(&to, &demo::rules_folder()).code, 0);
        assert!(head(&to).starts_with(&format!("{copied} ")), "only what is new is copied");
    }
    load.await.unwrap();
    assert_eq!(verify(&data, &demo::rules_folder()).code, 0, "beside the server");
    let last = ledger(&data, &["backup", &path]);
    assert_eq!(head(&to), head(&data), "{last:?}");
    let none = ledger(&data, &["backup", &path]);
    assert_eq!(none.out, format!("0 entries copied; head {}\n", head(&data)));
    server.stop().await;
    assert_eq!(settlements(&to), settlements(&data));
}

#[tokio::test]
async fn a_backup_says_that_the_ledger_was_shortened_or_is_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    let short = folder.path().join("short");
    fs::create_dir_all(&short).unwrap();
    assert_eq!(ledger(&store, &["backup", short.to_str().unwrap()]).code, 0);
    grow(&store, "MORE").await;
    let to = folder.path().join("backup");
    let path = to.to_str().unwrap();
    assert_eq!(ledger(&store, &["backup", path]).code, 0);
    let pinned = head(&to);
    // The ledger as it was before its last entry: somebody has cut it off.
    let shortened = ledger(&short, &["backup", path]);
    assert_eq!((shortened.code, shortened.out.as_str()), (1, ""), "{shortened:?}");
    assert!(shortened.err.contains("the ledger was shortened"), "{shortened:?}");
    assert!(shortened.err.contains("has 12 entries, the ledger ends with 11"), "{shortened:?}");
    // And then something else was written.
    grow(&short, "OTHER").await;
    let another = ledger(&short, &["backup", path]);
    assert_eq!(another.code, 1, "{another:?}");
    assert!(another.err.contains("is a backup of another ledger: entry 12"), "{another:?}");
    assert_eq!(head(&to), pinned, "the backup stays as it is");
}
