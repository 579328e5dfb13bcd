//! Up to where the journal was acknowledged: what opening it must find, however the process ended.
//!
//! Written after each group without a sync. So it outlives the process, and after a power cut it says too little or nothing, but
//! never too much: the journal was synced before.

use crate::store::fault::Fault;

use std::fs;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::path::PathBuf;

const NAME: &str = "acknowledged";

/// The file that says so.
#[derive(Debug)]
pub(super) struct Acknowledged {
    path: PathBuf,
    file: File,
}

impl Acknowledged {
    /// The highest sequence known to have been acknowledged; 0 where nothing is known.
    pub(super) fn read(directory: &Path) -> u64 {
        let bytes = fs::read(directory.join(NAME)).unwrap_or_default();
        let Some((sequence, rest)) = bytes.split_first_chunk::<8>() else { return 0 };
        let is_whole = rest == crc32fast::hash(sequence).to_le_bytes();
        if is_whole { u64::from_le_bytes(*sequence) } else { 0 }
    }

    /// Opens the file, or makes one, and writes how far the journal goes.
    pub(super) fn open(directory: &Path, sequence: u64) -> Result<Acknowledged, Fault> {
        let path = directory.join(NAME);
        let opened = File::options().write(true).create(true).truncate(false).open(&path);
        let file = opened.map_err(|source| Fault::File { path: path.clone(), source })?;
        let acknowledged = Acknowledged { path, file };
        acknowledged.note(sequence);
        Ok(acknowledged)
    }

    /// Notes that everything up to here is acknowledged. Where that fails less is known, which is no reason to stop.
    pub(super) fn note(&self, sequence: u64) {
        let mut bytes = [0; 12];
        let (number, sum) = bytes.split_at_mut(8);
        number.copy_from_slice(&sequence.to_le_bytes());
        sum.copy_from_slice(&crc32fast::hash(number).to_le_bytes());
        if let Err(error) = self.file.write_all_at(&bytes, 0) {
            tracing::warn!(%error, path = %self.path.display(), "not noted how far the journal goes");
        }
    }
}
