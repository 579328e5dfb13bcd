//! `onestop ledger` through the built program: what is copied is the same ledger, what is pinned is proved, what does not fit is
//! named, and a store of every released version is still read.

mod copies;
mod released;
mod verified;

use crate::demo;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::totals;

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

/// How a command ended, and what it said where.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// `onestop --lang en ledger …` on a store.
fn ledger(store: &Path, arguments: &[&str]) -> Said {
    said(command(store, arguments).output().unwrap())
}

fn command(store: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onestop"));
    command.args(["--lang", "en", "ledger"]).args(arguments).arg("--data").arg(store);
    command
}

pub(crate) fn said(output: Output) -> Said {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let Output { status, stdout, stderr } = output;
    Said { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
}

fn verify(store: &Path, rules: &Path) -> Said {
    ledger(store, &["verify", "--rules", rules.to_str().unwrap()])
}

/// What an auditor pins.
fn head(store: &Path) -> String {
    let Said { code, out, err } = ledger(store, &["head"]);
    assert_eq!((code, err.as_str()), (0, ""));
    out.trim_end().to_owned()
}

/// A closed store in `folder`: settlements, a reversal, an opening balance; three writes to registers before them.
async fn filled(folder: &Path) -> PathBuf {
    let store = folder.join("store");
    let service = demo::begin(&store).await;
    service.load_opening(demo::opening("OLD", PLAIN)).await.unwrap();
    let mut last = 0;
    for index in 0..6 {
        let person = [PLAIN, POOR][usize::from(index % 2 == 0)];
        let request = demo::settle(&format!("S{index}"), person, totals(1000 + index, index, 5));
        last = service.settle(request).await.unwrap().number;
    }
    service.reverse(demo::reverse("UNDO", last)).await.unwrap();
    service.close().unwrap();
    store
}

/// Settles once more.
async fn grow(store: &Path, id: &str) {
    let (service, _) = demo::open(store);
    service.settle(demo::settle(id, POOR, totals(500, 0, 0))).await.unwrap();
    service.close().unwrap();
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
