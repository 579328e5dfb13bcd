//! A list as CSV, in UTF-8 or in GBK, separated by commas or tabs.

use crate::table::settlements::List;

use csv::ReaderBuilder;
use csv::StringRecord;
use encoding_rs::GBK;

use std::borrow::Cow;

pub(super) fn read(file: &[u8], list: &mut List<'_>) {
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    let Some(text) = decoded(file) else {
        let english = "the list is neither UTF-8 nor GBK; save it as «CSV UTF-8»";
        list.complain(0, "", english, "文件既非 UTF-8 也非 GBK 编码;请另存为“CSV UTF-8”");
        return;
    };
    let header = text.lines().next().unwrap_or_default();
    let separator = if header.contains('\t') && !header.contains(',') { b'\t' } else { b',' };
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    let mut header: Option<usize> = None;
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let row = error.position().map_or(0, csv::Position::line);
                list.complain(row, "", "the row cannot be read", "该行无法读取");
                break;
            }
        }
        let row = record.position().map_or(0, csv::Position::line);
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        match header {
            None if !list.header(row, record.iter()) => return,
            None => header = Some(record.len()),
            Some(columns) if record.len() != columns => {
                let english = format!(
                    "the row has {} cells, the header {columns}; look for a comma too many or too few",
                    record.len()
                );
                let chinese = format!(
                    "该行有 {} 个单元格,表头有 {columns} 列;请检查多余或缺少的逗号",
                    record.len()
                );
                list.complain(row, "", &english, &chinese);
            }
            Some(_) => list.row(row, |index| record.get(index)),
        }
    }
    if header.is_none() {
        list.complain(0, "", "the list is empty", "文件为空");
    }
}

/// The text of a file; GBK is what spreadsheets of hospitals often write.
pub(super) fn decoded(file: &[u8]) -> Option<Cow<'_, str>> {
    match std::str::from_utf8(file) {
        Ok(text) => Some(Cow::Borrowed(text)),
        Err(_) => GBK.decode_without_bom_handling_and_without_replacement(file),
    }
}
