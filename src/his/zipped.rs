//! Files of the interface: a ZIP with one TXT, a row a line, columns parted by a TAB, an absent value written `null`. HN 1.6.
//!
//! Nothing of an archive is ever written to a disk, so the names within it do not matter; what it unfolds to is bounded.

use crate::refusal::Refusal;

use zip::CompressionMethod;
use zip::ZipArchive;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use std::io::Cursor;
use std::io::Read;
use std::io::Write;

/// Most bytes of a TXT, however small its ZIP.
const TEXT_BYTES_MAX: u64 = 64 << 20;
/// Most files of an archive that are looked at.
const FILES_MAX: usize = 16;
/// Most rows of a TXT.
const ROWS_MAX: usize = 1_000_000;

const A_ZIP: (&str, &str) =
    ("a ZIP with one TXT of at most 64 MiB, UTF-8", "内含一个 TXT(UTF-8,不超过 64 MiB)的 ZIP 文件");

fn malformed() -> Refusal {
    Refusal::Malformed { field: "file".to_owned(), want: A_ZIP }
}

/// The rows of a file: of the TXT in a ZIP, or of a TXT as it is.
///
/// Errors: what is neither, is not UTF-8, or is too long.
pub fn rows(content: &[u8]) -> Result<Vec<Vec<String>>, Refusal> {
    let text = if content.starts_with(b"PK") { unzipped(content)? } else { content.to_vec() };
    let text = String::from_utf8(text).map_err(|_| malformed())?;
    let mut rows = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines().filter(|line| !line.trim().is_empty()) {
        if rows.len() == ROWS_MAX {
            return Err(Refusal::TooMany { what: "rows".to_owned(), max: ROWS_MAX });
        }
        let value = |cell: &str| match cell.trim() {
            "null" | "NULL" => String::new(),
            other => other.to_owned(),
        };
        rows.push(line.split('\t').map(value).collect());
    }
    Ok(rows)
}

fn unzipped(content: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut archive = ZipArchive::new(Cursor::new(content)).map_err(|_| malformed())?;
    for index in 0..archive.len().min(FILES_MAX) {
        let file = archive.by_index(index).map_err(|_| malformed())?;
        if file.is_dir() {
            continue;
        }
        let mut text = Vec::new();
        file.take(TEXT_BYTES_MAX + 1).read_to_end(&mut text).map_err(|_| malformed())?;
        let fits = u64::try_from(text.len()).is_ok_and(|bytes| bytes <= TEXT_BYTES_MAX);
        return if fits { Ok(text) } else { Err(malformed()) };
    }
    Err(malformed())
}

/// A ZIP with one TXT of these rows.
pub fn zipped(name: &str, rows: &[Vec<String>]) -> Result<Vec<u8>, Refusal> {
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| plain(cell)).collect();
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    archive.start_file(name, options).map_err(|_| malformed())?;
    archive.write_all(text.as_bytes()).map_err(|_| malformed())?;
    Ok(archive.finish().map_err(|_| malformed())?.into_inner())
}

/// A cell without what would part it from itself.
fn plain(cell: &str) -> String {
    if cell.is_empty() {
        return "null".to_owned();
    }
    cell.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_zipped_is_read_again() {
        let rows_in = vec![vec!["1".to_owned(), String::new(), "a\tb".to_owned()]];
        let content = zipped("a.txt", &rows_in).unwrap();
        assert_eq!(rows(&content).unwrap(), [["1", "", "a b"]]);
        assert_eq!(rows(b"1\tnull\r\n\r\n2\tx\n").unwrap(), [["1", ""], ["2", "x"]]);
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        for content in [&b"PK\x03\x04nothing"[..], b"\xff\xfe", b"PK"] {
            assert_eq!(rows(content).unwrap_err(), malformed());
        }
    }

    #[test]
    fn a_small_archive_that_unfolds_without_end_is_refused() {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        archive.start_file("../../bomb.txt", options).unwrap();
        let block = vec![b'0'; 1 << 20];
        for _ in 0..65 {
            archive.write_all(&block).unwrap();
        }
        let content = archive.finish().unwrap().into_inner();
        assert!(content.len() < 1 << 20);
        assert_eq!(rows(&content).unwrap_err(), malformed());
    }
}
