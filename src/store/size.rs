//! How much disk the store takes, and how much is left.

use std::fs;
use std::io;
use std::path::Path;

/// Sizes on disk. Unit: bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// The journal.
    pub journal: u64,
    /// The index, but for what of it is in memory.
    pub index: u64,
    /// The cache.
    pub cache: u64,
    /// What is free for this process on the store's disk; none where the system does not say.
    pub free: Option<u64>,
}

/// Measures the store in a directory. Files may come and go meanwhile.
pub(super) fn measure(directory: &Path) -> Size {
    let free = rustix::fs::statvfs(directory).ok();
    Size {
        journal: under(&directory.join("journal")).unwrap_or(0),
        index: under(&directory.join("index")).unwrap_or(0),
        cache: under(&directory.join("cache")).unwrap_or(0),
        free: free.map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
    }
}

fn under(directory: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        // One that has gone since counts nothing.
        let Ok(metadata) = entry.metadata() else { continue };
        bytes += match metadata.is_dir() {
            true => under(&entry.path()).unwrap_or(0),
            false => metadata.len(),
        };
    }
    Ok(bytes)
}
