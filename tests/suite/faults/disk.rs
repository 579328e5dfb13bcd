//! A model of a disk: what is on it after a power cut, from the log of all calls.
//!
//! Contents of a file are on it as of its last sync, names of a directory as of the directory's. What came later may be there too,
//! page by page and name by name, in any order. A page whose sync failed is as good as gone: the system calls it clean.

mod node;
#[cfg(test)]
mod tests;

use super::random::Random;
use super::shim;
use super::shim::Did;
use super::shim::Logged;
use node::Change;
use node::Content;
use node::Directory;
use node::Node;
use node::size;
use node::whole_page;

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

/// A disk.
#[derive(Debug)]
pub(super) struct Disk {
    nodes: BTreeMap<u64, Node>,
    /// The node of each inode: a number may be given to another file while the disk still has the old name of a removed one.
    alive: BTreeMap<u64, u64>,
    root: u64,
    calls: usize,
}

impl Disk {
    /// As it lies there, all of it on the disk.
    pub(super) fn of(directory: &Path) -> Disk {
        let root = fs::metadata(directory).unwrap().ino();
        let (nodes, alive) = (BTreeMap::new(), BTreeMap::new());
        let mut disk = Disk { nodes, alive, root, calls: 0 };
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
        self.alive.insert(metadata.ino(), metadata.ino());
        metadata.ino()
    }

    /// Follows a call.
    pub(super) fn follow(&mut self, logged: &Logged<'_>) {
        self.calls += 1;
        match logged.did {
            Did::Create => self.make(logged, None),
            Did::MakeDirectory => self.make(logged, Some(Directory::default())),
            Did::Write => self.write(self.alive[&logged.inode], logged.offset, logged.data),
            Did::Truncate => self.truncate(self.alive[&logged.inode], logged.offset),
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
                self.node(self.alive[&logged.inode]).syncs.insert(logged.offset, calls);
            }
            Did::SyncEnds => {
                let begun =
                    self.node(self.alive[&logged.inode]).syncs.remove(&logged.offset).unwrap();
                self.node(self.alive[&logged.inode]).synced(begun, logged.worked);
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
        // No inode has such a number.
        let node = u64::MAX - size_of_map(&self.nodes);
        self.nodes.insert(node, Node { directory, ..Node::default() });
        self.alive.insert(logged.inode, node);
        let (parent, name) = self.place(logged.path);
        self.change(parent, Change::Put(name, node));
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

fn size_of_map(nodes: &BTreeMap<u64, Node>) -> u64 {
    u64::try_from(nodes.len()).unwrap()
}
