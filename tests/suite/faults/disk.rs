//! A model of a disk: what is on it after a power cut, from the log of all calls.
//!
//! Contents of a file are on it as of its last sync, names of a directory as of the directory's. What came later may be there too,
//! page by page and name by name, in any order. A page whose sync failed is as good as gone: the system calls it clean.

use super::random::Random;
use super::shim;
use super::shim::Did;
use super::shim::Logged;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

const PAGE: usize = 4096;

/// How much a power cut leaves of what was not synced, in a hundred: 0 is a disk that writes only when it must, 100 one that was
/// as fast as the program.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leaves {
    pub(super) names: usize,
    pub(super) pages: usize,
}

impl Leaves {
    pub(super) const NOTHING: Leaves = Leaves { names: 0, pages: 0 };
}

/// A file's content, a directory's names; what of it is on the disk, and what the program sees.
#[derive(Debug, Default)]
struct Node {
    directory: Option<Directory>,
    pages: BTreeMap<u64, Vec<u8>>,
    length: u64,
    seen: Vec<u8>,
    waiting: Vec<Waiting>,
    /// Syncs that have begun: their names, and how many calls had been made.
    syncs: BTreeMap<u64, usize>,
}

#[derive(Debug, Default)]
struct Directory {
    names: BTreeMap<String, u64>,
    seen: BTreeMap<String, u64>,
    waiting: Vec<(usize, Change)>,
}

/// Something that is not on the disk yet.
#[derive(Debug)]
struct Waiting {
    call: usize,
    what: Content,
    /// A sync of it failed; only a new write of the page can bring it to the disk.
    is_given_up: bool,
}

#[derive(Debug)]
enum Content {
    Page(u64, Vec<u8>),
    Length(u64),
}

#[derive(Debug, Clone)]
enum Change {
    Put(String, u64),
    Remove(String),
    Move(String, String, u64),
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<String, u64>) {
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

/// A disk.
#[derive(Debug)]
pub(super) struct Disk {
    nodes: BTreeMap<u64, Node>,
    root: u64,
    calls: usize,
}

impl Disk {
    /// As it lies there, all of it on the disk.
    pub(super) fn of(directory: &Path) -> Disk {
        let root = fs::metadata(directory).unwrap().ino();
        let mut disk = Disk { nodes: BTreeMap::new(), root, calls: 0 };
        disk.take(directory);
        disk
    }

    fn take(&mut self, path: &Path) -> u64 {
        let metadata = fs::metadata(path).unwrap();
        let mut node = Node::default();
        if metadata.is_dir() {
            let mut names = BTreeMap::new();
            for entry in fs::read_dir(path).unwrap() {
                let entry = entry.unwrap();
                let name = entry.file_name().to_str().unwrap().to_owned();
                names.insert(name, self.take(&entry.path()));
            }
            node.directory = Some(Directory { seen: names.clone(), names, waiting: Vec::new() });
        } else {
            node.seen = fs::read(path).unwrap();
            node.length = size(&node.seen);
            let pages = node.seen.chunks(PAGE).map(whole_page);
            node.pages = (0..).zip(pages).collect();
        }
        self.nodes.insert(metadata.ino(), node);
        metadata.ino()
    }

    /// Follows a call.
    pub(super) fn follow(&mut self, logged: &Logged<'_>) {
        self.calls += 1;
        match logged.did {
            Did::Create => self.make(logged, None),
            Did::MakeDirectory => self.make(logged, Some(Directory::default())),
            Did::Write => self.write(logged.inode, logged.offset, logged.data),
            Did::Truncate => self.truncate(logged.inode, logged.offset),
            Did::Unlink => {
                let (directory, name) = self.place(logged.path);
                self.change(directory, Change::Remove(name));
            }
            Did::Rename => {
                let (from, old) = self.place(logged.path);
                let (to, new) = self.place(logged.second);
                assert_eq!(from, to, "the model moves nothing from one directory to another");
                let inode = self.names(from).seen[&old];
                self.change(from, Change::Move(old, new, inode));
            }
            Did::SyncBegins => {
                let calls = self.calls;
                self.node(logged.inode).syncs.insert(logged.offset, calls);
            }
            Did::SyncEnds => {
                let begun = self.node(logged.inode).syncs.remove(&logged.offset).unwrap();
                self.node(logged.inode).synced(begun, logged.worked);
            }
        }
    }

    /// Follows all calls of a process that is dead: syncs that it had begun never end, and another may give them the same names.
    pub(super) fn follow_all(&mut self, log: &[u8]) {
        for logged in shim::read(log) {
            self.follow(&logged);
        }
        for node in self.nodes.values_mut() {
            node.syncs.clear();
        }
    }

    fn node(&mut self, inode: u64) -> &mut Node {
        self.nodes.get_mut(&inode).unwrap_or_else(|| panic!("inode {inode} was never made"))
    }

    fn names(&mut self, inode: u64) -> &mut Directory {
        self.node(inode).directory.as_mut().unwrap()
    }

    /// The directory and name of a path, as the program sees them.
    fn place(&mut self, path: &str) -> (u64, String) {
        let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let name = parts.pop().unwrap().to_owned();
        let mut at = self.root;
        for part in parts {
            at = self.names(at).seen[part];
        }
        (at, name)
    }

    fn make(&mut self, logged: &Logged<'_>, directory: Option<Directory>) {
        self.nodes.insert(logged.inode, Node { directory, ..Node::default() });
        let (parent, name) = self.place(logged.path);
        self.change(parent, Change::Put(name, logged.inode));
    }

    fn change(&mut self, directory: u64, change: Change) {
        let call = self.calls;
        let directory = self.names(directory);
        change.apply(&mut directory.seen);
        directory.waiting.push((call, change));
    }

    fn write(&mut self, inode: u64, offset: u64, data: &[u8]) {
        let call = self.calls;
        let node = self.node(inode);
        let from = usize::try_from(offset).unwrap();
        let to = from + data.len();
        let before = node.seen.len();
        if before < to {
            node.seen.resize(to, 0);
        }
        node.seen[from..to].copy_from_slice(data);
        node.waits(call, from, to);
        if before < to {
            node.wait(call, Content::Length(size(&node.seen)));
        }
    }

    fn truncate(&mut self, inode: u64, length: u64) {
        let call = self.calls;
        let node = self.node(inode);
        let (before, after) = (node.seen.len(), usize::try_from(length).unwrap());
        node.seen.truncate(after);
        if after < before {
            // Should the file grow again, zeros stand there.
            node.seen.resize(before, 0);
            node.waits(call, after, before);
            node.seen.truncate(after);
        }
        node.seen.resize(after, 0);
        node.wait(call, Content::Length(length));
    }

    /// What is on the disk of a file in the store for certain.
    pub(super) fn holds(&self, path: &[&str]) -> Option<String> {
        let mut at = self.root;
        for part in path {
            at = *self.nodes[&at].directory.as_ref()?.names.get(*part)?;
        }
        let content = self.nodes[&at].left(Leaves::NOTHING, &mut Random::new(0));
        Some(String::from_utf8_lossy(&content).into_owned())
    }

    /// Whether the program sees anything in a directory that may not be on the disk.
    pub(super) fn waits_in(&self, path: &[&str]) -> bool {
        let mut at = self.root;
        for part in path {
            let directory = self.nodes[&at].directory.as_ref().unwrap();
            let Some(inode) = directory.seen.get(*part) else { return false };
            at = *inode;
        }
        let mut open = vec![at];
        while let Some(inode) = open.pop() {
            let node = &self.nodes[&inode];
            if !node.waiting.is_empty() {
                return true;
            }
            if let Some(directory) = &node.directory {
                if !directory.waiting.is_empty() {
                    return true;
                }
                open.extend(directory.seen.values());
            }
        }
        false
    }

    /// Writes what a power cut now leaves into a new directory.
    pub(super) fn cut(&self, leaves: Leaves, random: &mut Random, to: &Path) {
        self.write_out(self.root, leaves, random, to);
    }

    fn write_out(&self, inode: u64, leaves: Leaves, random: &mut Random, to: &Path) {
        let node = &self.nodes[&inode];
        let Some(directory) = &node.directory else {
            return fs::write(to, node.left(leaves, random)).unwrap();
        };
        fs::create_dir_all(to).unwrap();
        let mut names = directory.names.clone();
        for (_, change) in &directory.waiting {
            if random.percent(leaves.names) {
                change.apply(&mut names);
            }
        }
        for (name, inode) in names {
            self.write_out(inode, leaves, random, &to.join(name));
        }
    }
}

impl Node {
    fn wait(&mut self, call: usize, what: Content) {
        self.waiting.push(Waiting { call, what, is_given_up: false });
    }

    /// Pages that were changed wait as they are now.
    fn waits(&mut self, call: usize, from: usize, to: usize) {
        for number in from / PAGE..to.div_ceil(PAGE) {
            let end = self.seen.len().min((number + 1) * PAGE);
            let page = whole_page(&self.seen[number * PAGE..end]);
            self.wait(call, Content::Page(u64::try_from(number).unwrap(), page));
        }
    }

    /// A sync has ended that had begun after so many calls.
    fn synced(&mut self, begun: usize, worked: bool) {
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
    fn left(&self, leaves: Leaves, random: &mut Random) -> Vec<u8> {
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
    fn is_page(&self, wanted: u64) -> bool {
        matches!(self.what, Content::Page(number, _) if number == wanted)
    }
}

fn whole_page(bytes: &[u8]) -> Vec<u8> {
    let mut page = bytes.to_vec();
    page.resize(PAGE, 0);
    page
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(did: Did, inode: u64, offset: u64, path: &'static str) -> Logged<'static> {
        Logged { did, worked: true, inode, offset, path, second: "", data: b"x", end: 0 }
    }

    /// What is left of a file `a` with these calls, or nothing.
    fn left(calls: &[Logged<'_>]) -> Option<Vec<u8>> {
        let directory = tempfile::tempdir().unwrap();
        let (before, after) = (directory.path().join("before"), directory.path().join("after"));
        fs::create_dir(&before).unwrap();
        let mut disk = Disk::of(&before);
        for call in calls {
            // The root's inode is not known above, so 0 stands for it.
            let inode = if call.inode == 0 { disk.root } else { call.inode };
            disk.follow(&Logged { inode, ..*call });
        }
        disk.cut(Leaves::NOTHING, &mut Random::new(1), &after);
        fs::read(after.join("a")).ok()
    }

    #[test]
    fn the_model_of_the_disk_loses_what_was_not_synced() {
        let create = || logged(Did::Create, 7, 0, "/a");
        let write = |offset| logged(Did::Write, 7, offset, "");
        let begin = |inode, name| logged(Did::SyncBegins, inode, name, "");
        let end = |inode, name| logged(Did::SyncEnds, inode, name, "");
        let failed = |name| Logged { worked: false, ..end(7, name) };
        let after_its_name = |rest: Vec<Logged<'static>>| {
            let mut calls = vec![create(), begin(0, 100), end(0, 100)];
            calls.extend(rest);
            left(&calls)
        };
        assert_eq!(left(&[create(), write(0), begin(7, 1), end(7, 1)]), None, "no name");
        for (calls, expected) in [
            (vec![write(0)], ""),
            (vec![write(0), begin(7, 1)], ""),
            (vec![write(0), begin(7, 1), end(7, 1)], "x"),
            (vec![begin(7, 1), write(0), end(7, 1)], ""),
            (vec![write(0), begin(7, 1), end(7, 1), write(1)], "x"),
            (vec![write(0), begin(7, 1), failed(1)], ""),
            // The length is known again, but the page is clean for the system and stays lost.
            (vec![write(0), begin(7, 1), failed(1), begin(7, 2), end(7, 2)], "\0"),
            (vec![write(0), begin(7, 1), failed(1), write(1), begin(7, 2), end(7, 2)], "xx"),
        ] {
            let said = format!("{calls:?}");
            assert_eq!(after_its_name(calls), Some(expected.as_bytes().to_vec()), "{said}");
        }
    }
}
