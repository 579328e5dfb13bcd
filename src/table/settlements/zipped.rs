//! A list in a ZIP: a workbook, or one TXT of the national interface.

use crate::table::settlements::List;
use crate::table::settlements::TXT_COLUMNS;
use crate::table::settlements::csv_text::decoded;
use crate::table::settlements::workbook;

use zip::ZipArchive;

use std::io::Cursor;
use std::io::Read;

/// Most bytes of a list when it is unpacked. Unit: bytes.
const UNPACKED_MAX: u64 = 1 << 30;

pub(super) fn read(file: &[u8], list: &mut List<'_>) {
    let Ok(mut archive) = ZipArchive::new(Cursor::new(file)) else {
        list.complain(
            0,
            "",
            "the file is a damaged ZIP; send it again",
            "ZIP 文件已损坏;请重新导出",
        );
        return;
    };
    // An entry that says that it is shorter than it is breaks off there, so the sum of what they say bounds what is unpacked.
    let mut unpacked = 0_u64;
    for index in 0..archive.len() {
        if let Ok(inner) = archive.by_index(index) {
            unpacked = unpacked.saturating_add(inner.size());
        }
    }
    if UNPACKED_MAX < unpacked {
        let english = "the file unpacks to more than 1 GiB; reconcile a shorter period";
        list.complain(0, "", english, "解压后超过 1 GiB;请缩短对账期间");
        return;
    }
    if archive.index_for_name("xl/workbook.xml").is_some() {
        return workbook::read(file, list);
    }
    let is_text = |name: &String| name.to_ascii_lowercase().ends_with(".txt");
    let names = archive.file_names().filter_map(|name| name.ok().map(|name| name.into_owned()));
    let names: Vec<String> = names.filter(is_text).collect();
    let [name] = names.as_slice() else {
        let english = "the ZIP should hold one TXT, or be an XLSX workbook";
        list.complain(0, "", english, "ZIP 内应只有一个 TXT 文件,或为 XLSX 工作簿");
        return;
    };
    let mut content = Vec::new();
    let taken = match archive.by_name(name) {
        Ok(inner) => inner.take(UNPACKED_MAX).read_to_end(&mut content).is_ok(),
        Err(_) => false,
    };
    if !taken {
        list.complain(0, "", "the TXT in the ZIP cannot be unpacked", "ZIP 内的 TXT 无法解压");
        return;
    }
    text(&content, list);
}

/// The interface's TXT: no header, cells parted by tabs, `null` for nothing.
fn text(content: &[u8], list: &mut List<'_>) {
    let content = content.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(content);
    let Some(text) = decoded(content) else {
        list.complain(0, "", "the TXT is not UTF-8", "TXT 不是 UTF-8 编码");
        return;
    };
    list.without_header();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let cells: Vec<&str> = line.split('\t').collect();
        if cells.len() < TXT_COLUMNS {
            let english = format!("the row has {} cells, {TXT_COLUMNS} are needed", cells.len());
            let chinese = format!("该行有 {} 列,应有 {TXT_COLUMNS} 列", cells.len());
            list.complain(number, "", &english, &chinese);
            continue;
        }
        list.row(number, |index| cells.get(index).copied());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::table::settlements::ColumnNames;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use std::io::Write;

    /// An archive with one file, which says of itself that it is so long.
    fn archive(name: &str, content: &[u8], says: u32) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
        let mut bytes = archive.finish().unwrap().into_inner();
        // Where the length stands behind the signature of the file, and of its line in the directory.
        for (signature, behind) in [(b"PK\x03\x04", 22), (b"PK\x01\x02", 24)] {
            let at = bytes.windows(4).position(|four| four == signature).unwrap() + behind;
            bytes[at..at + 4].copy_from_slice(&says.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn an_archive_that_lies_about_its_sizes_unpacks_to_no_more_and_is_refused() {
        let row = "17\tA1\tP1\t1200.50\t800.00\t0.00\t0\n";
        let content = row.repeat(1000);
        let length = u32::try_from(content.len()).unwrap();
        let names = ColumnNames::default();
        let read = |bytes: &[u8]| crate::table::settlements::read(bytes, &names);
        let honest = read(&archive("list.txt", content.as_bytes(), length)).unwrap();
        assert_eq!(honest.rows().count(), 1000);
        for says in [0, 10, length - 1] {
            let bytes = archive("list.txt", content.as_bytes(), says);
            let mut opened = ZipArchive::new(Cursor::new(bytes.as_slice())).unwrap();
            let mut unpacked = Vec::new();
            let whole = opened.by_index(0).unwrap().read_to_end(&mut unpacked);
            let most = usize::try_from(says).unwrap() + 1;
            assert!(whole.is_err() && unpacked.len() <= most, "{says}: {}", unpacked.len());
            let said = read(&bytes).unwrap_err().to_string();
            assert!(said.contains("cannot be unpacked"), "{says}: {said}");
            let workbook = archive("xl/workbook.xml", content.as_bytes(), says);
            let said = read(&workbook).unwrap_err().to_string();
            assert!(said.contains("workbook cannot be read"), "{says}: {said}");
        }
        // Whoever says that there is more than may be is not unpacked at all.
        let said = read(&archive("list.txt", content.as_bytes(), u32::MAX - 1)).unwrap_err();
        assert!(said.to_string().contains("more than 1 GiB"), "{said}");
        // A name with a path in it is nothing but a name.
        let elsewhere = archive("../../etc/list.txt", content.as_bytes(), length);
        assert_eq!(read(&elsewhere).unwrap().rows().count(), 1000);
    }
}
