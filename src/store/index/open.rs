//! Opening an index: its secret, its runs, and what belongs to nothing.

use crate::store::durable::create_directory;
use crate::store::durable::sync_directory;
use crate::store::index::Unopened;
use crate::store::index::error::IndexError;
use crate::store::index::keys::Keys;
use crate::store::index::keys::SECRET_BYTES;
use crate::store::index::layout::name;
use crate::store::index::layout::range_of;
use crate::store::index::run::Run;
use crate::store::seal::Seal;

use std::fs;
use std::fs::File;
use std::io;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Runs are read wholly at opening, unless they are longer together: then blocks are checked only as they are read. Unit: bytes.
const CHECKED_AT_OPENING_MAX: u64 = 256 << 20;

const SECRET: &str = "secret";

/// Reads the secret and the runs in a directory, or begins anew; files that belong to nothing are removed.
pub(super) fn open(directory: &Path, seal: &Seal) -> Result<(Keys, Vec<Arc<Run>>), Unopened> {
    let io = |verb| IndexError::io(directory, verb);
    create_directory(directory).map_err(io("created"))?;
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(io("read"))? {
        let name = entry.map_err(io("read"))?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    let secret = read_secret(directory)?;
    let mut ranges: Vec<(u64, u64)> = names.iter().filter_map(|name| range_of(name)).collect();
    if secret.is_none() && !ranges.is_empty() {
        return Err(Unopened::Unusable("its secret is missing or damaged".to_owned()));
    }
    // Of runs that begin together the longest was made of the others.
    ranges.sort_unstable_by_key(|(first, last)| (*first, std::cmp::Reverse(*last)));
    let mut used = Vec::new();
    let mut next = 1;
    for (first, last) in ranges {
        if first == next {
            used.push(name(first, last));
            next = last.saturating_add(1);
        }
    }
    for name in names.iter().filter(|name| *name != SECRET && !used.contains(name)) {
        remove(&directory.join(name)).map_err(io("cleared"))?;
    }
    let secret = match secret {
        Some(secret) => secret,
        None => begin_secret(directory).map_err(io("given a secret"))?,
    };
    // Without the store's key the secret in the file tells nothing of what is hashed.
    let keys = Keys::new(&seal.derived(secret));
    let mut runs = Vec::new();
    let mut bytes = 0_u64;
    for name in used {
        let path = directory.join(name);
        let run = Run::open(&path, keys.fingerprint())?;
        let is_next = runs.last().is_none_or(|before: &Arc<Run>| {
            before.head().sequence.checked_add(1) == Some(run.first())
        });
        if !is_next {
            return Err(IndexError::damaged(&path, "its name").into());
        }
        bytes = bytes.saturating_add(fs::metadata(&path).map_err(io("read"))?.len());
        runs.push(Arc::new(run));
    }
    if bytes <= CHECKED_AT_OPENING_MAX {
        runs.iter().try_for_each(|run| run.check())?;
    }
    Ok((keys, runs))
}

fn remove(path: &Path) -> io::Result<()> {
    if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }
}

/// The secret of an index, if it is there and whole.
fn read_secret(directory: &Path) -> Result<Option<[u8; SECRET_BYTES]>, IndexError> {
    let path = directory.join(SECRET);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(IndexError::io(&path, "read")(error)),
    };
    let Some((secret, sum)) = bytes.split_first_chunk::<SECRET_BYTES>() else { return Ok(None) };
    Ok((sum == crc32fast::hash(secret).to_le_bytes()).then_some(*secret))
}

fn begin_secret(directory: &Path) -> io::Result<[u8; SECRET_BYTES]> {
    let mut secret = [0; SECRET_BYTES];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    let new = directory.join(format!("{SECRET}.new"));
    let mut file = File::create(&new)?;
    file.write_all(&secret)?;
    file.write_all(&crc32fast::hash(&secret).to_le_bytes())?;
    file.sync_all()?;
    fs::rename(&new, directory.join(SECRET))?;
    sync_directory(directory)?;
    Ok(secret)
}
