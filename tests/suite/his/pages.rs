//! The documents for HIS engineers: every request that they show is sent, in the order that they say, and the answers that they
//! show are what a server with the sample register answers. `UPDATE_GOLDEN=1` writes the answers anew, never the requests.

mod same;
mod tree;

use crate::his::in_form;
use crate::his::pages::same::Same;
use crate::his::pages::tree::Tree;
use crate::his::post;
use crate::server::Server;
use crate::server::start_demo;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/his")
}

const REQUEST: &str = "```json request\n";
const ANSWER: &str = "```json answer\n";
/// What follows a request whose answer is a file.
const FILE: &str = "```text file\n";
const END: &str = "\n```\n";

/// The sections of the pages, by page and heading.
type Pages = BTreeMap<String, String>;

fn pages() -> Pages {
    let mut pages = Pages::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        pages.insert(name, fs::read_to_string(path).unwrap());
    }
    pages
}

/// A section that the order of calls names: its page, and its heading.
type Place = (String, String);

/// The order of calls, as the first page lists it.
fn order(first: &str) -> Vec<Place> {
    let (_, list) = first.split_once("\n## 办理次序\n").unwrap();
    let list = list.split("\n## ").next().unwrap();
    let lines = list.lines().filter(|line| line.starts_with(|sign: char| sign.is_ascii_digit()));
    let place = |line: &str| {
        let (heading, rest) = line.split_once('[').unwrap().1.split_once("](").unwrap();
        let target = rest.split(')').next().unwrap();
        let (page, anchor) = target.split_once('#').unwrap();
        assert_eq!(anchor, heading.replace(' ', "-"), "{line}");
        (page.to_owned(), heading.to_owned())
    };
    lines.map(place).collect()
}

/// Where the blocks of a section begin and end in its page.
fn section(page: &str, heading: &str) -> std::ops::Range<usize> {
    let title = format!("\n## {heading}\n");
    let start = page.find(&title).unwrap_or_else(|| panic!("no section {heading}")) + title.len();
    let end = page[start..].find("\n## ").map_or(page.len(), |length| start + length + 1);
    start..end
}

/// Where the next block after a position stands, between its fences.
fn block(page: &str, from: usize, to: usize, fence: &str) -> Option<std::ops::Range<usize>> {
    let start = from + page[from..to].find(fence)? + fence.len();
    Some(start..start + page[start..to].find(END).unwrap())
}

fn send(server: &Server, request: &Tree) -> crate::his::Raw {
    let path = "/fsi/api/rsfComIfsService/callService";
    post(&server.http, path, &[("Content-Type", "text/plain")], request.line().as_bytes())
}

/// Sends the requests of a section, and checks or writes its answers.
fn run(server: &Server, page: &mut String, heading: &str, same: &mut Same) {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut at = section(page, heading).start;
    let mut asked = 0;
    while let Some(request) = block(page, at, section(page, heading).end, REQUEST) {
        asked += 1;
        at = request.end;
        let sent = same.sent(Tree::read(&page[request]));
        let raw = send(server, &sent);
        let end = section(page, heading).end;
        let next = page[at..end].find(REQUEST).map_or(end, |length| at + length);
        if let Some(shown) = block(page, at, next, FILE) {
            let head = raw.head.to_lowercase();
            assert!(head.contains("content-type: application/octet-stream"), "{head}");
            let text = same.file(&raw.body);
            if update {
                page.replace_range(shown, &text);
            } else {
                assert_eq!(text, page[shown], "{heading}: UPDATE_GOLDEN=1 writes the file");
            }
            continue;
        }
        in_form(&raw);
        let answered = Tree::read(std::str::from_utf8(&raw.body).unwrap());
        let shown = block(page, at, next, ANSWER).unwrap_or_else(|| panic!("{heading}: no answer"));
        let documented = Tree::read(&page[shown.clone()]);
        let normal = same.answered(answered, &documented, update);
        if update {
            page.replace_range(shown, &normal.shown());
        } else {
            assert_eq!(normal.shown(), page[shown], "{heading}: UPDATE_GOLDEN=1 writes the answer");
        }
    }
    assert!(asked > 0, "{heading} shows no request");
}

#[tokio::test]
async fn every_request_of_the_documents_is_answered_as_they_show() {
    let home = tempfile::tempdir().unwrap();
    let server = start_demo(&home.path().join("data")).await;
    let mut pages = pages();
    let order = order(&pages["README.md"]);
    let mut same = Same::default();
    for (name, heading) in &order {
        let page = pages.get_mut(name).unwrap_or_else(|| panic!("no page {name}"));
        run(&server, page, heading, &mut same);
    }
    let (_, tried) = pages["README.md"].split_once("text/plain' -d '").unwrap();
    let tried = Tree::read(tried.split('\'').next().unwrap());
    assert_eq!(in_form(&send(&server, &tried))["infcode"], 0, "what is to be tried first");
    for (name, text) in &pages {
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(folder().join(name), text).unwrap();
        }
    }
    server.stop().await;
}

#[test]
fn every_section_with_a_request_stands_in_the_order_once_and_every_transaction_has_one() {
    let pages = pages();
    let order = order(&pages["README.md"]);
    let listed: BTreeSet<&Place> = order.iter().collect();
    assert_eq!(listed.len(), order.len(), "a section stands twice");
    let mut shown = BTreeSet::new();
    for (name, text) in &pages {
        for part in text.split("\n## ").skip(1).filter(|part| part.contains(REQUEST)) {
            let heading = part.lines().next().unwrap().to_owned();
            assert!(listed.contains(&(name.clone(), heading.clone())), "{name}: {heading}");
            for request in part.split("\"infno\": \"").skip(1) {
                shown.insert(request.split('"').next().unwrap().to_owned());
            }
        }
    }
    let code = fs::read_to_string(folder().join("../../src/his.rs")).unwrap();
    let known = code.lines().filter_map(|line| line.trim().strip_prefix('"')?.split_once("\" => "));
    for (infno, _) in known {
        assert!(shown.contains(infno), "no page shows {infno}");
    }
    assert!(shown.contains("2304"));
}
