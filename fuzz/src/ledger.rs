//! The ledger: a journal's file with any bytes in it, and entries as JSON lines and as they are stored.

use crate::scratch;

use onestop::proto;
use onestop::proto::ledger_entry::Kind;
use onestop::refusal::Lang;
use onestop::sheet;
use onestop::store::journal::Head;
use onestop::store::journal::Journal;
use onestop::store::journal::Options;
use onestop::store::journal::walk::walk;
use onestop::store::seal::Seal;
use prost::Message;

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::str;
use std::sync::LazyLock;

/// Any key: what it seals is of no use to anybody.
const KEY: &str = "sm4-gcm AAECAwQFBgcICQoLDA0ODw==";
const CONTENTS: [&str; 5] = ["one", "another, which is longer", "3", "four", "the last of them"];

/// A journal of a few groups as it was written, in the clear and sealed.
struct Written {
    folder: PathBuf,
    file: PathBuf,
    bytes: [Vec<u8>; 2],
}

static WRITTEN: LazyLock<Written> = LazyLock::new(|| {
    let folder = scratch::folder("journal");
    let mut file = PathBuf::new();
    let bytes = [false, true].map(|is_sealed| {
        let _ = fs::remove_dir_all(&folder);
        let (mut journal, _) = Journal::open(&folder, options(is_sealed), 0).expect("a journal");
        for group in [&CONTENTS[..1], &CONTENTS[1..4], &CONTENTS[4..]] {
            let group: Vec<Vec<u8>> = group.iter().map(|one| one.as_bytes().to_vec()).collect();
            journal.append(&group).expect("a group");
        }
        let all = fs::read_dir(&folder).expect("its folder").map(|one| one.expect("it").path());
        file = all.into_iter().find(|path| is_segment(path)).expect("a segment");
        fs::read(&file).expect("a segment")
    });
    Written { folder, file, bytes }
});

fn is_segment(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "journal")
}

fn options(is_sealed: bool) -> Options {
    let seal = if is_sealed { Seal::parse(KEY).expect("a key") } else { Seal::NONE };
    Options { seal, ..Options::default() }
}

/// A segment: any bytes, or one that was written and then changed here and there. What is read of it was written so.
pub fn journal(data: &[u8]) {
    let Some((how, data)) = data.split_first() else { return };
    let (is_sealed, is_changed) = (how & 1 == 1, how & 2 == 2);
    let written = &*WRITTEN;
    let bytes = if is_changed {
        changed(&written.bytes[usize::from(is_sealed)], data)
    } else {
        data.to_vec()
    };
    fs::write(&written.file, &bytes).expect("a segment");
    let options = options(is_sealed);
    let walked = walked(&written.folder, &options.seal, is_changed);
    // Opening cuts what a crash leaves, and nothing that a walk could read.
    match Journal::open(&written.folder, options.clone(), 0) {
        Ok((journal, _)) => {
            assert!(!is_changed || walked <= journal.head().sequence);
            drop(journal);
            let again = self::walked(&written.folder, &options.seal, is_changed);
            assert!(!is_changed || walked <= again);
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let _ = fs::remove_file(&written.file);
}

/// Three bytes a change: where, and by what.
fn changed(bytes: &[u8], changes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for change in changes.chunks_exact(3) {
        let place = usize::from(u16::from_le_bytes([change[0], change[1]]));
        if let Some(byte) = bytes.get_mut(place) {
            *byte ^= change[2];
        } else {
            // Behind the end: it is shorter then.
            bytes.truncate(place % 1024);
        }
    }
    bytes
}

/// How many records there are; each is as it was written, and follows the one before.
fn walked(folder: &Path, seal: &Seal, is_changed: bool) -> u64 {
    let mut head = Head::EMPTY;
    let Ok(records) = walk(folder, seal, 0) else { return 0 };
    for record in records {
        let Ok((record, _)) = record else { break };
        head = head.next(&record.content);
        assert_eq!((head.sequence, head.digest), (record.sequence, record.digest));
        if is_changed {
            let place = usize::try_from(record.sequence).unwrap_or(usize::MAX) - 1;
            assert_eq!(record.content, CONTENTS[place].as_bytes(), "other data was answered");
        }
    }
    head.sequence
}

/// An entry, as a line of an export or as it is stored: written and read again it is the same, and it can be shown.
pub fn ledger_entry(data: &[u8]) {
    let read = match str::from_utf8(data).ok().filter(|text| text.starts_with('{')) {
        Some(text) => serde_json::from_str::<proto::LedgerEntry>(text).ok(),
        None => proto::LedgerEntry::decode(data).ok(),
    };
    let Some(entry) = read else { return };
    let line = serde_json::to_string(&entry).expect("an entry is written");
    let again: proto::LedgerEntry = serde_json::from_str(&line).expect("and read again");
    assert_eq!(again, entry);
    assert_eq!(
        proto::LedgerEntry::decode(entry.encode_to_vec().as_slice()).ok(),
        Some(entry.clone())
    );
    if let Some(Kind::Settlement(record)) = &entry.kind {
        for lang in [Lang::Zh, Lang::En] {
            let _ = sheet::settlement(record, lang);
        }
    }
}
