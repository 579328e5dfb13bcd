//! One file or directory of the model of a disk: what of it is on the disk, and what waits.

use super::Leaves;
use super::PAGE;
use crate::faults::random::Random;

use std::collections::BTreeMap;

/// A file's content, a directory's names; what of it is on the disk, and what the program sees.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) directory: Option<Directory>,
    pub(super) pages: BTreeMap<u64, Vec<u8>>,
    pub(super) length: u64,
    pub(super) seen: Vec<u8>,
    pub(super) waiting: Vec<Waiting>,
    /// Syncs that have begun: their names, and how many calls had been made.
    pub(super) syncs: BTreeMap<u64, usize>,
}

#[derive(Debug, Default)]
pub(super) struct Directory {
    pub(super) names: BTreeMap<String, u64>,
    pub(super) seen: BTreeMap<String, u64>,
    pub(super) waiting: Vec<(usize, Change)>,
}

/// Something that is not on the disk yet.
#[derive(Debug)]
pub(super) struct Waiting {
    call: usize,
    what: Content,
    /// A sync of it failed; only a new write of the page can bring it to the disk.
    is_given_up: bool,
}

#[derive(Debug)]
pub(super) enum Content {
    Page(u64, Vec<u8>),
    Length(u64),
}

#[derive(Debug, Clone)]
pub(super) enum Change {
    Put(String, u64),
    Remove(String),
    Move(String, String, u64),
}

impl Change {
    pub(super) fn apply(&self, names: &mut BTreeMap<String, u64>) {
        match self.clone() {
            Change::Put(name, inode) => drop(names.insert(name, inode)),
            Change::Remove(name) => drop(names.remove(&name)),
            Change::Move(from, to, inode) => {
                names.remove(&from);
                names.insert(to, inode);
            }
        }
    }
}

impl Node {
    pub(super) fn wait(&mut self, call: usize, what: Content) {
        self.waiting.push(Waiting { call, what, is_given_up: false });
    }

    /// Pages that were changed wait as they are now.
    pub(super) fn waits(&mut self, call: usize, from: usize, to: usize) {
        for number in from / PAGE..to.div_ceil(PAGE) {
            let end = self.seen.len().min((number + 1) * PAGE);
            let page = whole_page(&self.seen[number * PAGE..end]);
            self.wait(call, Content::Page(u64::try_from(number).unwrap(), page));
        }
    }

    /// A sync has ended that had begun after so many calls.
    pub(super) fn synced(&mut self, begun: usize, worked: bool) {
        if let Some(directory) = &mut self.directory {
            if worked {
                let (synced, waiting): (Vec<_>, Vec<_>) =
                    directory.waiting.drain(..).partition(|(call, _)| *call <= begun);
                directory.waiting = waiting;
                for (_, change) in synced {
                    change.apply(&mut directory.names);
                }
            }
            return;
        }
        let mut waiting = Vec::new();
        for mut one in std::mem::take(&mut self.waiting) {
            if begun < one.call {
                waiting.push(one);
                continue;
            }
            match (&one.what, worked) {
                (Content::Page(..), false) => {
                    one.is_given_up = true;
                    waiting.push(one);
                }
                (Content::Page(..), true) if one.is_given_up => waiting.push(one),
                (Content::Page(number, page), true) => {
                    // An older state of the page can no longer come to the disk.
                    waiting.retain(|other: &Waiting| !other.is_page(*number));
                    self.pages.insert(*number, page.clone());
                }
                (Content::Length(length), true) => self.length = *length,
                (Content::Length(_), false) => waiting.push(one),
            }
        }
        self.waiting = waiting;
    }

    /// The content that a power cut leaves.
    pub(super) fn left(&self, leaves: Leaves, random: &mut Random) -> Vec<u8> {
        let mut pages = self.pages.clone();
        let mut length = self.length;
        // States of one page come to the disk in their order, so the last one chosen is the one that is left.
        for waiting in &self.waiting {
            if random.percent(leaves.pages) {
                match &waiting.what {
                    Content::Page(number, page) => drop(pages.insert(*number, page.clone())),
                    Content::Length(new) => length = *new,
                }
            }
        }
        let mut content = vec![0; usize::try_from(length).unwrap()];
        for (number, page) in pages {
            let from = usize::try_from(number).unwrap() * PAGE;
            if let Some(rest) = content.get_mut(from..) {
                let bytes = rest.len().min(PAGE);
                rest[..bytes].copy_from_slice(&page[..bytes]);
            }
        }
        content
    }
}

impl Waiting {
    pub(super) fn is_page(&self, wanted: u64) -> bool {
        matches!(self.what, Content::Page(number, _) if number == wanted)
    }
}

pub(super) fn whole_page(bytes: &[u8]) -> Vec<u8> {
    let mut page = bytes.to_vec();
    page.resize(PAGE, 0);
    page
}

pub(super) fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap()
}
