//! Torn, truncated and flipped bytes in every file of a store: found and named, or built anew, and never answered as data.

mod beside;
mod journal;

use super::load;
use super::model::Answer;
use super::model::Model;
use super::say;
use super::server::Environment;
use super::server::Home;
use super::server::Server;
use super::server::verify;
use onestop::proto;
use onestop::store::journal::record::Record;
use onestop::store::journal::walk::walk;

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// A small store, what it holds, and what it answered.
struct Small {
    home: Home,
    model: Model,
    records: Vec<Record>,
}

fn small_segments() -> Environment {
    vec![("ONESTOP_STORE_SEGMENT_BYTES_MAX".to_owned(), "9000".to_owned())]
}

/// A few settlements and a reversal over a few segments.
fn small(is_closed: bool) -> Small {
    small_in(Home::in_memory(), is_closed)
}

fn small_in(home: Home, is_closed: bool) -> Small {
    let mut model = Model::default();
    super::runtime().block_on(async {
        let server = Server::start(&home, &small_segments()).unwrap();
        let mut clients = server.connect().await;
        load::fill(&mut clients, &mut model).await;
        for number in 0..6 {
            let person = ["P0-0", "P1-0"][number % 2];
            let asked =
                load::settle(format!("s-{number}"), person, &format!("A-{number}"), 900 + number);
            model.ask(&mut clients, asked).await.unwrap();
        }
        model.ask(&mut clients, load::reverse("r".to_owned(), "A-5")).await.unwrap();
        if is_closed {
            server.stop_cleanly();
        } else {
            server.kill();
        }
    });
    let walked = walk(&home.store().join("journal"), &home.seal(), 1).unwrap();
    let records = walked.map(|record| record.unwrap().0).collect();
    Small { home, model, records }
}

fn segments(store: &Path) -> Vec<PathBuf> {
    files(&store.join("journal"), "journal")
}

/// The files of a directory whose names end so, sorted.
fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.is_file() && path.to_str().unwrap().ends_with(ending)).collect();
    files.sort();
    files
}

#[test]
fn damage_is_refused_by_the_server_and_named_by_verify() {
    let small = small(true);
    let all = segments(&small.home.store());
    let mut seen = Vec::new();
    for (number, segment) in all.iter().enumerate() {
        let copy = small.home.copy();
        let path = copy.store().join("journal").join(segment.file_name().unwrap());
        let mut bytes = fs::read(&path).unwrap();
        let place = bytes.len() - 100;
        bytes[place] ^= 0x20;
        fs::write(&path, &bytes).unwrap();
        let is_last = number + 1 == all.len();

        if !is_last {
            let output = verify(&copy);
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success());
            assert!(said.contains(path.to_str().unwrap()) && said.contains("at byte"), "{said}");
        }
        match Server::start(&copy, &small_segments()) {
            Err(ended) => {
                assert!(is_last, "{ended:?}");
                assert!(ended.said.contains(path.to_str().unwrap()), "{ended:?}");
                assert!(ended.said.contains("at byte"), "{ended:?}");
                seen.push("refused");
            }
            Ok(server) => {
                // The record in question is refused in words, all others are answered as they were.
                let damaged = super::runtime().block_on(answers(&server, &small.model));
                assert_eq!(damaged, 1, "{}", server.said());
                assert!(server.said().contains("journal damaged"), "{}", server.said());
                seen.push("served without the record");
            }
        }
    }
    say(&format!("flipped bytes seen by a server, one in each segment: {}", seen.join(", ")));
}

/// Asks for every settlement; returns how many could not be answered.
async fn answers(server: &Server, model: &Model) -> usize {
    let mut clients = server.connect().await;
    let mut damaged = 0;
    for sent in &model.sent {
        let Some(Answer::Settled(record)) = &sent.answer else { continue };
        let by = Some(proto::get_settlement_request::By::Number(record.number));
        match clients.settlement.get_settlement(proto::GetSettlementRequest { by }).await {
            Ok(found) => {
                let found = found.into_inner();
                assert_eq!(proto::SettlementRecord { reversed_by: 0, ..found }, *record);
            }
            Err(status) => {
                assert_eq!(status.code(), tonic::Code::Unavailable);
                damaged += 1;
            }
        }
    }
    damaged
}

#[test]
fn a_torn_tail_without_a_clean_close_is_cut_off_and_said() {
    let small = small(false);
    let last = segments(&small.home.store()).pop().unwrap();
    let whole = fs::read(&last).unwrap();
    let mut cuts = 0;
    for tail in [&b"\x01"[..], &[7; 55], &[0xff; 300], &whole[64..164]] {
        let copy = small.home.copy();
        let path = copy.store().join("journal").join(last.file_name().unwrap());
        fs::write(&path, [&whole, tail].concat()).unwrap();
        let server = Server::start(&copy, &small_segments()).unwrap();
        let said = server.said();
        assert!(said.contains("torn tail") && said.contains("never acknowledged"), "{said}");
        let mut model = small.model.clone();
        super::runtime().block_on(async { model.check(&mut server.connect().await).await });
        server.stop_cleanly();
        cuts += 1;
    }
    say(&format!("torn tails: {cuts}, cut off and said {cuts}"));
}
