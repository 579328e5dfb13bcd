//! The built-in font: how wide its signs are, and the part of it that a document needs.

use read_fonts::FontRef;
use read_fonts::TableProvider;
use read_fonts::tables::cmap::Cmap;
use read_fonts::tables::hmtx::Hmtx;
use read_fonts::types::GlyphId;
use subsetter::GlyphRemapper;

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
    signs: Cmap<'static>,
    widths: Hmtx<'static>,
    units_per_em: i32,
    /// Its edges and heights, in thousandths of the size of letters.
    pub(super) metrics: Metrics,
    used: GlyphRemapper,
    /// By the number that a glyph has in the document: its width, and its sign.
    pub(super) glyphs: BTreeMap<u16, (i16, char)>,
}

/// Edges and heights of a whole font, in thousandths of the size of letters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metrics {
    pub(super) x: (i16, i16),
    pub(super) y: (i16, i16),
    pub(super) ascent: i16,
    pub(super) descent: i16,
    pub(super) cap_height: i16,
}

impl Font {
    pub(super) fn built_in() -> Option<Font> {
        let font = FontRef::from_index(FONT, FACE).ok()?;
        let (head, lines) = (font.head().ok()?, font.hhea().ok()?);
        let units_per_em = i32::from(head.units_per_em().max(1));
        let scaled = |units: i16| {
            let scaled = i32::from(units) * UNITS / units_per_em;
            i16::try_from(scaled).unwrap_or(i16::MAX)
        };
        let (ascent, descent) = (lines.ascender().to_i16(), lines.descender().to_i16());
        let cap_height = font.os2().ok().and_then(|os2| os2.s_cap_height()).unwrap_or(ascent);
        let metrics = Metrics {
            x: (scaled(head.x_min()), scaled(head.x_max())),
            y: (scaled(head.y_min()), scaled(head.y_max())),
            ascent: scaled(ascent),
            descent: scaled(descent),
            cap_height: scaled(cap_height),
        };
        let (signs, widths) = (font.cmap().ok()?, font.hmtx().ok()?);
        let (used, glyphs) = (GlyphRemapper::new(), BTreeMap::new());
        Some(Font { signs, widths, units_per_em, metrics, used, glyphs })
    }

    fn glyph(&self, sign: char) -> Option<GlyphId> {
        // Glyph 0 is that of no sign.
        let of = |sign| self.signs.map_codepoint(sign).filter(|glyph| *glyph != GlyphId::NOTDEF);
        of(sign).or_else(|| of(MISSING))
    }

    /// How wide a sign is, in thousandths of the size of letters.
    pub(super) fn width(&self, sign: char) -> i32 {
        let width = self.glyph(sign).and_then(|glyph| self.widths.advance(glyph));
        i32::from(width.unwrap_or_default()) * UNITS / self.units_per_em
    }

    /// A text in the numbers that its glyphs have in the document.
    pub(super) fn encode(&mut self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        for sign in text.chars() {
            let glyph = self.glyph(sign).and_then(|glyph| u16::try_from(glyph.to_u32()).ok());
            let Some(glyph) = glyph else { continue };
            let number = self.used.remap(glyph);
            let width = i16::try_from(self.width(sign)).unwrap_or(i16::MAX);
            self.glyphs.entry(number).or_insert((width, sign));
            bytes.extend(number.to_be_bytes());
        }
        bytes
    }

    /// The font with nothing but the glyphs that were used.
    pub(super) fn part(&self) -> Option<Vec<u8>> {
        subsetter::subset(FONT, FACE, &self.used).ok()
    }
}
