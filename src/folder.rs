//! Register folders and pack folders on disk: finds and reads their files, and leaves the meaning to `table` and `rules`.

mod files;

use crate::folder::files::bytes;
use crate::folder::files::entries;
use crate::folder::files::shown;
use crate::folder::files::text;
use crate::folder::files::toml_files;
use crate::id::FacilityId;
use crate::id::PersonId;
use crate::refusal::Lang;
use crate::refusal::Refusal;
use crate::register::Catalogue;
use crate::register::Facility;
use crate::register::Person;
use crate::rules::PackFile;
use crate::table;
use crate::table::Complaint;
use crate::table::Complaints;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::path::PathBuf;

/// Most bytes of a pack or case file: 1 MiB.
pub const PACK_BYTES_MAX: u64 = 1 << 20;

/// Most bytes of a register table: 1 GiB.
pub const TABLE_BYTES_MAX: u64 = 1 << 30;

/// Most files and folders in one folder.
pub const ENTRIES_MAX: usize = 10_000;

/// The tables of a register folder (登记库文件夹).
const TABLES: [&str; 3] = ["persons.csv", "facilities.csv", "catalogue.csv"];

/// The registers of persons, facilities and items, as a register folder holds them (登记库).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registers {
    /// From `persons.csv`.
    pub persons: BTreeMap<PersonId, Person>,
    /// From `facilities.csv`.
    pub facilities: BTreeMap<FacilityId, Facility>,
    /// From `catalogue.csv`.
    pub catalogue: Catalogue,
}

/// A table that cannot be read, and all that is wrong with it.
#[derive(Debug)]
pub struct BadTable {
    /// The file.
    pub path: PathBuf,
    /// Its bad rows.
    pub complaints: Complaints,
}

/// Why a folder cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// There is no such folder, or it is a file.
    #[error("there is no folder `{}`", .folder.display())]
    NoFolder {
        /// What was looked for.
        folder: PathBuf,
    },
    /// A file or folder that is there cannot be read.
    #[error("`{}` cannot be read; check that this user may read it", .path.display())]
    Unreadable {
        /// It.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is larger than any real one.
    #[error("`{}` is larger than {bytes_max} bytes; split it", .path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most it may have.
        bytes_max: u64,
    },
    /// A folder has more in it than any real one.
    #[error("`{}` has more than {ENTRIES_MAX} entries; name the right folder", .folder.display())]
    TooMany {
        /// The folder.
        folder: PathBuf,
    },
    /// A pack or case file is not UTF-8.
    #[error("`{}` is not UTF-8; save it as UTF-8", .path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// A folder of packs has none.
    #[error(
        "`{}` has no rule packs; expected one folder per pack with one file per effective day, such \
         as `510400-resident/2018-01-01.toml`", .folder.display()
    )]
    NoPacks {
        /// The folder.
        folder: PathBuf,
    },
    /// A register folder has none of the three tables.
    #[error(
        "`{}` has no register tables; expected `persons.csv`, `facilities.csv`, `catalogue.csv`",
        .folder.display()
    )]
    NoTables {
        /// The folder.
        folder: PathBuf,
    },
    /// Tables have bad rows.
    #[error("{}", tables_text(.tables, Lang::En))]
    BadTables {
        /// Each table that has some.
        tables: Vec<BadTable>,
    },
}

impl FolderError {
    /// What is wrong and what to do.
    pub fn sentence(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.to_string(),
            Lang::Zh => self.chinese(),
        }
    }

    fn chinese(&self) -> String {
        match self {
            FolderError::NoFolder { folder } => format!("没有文件夹 {}", folder.display()),
            FolderError::Unreadable { path, .. } => {
                format!("无法读取 {};请检查读取权限", path.display())
            }
            FolderError::TooLarge { path, bytes_max } => {
                format!("{} 超过 {bytes_max} 字节;请拆分", path.display())
            }
            FolderError::TooMany { folder } => {
                format!("{} 内超过 {ENTRIES_MAX} 项;请核对文件夹", folder.display())
            }
            FolderError::NotUtf8 { path } => {
                format!("{} 不是 UTF-8 编码;请另存为 UTF-8", path.display())
            }
            FolderError::NoPacks { folder } => format!(
                "{} 内没有规则包;应为每个规则包一个文件夹,每个生效日一个文件,\
                 如 510400-resident/2018-01-01.toml",
                folder.display()
            ),
            FolderError::NoTables { folder } => format!(
                "{} 内没有登记表;应有 persons.csv、facilities.csv、catalogue.csv",
                folder.display()
            ),
            FolderError::BadTables { tables } => tables_text(tables, Lang::Zh),
        }
    }
}

/// One bad row a line, under the name of its table.
fn tables_text(tables: &[BadTable], lang: Lang) -> String {
    let text =
        |table: &BadTable| format!("{}:\n{}", table.path.display(), table.complaints.text(lang));
    tables.iter().map(text).collect::<Vec<_>>().join("\n")
}

/// Reads a register folder; a table that is not there is empty, but one of the three must be.
///
/// Errors: the bad rows of all three tables at once.
pub fn registers(folder: &Path) -> Result<Registers, FolderError> {
    if !folder.is_dir() {
        return Err(FolderError::NoFolder { folder: folder.to_owned() });
    }
    let mut bad = Vec::new();
    let [persons, facilities, catalogue] = TABLES.map(|name| table_bytes(&folder.join(name)));
    let (persons, facilities, catalogue) = (persons?, facilities?, catalogue?);
    if persons.is_none() && facilities.is_none() && catalogue.is_none() {
        return Err(FolderError::NoTables { folder: folder.to_owned() });
    }
    let persons = rows(folder, TABLES[0], persons, table::persons, &mut bad);
    let facilities = rows(folder, TABLES[1], facilities, table::facilities, &mut bad);
    let items = rows(folder, TABLES[2], catalogue, table::catalogue, &mut bad);
    let mut registers = Registers::default();
    registers.persons.extend(persons.into_iter().map(|person| (person.id.clone(), person)));
    registers.facilities.extend(facilities.into_iter().map(|one| (one.id.clone(), one)));
    for item in items {
        if let Err(refusal) = registers.catalogue.put(item) {
            bad.push(refused(folder.join(TABLES[2]), &refusal));
        }
    }
    if bad.is_empty() { Ok(registers) } else { Err(FolderError::BadTables { tables: bad }) }
}

/// The rows of a table; none where it is not there or bad, and then it is put on the list of the bad ones.
fn rows<T>(
    folder: &Path,
    name: &str,
    bytes: Option<Vec<u8>>,
    read: impl Fn(&[u8]) -> Result<Vec<T>, Complaints>,
    bad: &mut Vec<BadTable>,
) -> Vec<T> {
    let Some(bytes) = bytes else { return Vec::new() };
    read(&bytes).unwrap_or_else(|complaints| {
        bad.push(BadTable { path: folder.join(name), complaints });
        Vec::new()
    })
}

/// A table whose rows are good one by one, but which the register refuses.
fn refused(path: PathBuf, refusal: &Refusal) -> BadTable {
    let english = refusal.sentence(Lang::En);
    let chinese = refusal.sentence(Lang::Zh);
    let complaint = Complaint { row: 0, column: String::new(), english, chinese };
    BadTable { path, complaints: Complaints { shown: vec![complaint], count: 1 } }
}

fn table_bytes(path: &Path) -> Result<Option<Vec<u8>>, FolderError> {
    match bytes(path, TABLE_BYTES_MAX) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(FolderError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Reads the pack files `<directory>/<pack id>/*.toml` (规则包), in the order of their paths.
///
/// Errors: also a folder without a single pack.
pub fn pack_files(directory: &Path) -> Result<Vec<PackFile>, FolderError> {
    let mut files = Vec::new();
    for folder in packs(directory)? {
        for path in toml_files(&folder)? {
            files.push(PackFile { path: shown(&path), text: text(&path)? });
        }
    }
    if files.is_empty() {
        return Err(FolderError::NoPacks { folder: directory.to_owned() });
    }
    Ok(files)
}

/// Reads the worked cases `<directory>/<pack id>/cases/*.toml` (案例) as pack id, path and text, in the order of their paths.
///
/// Errors: also a folder without a single pack; a pack without cases is none.
pub fn case_files(directory: &Path) -> Result<Vec<(String, String, String)>, FolderError> {
    let mut files = Vec::new();
    let mut packs_count = 0;
    for folder in packs(directory)? {
        packs_count += toml_files(&folder)?.len();
        let cases = folder.join("cases");
        if !cases.is_dir() {
            continue;
        }
        let id = folder.file_name().map(|name| name.to_string_lossy().into_owned());
        for path in toml_files(&cases)? {
            files.push((id.clone().unwrap_or_default(), shown(&path), text(&path)?));
        }
    }
    if packs_count == 0 {
        return Err(FolderError::NoPacks { folder: directory.to_owned() });
    }
    Ok(files)
}

/// The folders of a folder of packs.
fn packs(directory: &Path) -> Result<Vec<PathBuf>, FolderError> {
    if !directory.is_dir() {
        return Err(FolderError::NoFolder { folder: directory.to_owned() });
    }
    let mut folders = entries(directory)?;
    folders.retain(|path| path.is_dir());
    Ok(folders)
}

#[cfg(test)]
mod tests;
