//! Pieces of a sheet as a PDF: pages of A4 or A5, with the font in it, so that it looks the same and is found by its words
//! everywhere.
//!
//! Lengths are whole tenths of a point; the pages' own scale makes points of them.

mod document;
mod flow;
mod font;

use crate::pages::pdf::document::document;
use crate::pages::pdf::flow::Flow;
use crate::pages::pdf::font::Font;
use crate::sheet::layout::Block;

/// The size of a sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paper {
    /// 210 × 297 mm.
    A4,
    /// 148 × 210 mm.
    A5,
}

impl Paper {
    /// Width and height. Unit: tenths of a point.
    fn size(self) -> (i16, i16) {
        match self {
            Paper::A4 => (5953, 8419),
            Paper::A5 => (4195, 5953),
        }
    }

    /// The white edge. Unit: tenths of a point.
    fn margin(self) -> i16 {
        match self {
            Paper::A4 => 400,
            Paper::A5 => 260,
        }
    }

    /// The size of letters. Unit: tenths of a point.
    fn letters(self) -> i16 {
        match self {
            Paper::A4 => 95,
            Paper::A5 => 75,
        }
    }
}

/// A code to scan: how many modules it is wide, and where each dark one stands.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) width: i32,
    pub(crate) dark: Vec<(i32, i32)>,
}

/// A sheet before it is set.
#[derive(Debug)]
pub(crate) struct Sheet<'a> {
    pub(crate) paper: Paper,
    /// What a reader of files calls it.
    pub(crate) title: &'a str,
    /// Stands below every page, before its number.
    pub(crate) footer: &'a str,
    /// At the top of the first page.
    pub(crate) code: Option<Code>,
    pub(crate) blocks: &'a [Block],
}

impl Sheet<'_> {
    /// The file; none where the built-in font cannot be read.
    pub(crate) fn file(&self) -> Option<Vec<u8>> {
        let mut font = Font::built_in()?;
        let mut flow = Flow::new(self.paper, &mut font);
        if let Some(code) = &self.code {
            flow.code(code);
        }
        for block in self.blocks {
            flow.block(block);
        }
        let pages = flow.end(self.footer);
        document(self.paper, self.title, pages, &font)
    }
}
