//! The preload library: built, handed to a server, its log read and its control file written.

use super::say;
use super::server::Environment;
use super::server::Home;

use std::fs;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// Kinds of calls that can fail.
pub(super) const WRITE: u64 = 1;
pub(super) const SYNC: u64 = 2;
pub(super) const OPEN: u64 = 4;
pub(super) const RENAME: u64 = 8;
pub(super) const TRUNCATE: u64 = 16;
pub(super) const MKDIR: u64 = 32;
pub(super) const UNLINK: u64 = 64;
pub(super) const RANGE: u64 = 128;

/// Where.
pub(super) const IN_JOURNAL: u64 = 1;
pub(super) const IN_INDEX: u64 = 2;
pub(super) const BESIDE: u64 = 4;

pub(super) const EIO: u64 = 5;
pub(super) const ENOSPC: u64 = 28;
pub(super) const EDQUOT: u64 = 122;

/// The library, or nothing where there is no C compiler; then it is said, and under CI it is a failure.
pub(super) fn library() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    LIBRARY.get_or_init(build).as_deref()
}

fn build() -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/faults/shim.c");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let library = target.join(format!("faults-shim-{}.so", std::process::id()));
    let compiler = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
        .args([&library, &source])
        .arg("-lpthread")
        .output();
    match compiler {
        Ok(output) if output.status.success() => Some(library),
        Ok(output) => panic!("cc: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            let why = format!(
                "SKIPPED: power cuts and failing calls need a C compiler, and `cc` cannot be run \
                 ({error}); install one (Debian: apt-get install gcc libc6-dev)"
            );
            assert!(std::env::var_os("CI").is_none(), "{why}");
            say(&why);
            None
        }
    }
}

/// One run of a server under the library.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) log: PathBuf,
    control: File,
    root: PathBuf,
    orders: PathBuf,
}

/// Which calls fail: from the `first` of these kinds in these places to the `last`, counted from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failing {
    pub(super) kinds: u64,
    pub(super) places: u64,
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) errno: u64,
    /// Writes do half of what they should instead of failing.
    pub(super) short: bool,
}

impl Watch {
    /// Watches what happens to a disk from now on; `name` tells logs of one home apart.
    pub(super) fn new(home: &Home, name: &str) -> Watch {
        let (log, orders) = (home.beside(&format!("log-{name}")), home.beside("orders"));
        fs::write(&orders, [0; 64]).unwrap();
        fs::write(&log, []).unwrap();
        let control = File::options().read(true).write(true).open(&orders).unwrap();
        Watch { log, control, root: home.disk(), orders }
    }

    pub(super) fn environment(&self) -> Environment {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let library = library().unwrap();
        [
            ("LD_PRELOAD", text(library)),
            ("FAULTS_SHIM_ROOT", text(&self.root)),
            ("FAULTS_SHIM_LOG", text(&self.log)),
            ("FAULTS_SHIM_CONTROL", text(&self.orders)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// Lets calls fail, and counts from now on.
    pub(super) fn fail(&self, failing: Failing) {
        let Failing { kinds, places, first, last, errno, short } = failing;
        self.write(0, 0);
        for (word, value) in
            [(1, places), (2, first), (3, last), (4, errno), (5, u64::from(short)), (6, 0), (7, 0)]
        {
            self.write(word, value);
        }
        self.write(0, kinds);
    }

    /// Lets nothing fail any more.
    pub(super) fn mend(&self) {
        self.write(0, 0);
    }

    /// How many calls there were that could have failed.
    pub(super) fn calls(&self) -> u64 {
        self.read(6)
    }

    /// How many of them failed.
    pub(super) fn hits(&self) -> u64 {
        self.read(7)
    }

    fn write(&self, word: u64, value: u64) {
        self.control.write_all_at(&value.to_le_bytes(), word * 8).unwrap();
    }

    fn read(&self, word: u64) -> u64 {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, word * 8).unwrap();
        u64::from_le_bytes(bytes)
    }
}

/// What a call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Did {
    Create,
    Write,
    Truncate,
    Rename,
    Unlink,
    MakeDirectory,
    SyncBegins,
    SyncEnds,
}

/// A record of the log.
#[derive(Debug)]
pub(super) struct Logged<'l> {
    pub(super) did: Did,
    pub(super) worked: bool,
    pub(super) inode: u64,
    /// Where; of a sync its name.
    pub(super) offset: u64,
    pub(super) path: &'l str,
    pub(super) second: &'l str,
    pub(super) data: &'l [u8],
    /// Where the record ends in the log.
    pub(super) end: u64,
}

/// Reads a log. A record that the server did not finish before it was killed is left out.
pub(super) fn read(log: &[u8]) -> Vec<Logged<'_>> {
    let mut records = Vec::new();
    let mut rest = log;
    while let Some((record, after)) = read_one(rest) {
        let end = u64::try_from(log.len() - after.len()).unwrap();
        records.push(Logged { end, ..record });
        rest = after;
    }
    records
}

fn read_one(bytes: &[u8]) -> Option<(Logged<'_>, &[u8])> {
    let (header, rest) = bytes.split_at_checked(40)?;
    let short =
        |at: usize| u32::from_le_bytes(*header.get(at..).unwrap().first_chunk::<4>().unwrap());
    let long =
        |at: usize| u64::from_le_bytes(*header.get(at..).unwrap().first_chunk::<8>().unwrap());
    let (path, rest) = rest.split_at_checked(usize::try_from(short(32)).unwrap())?;
    let (second, rest) = rest.split_at_checked(usize::try_from(short(36)).unwrap())?;
    let (data, rest) = rest.split_at_checked(usize::try_from(long(24)).unwrap())?;
    let path = std::str::from_utf8(path).unwrap();
    let did = match short(0) {
        1 => Did::Create,
        2 => Did::Write,
        3 => Did::Truncate,
        4 => Did::Rename,
        5 => Did::Unlink,
        6 => Did::MakeDirectory,
        7 => Did::SyncBegins,
        8 => Did::SyncEnds,
        9 => panic!("the model of the disk does not know `{path}`"),
        other => panic!("record of kind {other}"),
    };
    let second = std::str::from_utf8(second).unwrap();
    let worked = short(4) == 0;
    let (inode, offset) = (long(8), long(16));
    Some((Logged { did, worked, inode, offset, path, second, data, end: 0 }, rest))
}
