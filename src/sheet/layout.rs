//! Pieces of a page, and how a terminal sets them in lines. It knows nothing of settlements.
//!
//! Chinese characters are two columns wide, so everything aligns by display width and not by characters. Only signs whose
//! width is the same in every terminal stand in tables: box-drawing characters are one column here and two there.

use crate::refusal::Lang;

/// Columns of a page.
pub(crate) const WIDTH: usize = 80;

/// Signs that may not begin a line (避头尾).
const NOT_FIRST: &str = "，。；：、）〕》”！？,.;:)]";
/// Signs that may not end a line.
const NOT_LAST: &str = "（〔《“([";
/// The unit of amounts, which stays with its number.
const UNIT: char = '元';
/// What lies between two columns of a table.
const GAP: &str = "  ";
/// A value that is not there.
pub(crate) const NOTHING: &str = "-";

/// How many columns a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(sign_width).sum()
}

/// Two for CJK and full-width forms, none for what combines, else one.
fn sign_width(sign: char) -> usize {
    match u32::from(sign) {
        0x0300..=0x036F | 0x200B..=0x200D | 0xFE00..=0xFE0F | 0xFEFF => 0,
        0x1100..=0x115F
        | 0x2E80..=0x303E
        | 0x3041..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF01..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1FAFF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

/// Takes out what could move a terminal's cursor or turn the order of signs: other people's texts are shown here.
pub(crate) fn clean(text: &str) -> String {
    let harmless = |sign: char| match u32::from(sign) {
        0x061C | 0x200E | 0x200F | 0x2028..=0x202E | 0x2066..=0x2069 => '?',
        _ if sign.is_control() => '?',
        _ => sign,
    };
    text.chars().map(harmless).collect()
}

/// On which side of its column a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// Words.
    Left,
    /// Amounts.
    Right,
}

/// A text filled up with spaces to a width; a wider one stays as it is.
pub(crate) fn cell(text: &str, columns: usize, side: Side) -> String {
    let blank = " ".repeat(columns.saturating_sub(width(text)));
    match side {
        Side::Left => format!("{text}{blank}"),
        Side::Right => format!("{blank}{text}"),
    }
}

/// The smallest pieces between which a line may end: a CJK sign, or a run of others up to a space.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut open = false;
    for sign in text.chars() {
        let glued = match pieces.last() {
            Some(last) => {
                NOT_FIRST.contains(sign)
                    || last.ends_with(|end| NOT_LAST.contains(end))
                    || (sign == UNIT && last.ends_with(' '))
                    || (open && sign_width(sign) < 2)
            }
            None => false,
        };
        match pieces.last_mut() {
            Some(last) if glued => last.push(sign),
            _ => pieces.push(sign.to_string()),
        }
        open = sign_width(sign) < 2 && sign != ' ';
    }
    pieces
}

/// Breaks a text into lines of at most so many columns. Numbers and words stay whole where they fit on a line.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    wrap_by(text, columns, &sign_width)
}

/// The same where signs are as wide as `measure` says.
pub(crate) fn wrap_by(text: &str, most: usize, measure: &dyn Fn(char) -> usize) -> Vec<String> {
    let width = |text: &str| text.chars().map(measure).sum::<usize>();
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in pieces(text) {
        if !line.is_empty() && most < width(&line) + width(piece.trim_end()) {
            lines.push(line.trim_end().to_owned());
            line.clear();
        }
        if line.is_empty() && piece == " " {
            continue;
        }
        for sign in piece.chars() {
            if most < width(&line) + measure(sign) && most < width(piece.trim_end()) {
                lines.push(std::mem::take(&mut line));
            }
            line.push(sign);
        }
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// A piece of a page. A terminal, a browser and a printer each set it in their own way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Block {
    /// What the page is, and at the right how it stands.
    Title(String, String),
    /// The beginning of a section.
    Heading(String),
    /// A line; an empty one parts what stands before and after it.
    Line(String),
    /// A sentence behind a mark.
    Item(String, String),
    /// Labelled values, none of them empty.
    Pairs(Vec<(String, String)>),
    /// Rows, the first of them the heads, and on which side each column stands.
    Table(Vec<Side>, Vec<Vec<String>>),
    /// The same without heads.
    Rows(Vec<Side>, Vec<Vec<String>>),
}

/// A page that grows piece by piece.
#[derive(Debug)]
pub(crate) struct Page {
    blocks: Vec<Block>,
    /// Columns of the labels of values.
    label: usize,
}

impl Page {
    /// An empty page; its labels are as wide as those of the language.
    pub(crate) fn new(lang: Lang) -> Page {
        let label = match lang {
            Lang::Zh => 10,
            Lang::En => 14,
        };
        Page { blocks: Vec::new(), label }
    }

    /// Adds a line.
    pub(crate) fn line(&mut self, text: &str) {
        self.blocks.push(Block::Line(clean(text)));
    }

    /// Begins the page: what it is, and at the right how it stands.
    pub(crate) fn title(&mut self, left: &str, right: &str) {
        self.blocks.push(Block::Title(clean(left), clean(right)));
    }

    /// Begins a section.
    pub(crate) fn heading(&mut self, text: &str) {
        self.blocks.push(Block::Heading(clean(text)));
    }

    /// Adds a sentence behind a mark, its further lines under its first sign.
    pub(crate) fn item(&mut self, mark: &str, text: &str) {
        self.blocks.push(Block::Item(clean(mark), clean(text)));
    }

    /// Adds labelled values, two on a line where both are short. Empty values are left out.
    pub(crate) fn pairs(&mut self, pairs: &[(&str, String)]) {
        let shown = pairs.iter().filter(|(_, value)| !value.is_empty());
        let shown = shown.map(|(name, value)| ((*name).to_owned(), clean(value))).collect();
        self.blocks.push(Block::Pairs(shown));
    }

    /// Adds rows, the first of them the heads, each column as wide as its widest text.
    pub(crate) fn table(&mut self, sides: &[Side], rows: &[Vec<String>]) {
        self.blocks.push(Block::Table(sides.to_vec(), cleaned(rows)));
    }

    /// Adds rows without heads.
    pub(crate) fn rows(&mut self, sides: &[Side], rows: &[Vec<String>]) {
        self.blocks.push(Block::Rows(sides.to_vec(), cleaned(rows)));
    }

    /// Its pieces.
    pub(crate) fn blocks(self) -> Vec<Block> {
        self.blocks
    }

    /// The whole as text for a terminal.
    pub(crate) fn text(self) -> String {
        let mut text = Text { text: String::new(), label: self.label };
        for block in &self.blocks {
            text.block(block);
        }
        text.text
    }
}

fn cleaned(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|text| clean(text)).collect()).collect()
}

/// A page set for a terminal.
struct Text {
    text: String,
    label: usize,
}

impl Text {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Title(left, right) => {
                let gap = WIDTH.saturating_sub(width(left) + width(right)).max(2);
                self.line(&format!("{left}{}{right}", " ".repeat(gap)));
                self.line(&"=".repeat(WIDTH));
            }
            Block::Heading(text) => {
                if !self.text.is_empty() {
                    self.line("");
                }
                self.line(text);
                self.line(&"-".repeat(WIDTH));
            }
            Block::Line(text) => self.line(text),
            Block::Item(mark, text) => self.item(mark, text),
            Block::Pairs(pairs) => self.pairs(pairs),
            Block::Table(sides, rows) | Block::Rows(sides, rows) => {
                for line in columns(sides, rows) {
                    self.line(&line);
                }
            }
        }
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn item(&mut self, mark: &str, text: &str) {
        let indent = width(mark);
        for (index, line) in wrap(text, WIDTH.saturating_sub(indent)).iter().enumerate() {
            let before = if index == 0 { mark.to_owned() } else { " ".repeat(indent) };
            self.line(&format!("{before}{line}"));
        }
    }

    fn pairs(&mut self, pairs: &[(String, String)]) {
        let label = self.label;
        let half = WIDTH / 2;
        let short = |value: &str| label + width(value) + 2 <= half;
        let mut left: Option<String> = None;
        for (name, value) in pairs {
            let entry = format!("{}{value}", cell(name, label, Side::Left));
            match left.take() {
                Some(before) if short(value) => {
                    self.line(&format!("{}{entry}", cell(&before, half, Side::Left)));
                }
                None if short(value) => left = Some(entry),
                before => {
                    if let Some(before) = before {
                        self.line(&before);
                    }
                    self.item(&cell(name, label, Side::Left), value);
                }
            }
        }
        if let Some(before) = left {
            self.line(&before);
        }
    }
}

/// The rows as aligned lines.
pub(crate) fn columns(sides: &[Side], rows: &[Vec<String>]) -> Vec<String> {
    let widest =
        |index: usize| rows.iter().filter_map(|row| row.get(index)).map(|text| width(text)).max();
    let widths: Vec<usize> = (0..sides.len()).map(|index| widest(index).unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).zip(sides);
        let cells = cells.map(|((text, columns), side)| cell(text, *columns, *side));
        cells.collect::<Vec<_>>().join(GAP)
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_signs_take_two_columns() {
        for (text, expected) in
            [("", 0), ("abc", 3), ("结算单", 6), ("〔假定〕", 8), ("65%，", 5), ("e\u{301}", 1)]
        {
            assert_eq!(width(text), expected, "{text}");
        }
    }

    #[test]
    fn a_line_ends_neither_in_a_number_nor_before_a_stop() {
        for (text, columns, expected) in [
            ("起付线 500.00 元。", 12, vec!["起付线", "500.00 元。"]),
            ("合计元。", 6, vec!["合计", "元。"]),
            ("one two", 5, vec!["one", "two"]),
            ("abcdefgh", 3, vec!["abc", "def", "gh"]),
            ("支付（源）", 7, vec!["支付", "（源）"]),
            ("差额 1.00 元", 8, vec!["差额", "1.00 元"]),
            ("", 5, vec![""]),
        ] {
            assert_eq!(wrap(text, columns), expected, "{text}");
        }
    }

    #[test]
    fn a_text_of_others_does_not_steer_the_terminal() {
        assert_eq!(clean("a\u{1b}[2Jb\nc\u{202e}d"), "a?[2Jb?c?d");
    }
}
