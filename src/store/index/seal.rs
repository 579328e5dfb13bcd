//! What the files of a closed index hold, as one checksum: an index is believed only where every byte is as it was left.
//!
//! sled has checksums of its own, but what they miss, a page that is whole and older than its neighbours, would be answered as
//! what stands. A CRC-32 tells every changed byte, and every change of up to 32 bits in a row.

use std::fmt;
use std::fs;
use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

const READ_BYTES: usize = 1 << 20;

/// A checksum over names, lengths and contents of all files of an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Seal(u32);

impl Seal {
    /// Of the files as they are now.
    pub(in crate::store) fn of(directory: &Path) -> io::Result<Seal> {
        let mut files = Vec::new();
        list(directory, &mut files)?;
        files.sort();
        let mut sum = crc32fast::Hasher::new();
        let mut buffer = vec![0; READ_BYTES];
        for path in files {
            let name = path.strip_prefix(directory).unwrap_or(&path);
            sum.update(name.as_os_str().as_encoded_bytes());
            let mut file = File::open(&path)?;
            sum.update(&file.metadata()?.len().to_le_bytes());
            loop {
                let read = file.read(&mut buffer)?;
                if read == 0 {
                    break;
                }
                sum.update(buffer.split_at(read).0);
            }
        }
        Ok(Seal(sum.finalize()))
    }

    /// Reads what `Display` writes.
    pub(in crate::store) fn parse(text: &str) -> Option<Seal> {
        let is_whole = text.len() == 8 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        u32::from_str_radix(text, 16).ok().filter(|_| is_whole).map(Seal)
    }
}

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

fn list(directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            list(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
