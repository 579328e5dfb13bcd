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
    // What the entry says of its size is not believed.
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
