//! A journal whose contents are sealed: the same promises, and nothing of them to be read without the key.

use super::tests::SMALL;
use super::*;
use crate::store::journal::error::Damage;
use crate::store::journal::segment::list;
use crate::store::journal::walk::walk;
use crate::store::reseal::Resealed;
use crate::store::seal::Cipher;
use crate::store::seal::new_key;

use std::fs;
use tempfile::TempDir;

const CONTENTS: [&str; 6] = ["王小明 510402", "b", "李四 450103", "d", "e", "赵六 130203"];

fn key() -> String {
    new_key(Cipher::Aes256Gcm).unwrap()
}

fn seal(keys: &[&str]) -> Seal {
    if keys.is_empty() { Seal::NONE } else { Seal::parse(&keys.join("\n")).unwrap() }
}

fn open(directory: &Path, seal: &Seal) -> Result<Journal, JournalError> {
    Journal::open(directory, Options { seal: seal.clone(), ..SMALL }, 0).map(|(journal, _)| journal)
}

/// Appends these contents, one a group.
fn append(directory: &Path, seal: &Seal, contents: &[&str]) {
    let mut journal = open(directory, seal).unwrap();
    for content in contents {
        let one = journal.append(&[content.as_bytes().to_vec()]).unwrap();
        let record = journal.reader().read(one[0].position).unwrap();
        assert_eq!(record.content, content.as_bytes());
        assert_eq!(journal.reader().content(one[0].position).unwrap(), content.as_bytes());
    }
}

/// All contents and digests.
fn read(directory: &Path, seal: &Seal) -> Result<Vec<(String, Digest)>, JournalError> {
    let record =
        |record: record::Record| (String::from_utf8(record.content).unwrap(), record.digest);
    walk(directory, seal, 0)?.map(|item| item.map(|(one, _)| record(one))).collect()
}

/// Whether a text stands in any file of a directory.
fn stands_in_the_clear(directory: &Path, text: &str) -> bool {
    let mut files = fs::read_dir(directory).unwrap();
    files.any(|file| {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    })
}

#[test]
fn what_is_sealed_is_read_with_its_key_and_digests_are_the_same() {
    let (plain, sealed) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let seal = seal(&[&key()]);
    append(plain.path(), &Seal::NONE, &CONTENTS);
    append(sealed.path(), &seal, &CONTENTS);
    let read = read(sealed.path(), &seal).unwrap();
    assert_eq!(read, self::read(plain.path(), &Seal::NONE).unwrap());
    assert!(list(sealed.path()).unwrap().len() > 1, "more than one segment");
    assert!(stands_in_the_clear(plain.path(), "王小明"));
    assert!(!stands_in_the_clear(sealed.path(), "王小明"));
    let again = open(sealed.path(), &seal).unwrap().head();
    assert_eq!((again.sequence, again.digest), (6, read[5].1));
}

#[test]
fn without_its_key_nothing_is_read_or_written() {
    let directory = TempDir::new().unwrap();
    let key = key();
    append(directory.path(), &seal(&[&key]), &CONTENTS);
    for other in [Seal::NONE, seal(&[&self::key()])] {
        let error = open(directory.path(), &other).unwrap_err();
        assert!(matches!(error, JournalError::NoKey { .. }), "{error}");
        let error = read(directory.path(), &other).unwrap_err();
        let name = seal(&[&key]).name();
        assert!(
            matches!(error, JournalError::NoKey { name: found, .. } if found == name),
            "{error}"
        );
    }
    assert_eq!(read(directory.path(), &seal(&[&key])).unwrap().len(), 6);
}

#[test]
fn a_journal_from_before_goes_on_sealed_and_a_new_key_takes_over() {
    let directory = TempDir::new().unwrap();
    let (first, second) = (key(), key());
    append(directory.path(), &Seal::NONE, &CONTENTS[..2]);
    append(directory.path(), &seal(&[&first]), &CONTENTS[2..4]);
    append(directory.path(), &seal(&[&second, &first]), &CONTENTS[4..]);
    let all = read(directory.path(), &seal(&[&second, &first])).unwrap();
    assert_eq!(all.iter().map(|(content, _)| content.as_str()).collect::<Vec<_>>(), CONTENTS);
    assert!(stands_in_the_clear(directory.path(), "王小明"));
    assert!(!stands_in_the_clear(directory.path(), "李四"));
    assert!(read(directory.path(), &seal(&[&second])).is_err());
}

#[test]
fn an_empty_journal_from_before_becomes_a_sealed_one() {
    let directory = TempDir::new().unwrap();
    open(directory.path(), &Seal::NONE).unwrap();
    let seal = seal(&[&key()]);
    append(directory.path(), &seal, &CONTENTS);
    assert!(!stands_in_the_clear(directory.path(), "王小明"));
    assert_eq!(list(directory.path()).unwrap()[0], 1);
    assert_eq!(read(directory.path(), &seal).unwrap().len(), 6);
}

#[test]
fn resealing_leaves_everything_under_the_first_key_and_digests_as_they_were() {
    let directory = TempDir::new().unwrap();
    let (first, second) = (key(), key());
    append(directory.path(), &Seal::NONE, &CONTENTS[..2]);
    append(directory.path(), &seal(&[&first]), &CONTENTS[2..]);
    let before = read(directory.path(), &seal(&[&first])).unwrap();
    let both = seal(&[&second, &first]);
    let mut done = Resealed::default();
    let mut told = 0;
    open(directory.path(), &both).unwrap().reseal(&mut done, &mut || told += 1).unwrap();
    assert_eq!((done.records, told), (6, 6));
    assert_eq!(read(directory.path(), &seal(&[&second])).unwrap(), before);
    assert!(
        CONTENTS
            .iter()
            .filter(|one| one.len() > 1)
            .all(|one| !stands_in_the_clear(directory.path(), one))
    );
    let mut done = Resealed::default();
    open(directory.path(), &both).unwrap().reseal(&mut done, &mut || ()).unwrap();
    assert_eq!(done, Resealed::default(), "a second time there is nothing to do");
    append(directory.path(), &seal(&[&second]), &["f"]);
}

#[test]
fn a_content_that_was_changed_with_its_checksum_is_still_found() {
    let directory = TempDir::new().unwrap();
    let seal = seal(&[&key()]);
    append(directory.path(), &seal, &CONTENTS[..1]);
    let path = path_of(directory.path(), 1);
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    // The checksum is over length, sequence, group, digest and content.
    let frame = 64;
    let mut hash = crc32fast::Hasher::new();
    hash.update(&bytes[frame..frame + 4]);
    hash.update(&bytes[frame + 8..]);
    bytes[frame + 4..frame + 8].copy_from_slice(&hash.finalize().to_le_bytes());
    fs::write(&path, bytes).unwrap();
    let error = read(directory.path(), &seal).unwrap_err();
    assert!(matches!(error, JournalError::Damaged { damage: Damage::Unsealed, .. }), "{error}");
    let error = open(directory.path(), &seal).unwrap_err();
    assert!(matches!(error, JournalError::Damaged { damage: Damage::Unsealed, .. }), "{error}");
}
