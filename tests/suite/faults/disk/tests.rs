//! The model of the disk by itself.

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
