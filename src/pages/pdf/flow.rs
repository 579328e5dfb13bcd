//! Pieces set one below the other on pages, each of the kinds of [`Block`] in its own way.

use crate::pages::pdf::Code;
use crate::pages::pdf::Paper;
use crate::pages::pdf::font::Font;
use crate::sheet::layout::Block;
use crate::sheet::layout::Side;
use crate::sheet::layout::wrap_by;

use pdf_writer::Content;
use pdf_writer::Name;
use pdf_writer::Str;

/// How the font is called within a page.
pub(super) const FONT_NAME: Name<'static> = Name(b"F");
/// The side of the code at the top. Unit: tenths of a point.
const CODE_SIDE: i16 = 800;
/// Smallest letters of a table that would not fit otherwise. Unit: tenths of a point.
const LETTERS_LEAST: i16 = 50;

/// Pages that are being filled.
pub(super) struct Flow<'f> {
    paper: Paper,
    font: &'f mut Font,
    pages: Vec<Content>,
    /// The top of what is set next, from the bottom of the page.
    top: i16,
    /// Where the code at the top of the first page ends.
    code_ends: i16,
}

impl<'f> Flow<'f> {
    pub(super) fn new(paper: Paper, font: &'f mut Font) -> Flow<'f> {
        let mut flow = Flow { paper, font, pages: Vec::new(), top: 0, code_ends: i16::MAX };
        flow.page();
        flow
    }

    fn page(&mut self) {
        let mut content = Content::new();
        // From tenths of a point to points.
        content.transform([0.1, 0.0, 0.0, 0.1, 0.0, 0.0]);
        self.pages.push(content);
        self.top = self.paper.size().1 - self.paper.margin();
    }

    /// Makes room, on another page if need be.
    fn room(&mut self, height: i16) {
        // The footer has a line of its own.
        if self.top - height < self.paper.margin() + self.paper.letters() * 2 {
            self.page();
        }
    }

    fn left(&self) -> i16 {
        self.paper.margin()
    }

    /// How wide a line may be here: beside the code less.
    fn wide(&self) -> i16 {
        let whole = self.paper.size().0 - 2 * self.paper.margin();
        let beside_code = self.pages.len() == 1 && self.code_ends < self.top;
        if self.code_ends != i16::MAX && beside_code { whole - CODE_SIDE } else { whole }
    }

    fn width(&self, text: &str, letters: i16) -> i16 {
        let thousandths: i32 = text.chars().map(|sign| self.font.width(sign)).sum();
        i16::try_from(thousandths * i32::from(letters) / 1000).unwrap_or(i16::MAX)
    }

    fn wrap(&self, text: &str, wide: i16, letters: i16) -> Vec<String> {
        let most = i32::from(wide.max(letters)) * 1000 / i32::from(letters.max(1));
        let measure = |sign: char| usize::try_from(self.font.width(sign)).unwrap_or_default();
        wrap_by(text, usize::try_from(most).unwrap_or_default(), &measure)
    }

    /// One line of text whose top is where the flow is.
    fn set(&mut self, text: &str, x: i16, letters: i16) {
        let base = self.top - letters;
        self.set_at(text, (x, base), letters);
    }

    fn set_at(&mut self, text: &str, (x, base): (i16, i16), letters: i16) {
        let glyphs = self.font.encode(text);
        let Some(content) = self.pages.last_mut() else { return };
        content.begin_text();
        content.set_font(FONT_NAME, letters.into());
        content.next_line(x.into(), base.into());
        content.show(Str(&glyphs));
        content.end_text();
    }

    fn rule(&mut self) {
        let (x, end, y) = (self.left(), self.left() + self.wide(), self.top);
        let Some(content) = self.pages.last_mut() else { return };
        content.set_line_width(5_i16.into());
        content.move_to(x.into(), y.into());
        content.line_to(end.into(), y.into());
        content.stroke();
    }

    /// A code to scan, at the right of the first page's top.
    pub(super) fn code(&mut self, code: &Code) {
        let right = self.paper.size().0 - self.paper.margin();
        let (x0, top) = (right - CODE_SIDE, self.top);
        let module = i32::from(CODE_SIDE) / code.width.max(1);
        let Ok(side) = i16::try_from(module) else { return };
        let Some(content) = self.pages.last_mut() else { return };
        for (x, y) in &code.dark {
            let (Ok(x), Ok(y)) = (i16::try_from(x * module), i16::try_from(y * module)) else {
                continue;
            };
            content.rect((x0 + x).into(), (top - y - side).into(), side.into(), side.into());
        }
        content.fill_nonzero();
        self.code_ends = top - CODE_SIDE;
    }

    /// Sets a piece.
    pub(super) fn block(&mut self, block: &Block) {
        let letters = self.paper.letters();
        match block {
            Block::Title(left, right) => {
                self.text(left, 0, letters * 2);
                self.text(right, 0, letters);
            }
            Block::Heading(text) => {
                self.room(letters * 7);
                self.top -= letters;
                self.text(text, 0, letters + letters / 5);
                self.rule();
                self.top -= letters / 3;
            }
            Block::Line(text) if text.trim().is_empty() => self.top -= letters / 2,
            Block::Line(text) => {
                self.room(letters * 4);
                self.text(text.trim_end(), 0, letters);
            }
            Block::Item(mark, text) => self.item(mark, text),
            Block::Pairs(pairs) => self.pairs(pairs),
            Block::Table(sides, rows) | Block::Rows(sides, rows) => self.table(sides, rows),
        }
    }

    /// A text over the whole width, as many lines as it needs.
    fn text(&mut self, text: &str, indent: i16, letters: i16) {
        let height = letters + letters / 2;
        let wide = self.wide() - indent;
        for line in self.wrap(text, wide, letters) {
            self.room(height);
            self.set(&line, self.left() + indent, letters);
            self.top -= height;
        }
    }

    fn item(&mut self, mark: &str, text: &str) {
        let letters = self.paper.letters();
        let indent = self.width(mark, letters);
        if !mark.trim().is_empty() {
            self.room(letters * 2);
            self.set(mark, self.left(), letters);
        }
        self.text(text, indent, letters);
    }

    /// Labelled values, two on a line where both are short.
    fn pairs(&mut self, pairs: &[(String, String)]) {
        let letters = self.paper.letters();
        let height = letters + letters / 2;
        let label = letters * 7;
        let mut column = 0;
        for (name, value) in pairs {
            let half = self.wide() / 2;
            let is_short = self.width(value, letters) < half - label - letters;
            if column == 1 && !is_short {
                self.top -= height;
                column = 0;
            }
            self.room(height);
            let x = self.left() + column * half;
            self.set(name, x, letters);
            if is_short {
                self.set(value, x + label, letters);
                column += 1;
                if column == 2 {
                    self.top -= height;
                    column = 0;
                }
            } else {
                self.text(value, label, letters);
            }
        }
        if column == 1 {
            self.top -= height;
        }
    }

    /// Rows with each column as wide as its widest text; smaller letters where that is too wide.
    fn table(&mut self, sides: &[Side], rows: &[Vec<String>]) {
        let mut letters = self.paper.letters();
        let gap = letters;
        let columns = |letters: i16| -> Vec<i16> {
            let widest = |index: usize| {
                rows.iter()
                    .filter_map(|row| row.get(index))
                    .map(|text| self.width(text, letters))
                    .max()
            };
            (0..sides.len()).map(|index| widest(index).unwrap_or_default()).collect()
        };
        let mut wide = columns(letters);
        let all = |wide: &[i16]| wide.iter().map(|one| i32::from(*one + gap)).sum::<i32>();
        while i32::from(self.wide()) < all(&wide) && LETTERS_LEAST < letters {
            letters -= 5;
            wide = columns(letters);
        }
        for row in rows {
            self.room(letters + letters / 2);
            let mut x = self.left();
            for ((text, side), column) in row.iter().zip(sides).zip(&wide) {
                let shift = match side {
                    Side::Left => 0,
                    Side::Right => column - self.width(text, letters),
                };
                self.set(text, x + shift, letters);
                x += column + gap;
            }
            self.top -= letters + letters / 2;
        }
    }

    /// Ends: every page gets its footer and its number.
    pub(super) fn end(mut self, footer: &str) -> Vec<Vec<u8>> {
        let letters = self.paper.letters() - 15;
        let base = self.paper.margin() - letters;
        let pages = std::mem::take(&mut self.pages);
        let count = pages.len();
        let mut done = Vec::new();
        for (index, page) in pages.into_iter().enumerate() {
            self.pages.push(page);
            let number = format!("{} / {count}", index + 1);
            self.set_at(footer, (self.left(), base), letters);
            let right = self.paper.size().0 - self.paper.margin() - self.width(&number, letters);
            self.set_at(&number, (right, base), letters);
            done.extend(self.pages.pop().map(|page| page.finish().into_vec()));
        }
        done
    }
}
