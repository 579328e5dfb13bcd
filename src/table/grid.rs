//! From bytes to rows under named columns, each row with the number that a spreadsheet shows.

use crate::table::Complaints;

use csv::ByteRecord;
use csv::ReaderBuilder;
use csv::StringRecord;

/// A column that a table may have.
pub(super) struct Column {
    /// Its name in the header.
    pub name: &'static str,
    /// Another name that it may have there; empty if none.
    pub also: &'static str,
    /// Whether every table must have it.
    pub required: bool,
}

/// A column that every table must have.
pub(super) const fn required(name: &'static str) -> Column {
    Column { name, also: "", required: true }
}

/// A column that a table may leave out.
pub(super) const fn optional(name: &'static str) -> Column {
    Column { name, also: "", required: false }
}

impl Column {
    /// The same column, which may also be named so.
    pub(super) const fn or(self, also: &'static str) -> Column {
        Column { also, ..self }
    }

    fn is_named(&self, name: &str) -> bool {
        self.name == name || (!self.also.is_empty() && self.also == name)
    }
}

/// A row with content below the header.
pub(super) struct Row<'a> {
    /// As a spreadsheet counts it.
    pub number: u64,
    record: &'a StringRecord,
    places: &'a [(&'static str, usize)],
}

impl Row<'_> {
    /// What stands under a column, without white space around it; empty where the table has no such column.
    pub(super) fn cell(&self, column: &str) -> &str {
        let place = self.places.iter().find(|(name, _)| *name == column);
        place.and_then(|(_, index)| self.record.get(*index)).unwrap_or_default().trim()
    }
}

/// Reads all rows and gives each to `take`, which may complain of it.
pub(super) fn read(
    table: &[u8],
    columns: &[Column],
    complaints: &mut Complaints,
    mut take: impl FnMut(&Row<'_>, &mut Complaints),
) {
    let table = table.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(table);
    if let Err(error) = std::str::from_utf8(table) {
        let before = table.get(..error.valid_up_to()).unwrap_or_default();
        complaints.add(1 + line_ends(before), "", not_utf8());
        return;
    }
    let mut records = Records::of(table);
    let Some((number, header)) = records.next() else {
        complaints.add(0, "", empty_table(columns));
        return;
    };
    let Some(places) = places(&header, number, columns, complaints) else { return };
    while let Some((number, record)) = records.next() {
        if record.len() != header.len() {
            complaints.add(number, "", ragged(record.len(), header.len()));
            continue;
        }
        take(&Row { number, record: &record, places: &places }, complaints);
    }
}

/// Where each column stands; none after a complaint, since no row can be understood then.
fn places(
    header: &StringRecord,
    number: u64,
    columns: &[Column],
    complaints: &mut Complaints,
) -> Option<Vec<(&'static str, usize)>> {
    let before = complaints.count;
    let mut places: Vec<(&'static str, usize)> = Vec::new();
    for (index, name) in header.iter().map(str::trim).enumerate() {
        match columns.iter().find(|column| column.is_named(name)) {
            Some(column) if places.iter().any(|(known, _)| *known == column.name) => {
                complaints.add(number, name, twice());
            }
            Some(column) => places.push((column.name, index)),
            None if name.is_empty() => complaints.add(number, "", unnamed(index + 1)),
            None => complaints.add(number, &short(name), unknown(name, columns)),
        }
    }
    for column in columns.iter().filter(|column| column.required) {
        if !places.iter().any(|(name, _)| *name == column.name) {
            complaints.add(number, column.name, missing());
        }
    }
    (complaints.count == before).then_some(places)
}

/// The records that have content, each with its row number.
struct Records<'a> {
    table: &'a [u8],
    reader: csv::Reader<&'a [u8]>,
    rows: u64,
}

impl<'a> Records<'a> {
    fn of(table: &'a [u8]) -> Records<'a> {
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(table);
        Records { table, reader, rows: 0 }
    }

    /// The next record. The csv reader skips blank lines, which a spreadsheet shows as rows, so they are counted here.
    fn next(&mut self) -> Option<(u64, StringRecord)> {
        loop {
            let start = usize::try_from(self.reader.position().byte()).ok()?;
            let mut record = ByteRecord::new();
            if !self.reader.read_byte_record(&mut record).ok()? {
                return None;
            }
            self.rows += self.blank_lines(start) + 1;
            let record = StringRecord::from_byte_record(record).ok()?;
            if record.iter().any(|cell| !cell.trim().is_empty()) {
                return Some((self.rows, record));
            }
        }
    }

    /// How many blank lines stand at `start`, where the record before may have left the second half of its `\r\n`.
    fn blank_lines(&self, start: usize) -> u64 {
        let mut rest = self.table.get(start..).unwrap_or_default();
        let ended_by_return = 0 < start && self.table.get(start - 1) == Some(&b'\r');
        if ended_by_return {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        let ends = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        line_ends(rest.get(..ends).unwrap_or_default())
    }
}

/// How many lines end in a text, by whatever line end.
fn line_ends(text: &[u8]) -> u64 {
    let mut lines = 0;
    let mut before = 0;
    for byte in text {
        match byte {
            b'\n' if before == b'\r' => {}
            b'\n' | b'\r' => lines += 1,
            _ => {}
        }
        before = *byte;
    }
    lines
}

/// At most forty signs of a text.
pub(super) fn short(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    text.chars().take(40).chain("…".chars()).collect()
}

fn not_utf8() -> (String, String) {
    (
        "the table is not UTF-8; save it as UTF-8, in a spreadsheet as «CSV UTF-8»".to_owned(),
        "文件不是 UTF-8 编码(可能是 GBK);请另存为 UTF-8,电子表格中选择“CSV UTF-8”".to_owned(),
    )
}

fn empty_table(columns: &[Column]) -> (String, String) {
    let names = names(columns);
    (
        format!("the table is empty; its first row should name the columns: {names}"),
        format!("表为空;第一行应为列名:{names}"),
    )
}

fn ragged(cells: usize, columns: usize) -> (String, String) {
    (
        format!(
            "the row has {cells} cells, the header {columns}; look for a comma too many or too \
             few, and put a cell that contains a comma in quotation marks"
        ),
        format!(
            "该行有 {cells} 个单元格,表头有 {columns} 列;请检查多余或缺少的逗号,含逗号的内容须加英文双引号"
        ),
    )
}

fn twice() -> (String, String) {
    ("the column is there twice; take one out".to_owned(), "该列重复;请删去其中一列".to_owned())
}

fn unnamed(position: usize) -> (String, String) {
    (
        format!("column {position} has no name; name it or take it out"),
        format!("第 {position} 列没有列名;请补上列名或删去该列"),
    )
}

fn unknown(name: &str, columns: &[Column]) -> (String, String) {
    let names = names(columns);
    if [';', '\t', '\u{ff1b}', '\u{ff0c}'].iter().any(|mark| name.contains(*mark)) {
        return (
            "the columns should be separated by commas; save the table as CSV with commas"
                .to_owned(),
            "各列应以英文逗号分隔;请另存为逗号分隔的 CSV".to_owned(),
        );
    }
    (
        format!("there is no such column; take it out or correct its name: {names}"),
        format!("没有该列;请删去或改正列名,可用的列:{names}"),
    )
}

fn missing() -> (String, String) {
    ("the column is missing; add it".to_owned(), "缺少该列;请补上".to_owned())
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name).collect::<Vec<_>>().join(",")
}
