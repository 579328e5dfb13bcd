//! The built-in font: how wide its signs are, and the part of it that a document needs.

use subsetter::GlyphRemapper;
use ttf_parser::Face;
use ttf_parser::GlyphId;

use std::collections::BTreeMap;

/// WenQuanYi Micro Hei, see `assets/fonts/README.md`. Its first face is the proportional one.
const FONT: &[u8] = include_bytes!("../assets/fonts/wqy-microhei.ttc");
const FACE: u32 = 0;
/// What stands for a sign that the font does not have.
const MISSING: char = '〓';
/// Widths in a PDF are thousandths of the size of letters.
const UNITS: i32 = 1000;

/// The font, and what was set in it so far.
pub(super) struct Font {
    face: Face<'static>,
    used: GlyphRemapper,
    /// By the number that a glyph has in the document: its width, and its sign.
    pub(super) glyphs: BTreeMap<u16, (i16, char)>,
}

impl Font {
    pub(super) fn built_in() -> Option<Font> {
        let face = Face::parse(FONT, FACE).ok()?;
        Some(Font { face, used: GlyphRemapper::new(), glyphs: BTreeMap::new() })
    }

    fn glyph(&self, sign: char) -> Option<GlyphId> {
        self.face.glyph_index(sign).or_else(|| self.face.glyph_index(MISSING))
    }

    /// How wide a sign is, in thousandths of the size of letters.
    pub(super) fn width(&self, sign: char) -> i32 {
        let width = self.glyph(sign).and_then(|glyph| self.face.glyph_hor_advance(glyph));
        i32::from(width.unwrap_or_default()) * UNITS / i32::from(self.face.units_per_em().max(1))
    }

    /// A text in the numbers that its glyphs have in the document.
    pub(super) fn encode(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for sign in text.chars() {
            let Some(glyph) = self.glyph(sign) else { continue };
            let number = self.used.remap(glyph.0);
            let width = i16::try_from(self.width(sign)).unwrap_or(i16::MAX);
            self.glyphs.entry(number).or_insert((width, sign));
            bytes.extend(number.to_be_bytes());
        }
        bytes
    }

    /// A metric of the whole font, in thousandths of the size of letters.
    pub(super) fn scaled(&self, units: i16) -> i16 {
        let scaled = i32::from(units) * UNITS / i32::from(self.face.units_per_em().max(1));
        i16::try_from(scaled).unwrap_or(i16::MAX)
    }

    /// Its face, for metrics.
    pub(super) fn face(&self) -> &Face<'static> {
        &self.face
    }

    /// The font with nothing but the glyphs that were used.
    pub(super) fn part(&self) -> Option<Vec<u8>> {
        subsetter::subset(FONT, FACE, &self.used).ok()
    }
}
