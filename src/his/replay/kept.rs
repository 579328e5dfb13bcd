//! Used signatures on the disk, so that a restart forgets none. Two files: when the newer has been written to for so long that
//! nothing in the older one can still be taken, it takes its place.
//!
//! What is appended is with the system at once, and with the disk when the system likes: the end of the process loses nothing, a
//! power cut the last seconds. Where nothing can be written, signatures are in memory alone, and the log says so.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

/// The folder in a data directory.
const FOLDER: &str = "signatures";
const NEWER: &str = "newer";
const OLDER: &str = "older";
/// A name, when it was used first, and until when it has to be known.
const RECORD_BYTES: usize = 32 + 8 + 8;

/// A signature that was used. Times in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Once {
    pub(super) name: [u8; 32],
    pub(super) first: i64,
    pub(super) until: i64,
}

impl Once {
    fn bytes(&self) -> [u8; RECORD_BYTES] {
        let mut bytes = [0; RECORD_BYTES];
        bytes[..32].copy_from_slice(&self.name);
        bytes[32..40].copy_from_slice(&self.first.to_le_bytes());
        bytes[40..].copy_from_slice(&self.until.to_le_bytes());
        bytes
    }

    fn read(bytes: &[u8]) -> Option<Once> {
        let (name, times) = bytes.split_first_chunk()?;
        let (first, until) = times.split_first_chunk()?;
        let (until, _) = until.split_first_chunk()?;
        let (first, until) = (i64::from_le_bytes(*first), i64::from_le_bytes(*until));
        Some(Once { name: *name, first, until })
    }
}

/// The files of a data directory.
#[derive(Debug)]
pub(super) struct Kept {
    folder: PathBuf,
    newer: Option<File>,
    /// When the newer file was begun.
    begun: i64,
    /// For how long a signature can be taken at most. Unit: milliseconds.
    lives: i64,
}

impl Kept {
    /// Opens the files of a data directory, with all that they hold, oldest first.
    pub(super) fn open(data: &Path, lives: i64, now: i64) -> (Kept, Vec<Once>) {
        let folder = data.join(FOLDER);
        let (older, newer) = (read(&folder.join(OLDER)), read(&folder.join(NEWER)));
        let begun = newer.first().map_or(now, |once| once.first);
        let kept = Kept { newer: None, folder, begun, lives };
        (kept, [older, newer].concat())
    }

    /// Adds one.
    pub(super) fn add(&mut self, once: &Once) {
        if let Err(error) = self.append(once) {
            self.newer = None;
            tracing::error!(%error, "used signatures cannot be kept: a restart would forget them");
        }
    }

    fn append(&mut self, once: &Once) -> io::Result<()> {
        if self.lives < once.first - self.begun {
            self.newer = None;
            self.begun = once.first;
            match fs::rename(self.folder.join(NEWER), self.folder.join(OLDER)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        let newer = match &mut self.newer {
            Some(newer) => newer,
            None => self.newer.insert(file(&self.folder)?),
        };
        newer.write_all(&once.bytes())
    }
}

/// The newer file, at the end of its last whole record: what a crash cut off would shift all that follow.
fn file(folder: &Path) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let mut options = OpenOptions::new();
    let file = options.create(true).append(true).open(folder.join(NEWER))?;
    let length = file.metadata()?.len();
    let record = u64::try_from(RECORD_BYTES).unwrap_or(u64::MAX);
    file.set_len(length - length % record)?;
    Ok(file)
}

fn read(path: &Path) -> Vec<Once> {
    let bytes = fs::read(path).unwrap_or_else(|error| {
        if error.kind() != io::ErrorKind::NotFound {
            tracing::error!(%error, "used signatures cannot be read: they are forgotten");
        }
        Vec::new()
    });
    bytes.chunks_exact(RECORD_BYTES).filter_map(Once::read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn once(name: u8, first: i64) -> Once {
        Once { name: [name; 32], first, until: first + 10 }
    }

    #[test]
    fn what_was_added_is_there_after_a_restart_and_what_is_over_goes_in_time() {
        let home = tempfile::tempdir().unwrap();
        let (mut kept, held) = Kept::open(home.path(), 100, 0);
        assert_eq!(held, []);
        kept.add(&once(1, 0));
        kept.add(&once(2, 100));
        let (mut kept, held) = Kept::open(home.path(), 100, 100);
        assert_eq!(held, [once(1, 0), once(2, 100)]);
        kept.add(&once(3, 101));
        kept.add(&once(4, 201));
        let (mut kept, held) = Kept::open(home.path(), 100, 201);
        assert_eq!(held, [once(1, 0), once(2, 100), once(3, 101), once(4, 201)]);
        kept.add(&once(5, 202));
        let (_, held) = Kept::open(home.path(), 100, 202);
        assert_eq!(held, [once(3, 101), once(4, 201), once(5, 202)]);
    }

    #[test]
    fn a_record_that_was_cut_off_costs_itself_alone() {
        let home = tempfile::tempdir().unwrap();
        let (mut kept, _) = Kept::open(home.path(), 100, 0);
        kept.add(&once(1, 0));
        kept.add(&once(2, 1));
        let path = home.path().join(FOLDER).join(NEWER);
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..RECORD_BYTES + 7]).unwrap();
        let (mut kept, held) = Kept::open(home.path(), 100, 2);
        assert_eq!(held, [once(1, 0)]);
        kept.add(&once(3, 2));
        assert_eq!(Kept::open(home.path(), 100, 2).1, [once(1, 0), once(3, 2)]);
    }

    #[test]
    fn where_nothing_can_be_written_nothing_fails() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(FOLDER), "in the way").unwrap();
        let (mut kept, held) = Kept::open(home.path(), 100, 0);
        assert_eq!(held, []);
        kept.add(&once(1, 0));
        fs::remove_file(home.path().join(FOLDER)).unwrap();
        kept.add(&once(2, 1));
        assert_eq!(Kept::open(home.path(), 100, 1).1, [once(2, 1)]);
    }
}
