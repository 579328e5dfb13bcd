//! The file around the pages: what it is called, its pages, and the font with the signs behind its glyphs.

use crate::pages::pdf::Paper;
use crate::pages::pdf::flow::FONT_NAME;
use crate::pages::pdf::font::Font;
use crate::pages::pdf::font::Metrics;

use pdf_writer::Finish;
use pdf_writer::Name;
use pdf_writer::Pdf;
use pdf_writer::Rect;
use pdf_writer::Ref;
use pdf_writer::Str;
use pdf_writer::TextStr;
use pdf_writer::types::CidFontType;
use pdf_writer::types::FontFlags;
use pdf_writer::types::SystemInfo;
use pdf_writer::types::UnicodeCmap;

/// The name of a part of a font begins with six letters of its own.
const FONT: Name<'static> = Name(b"ONSTOP+WenQuanYiMicroHei");
const SIGNS: Name<'static> = Name(b"Adobe-Identity-UCS");
const IDENTITY: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// The numbers of the objects that there are one of.
const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const INFO: Ref = Ref::new(3);
const TYPE0: Ref = Ref::new(4);
const CID: Ref = Ref::new(5);
const DESCRIPTOR: Ref = Ref::new(6);
const DATA: Ref = Ref::new(7);
const CMAP: Ref = Ref::new(8);
/// The first page; its content has the next number, and so on.
const FIRST: i32 = 9;

/// The whole file.
pub(super) fn document(
    paper: Paper,
    title: &str,
    pages: Vec<Vec<u8>>,
    font: &Font,
) -> Option<Vec<u8>> {
    let mut pdf = Pdf::new();
    let mut catalog = pdf.catalog(CATALOG);
    catalog.pages(PAGES);
    catalog.lang(TextStr("zh-CN"));
    catalog.finish();
    pdf.document_info(INFO).title(TextStr(title)).producer(TextStr("onestop"));
    let numbers = (FIRST..).step_by(2).map(Ref::new).zip(&pages);
    let kids: Vec<Ref> = numbers.clone().map(|(number, _)| number).collect();
    pdf.pages(PAGES).count(i32::try_from(kids.len()).ok()?).kids(kids);
    let (width, height) = paper.size();
    // The numbers of the file format are no integers; the page's own scale takes tenths of a point.
    let media = Rect::new(0.0, 0.0, (width / 10).into(), (height / 10).into());
    for (number, content) in numbers {
        let mut page = pdf.page(number);
        page.media_box(media).parent(PAGES).contents(Ref::new(number.get() + 1));
        page.resources().fonts().pair(FONT_NAME, TYPE0);
        page.finish();
        pdf.stream(Ref::new(number.get() + 1), content);
    }
    write_font(&mut pdf, font)?;
    Some(pdf.finish())
}

fn write_font(pdf: &mut Pdf, font: &Font) -> Option<()> {
    let mut outer = pdf.type0_font(TYPE0);
    outer.base_font(FONT).encoding_predefined(Name(b"Identity-H"));
    outer.descendant_font(CID).to_unicode(CMAP);
    outer.finish();
    let mut inner = pdf.cid_font(CID);
    inner.subtype(CidFontType::Type2).base_font(FONT).system_info(IDENTITY);
    inner.font_descriptor(DESCRIPTOR).cid_to_gid_map_predefined(Name(b"Identity"));
    let mut widths = inner.widths();
    for (glyph, (width, _)) in &font.glyphs {
        widths.same(*glyph, *glyph, (*width).into());
    }
    widths.finish();
    inner.finish();
    let Metrics { x, y, ascent, descent, cap_height } = font.metrics;
    pdf.font_descriptor(DESCRIPTOR)
        .name(FONT)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(x.0.into(), y.0.into(), x.1.into(), y.1.into()))
        .italic_angle(0.0)
        .ascent(ascent.into())
        .descent(descent.into())
        .cap_height(cap_height.into())
        .stem_v(80.0)
        .font_file2(DATA);
    let data = font.part()?;
    let length = i32::try_from(data.len()).ok()?;
    pdf.stream(DATA, &data).pair(Name(b"Length1"), length);
    let mut signs = UnicodeCmap::<u16>::new(SIGNS, IDENTITY);
    for (glyph, (_, sign)) in &font.glyphs {
        signs.pair(*glyph, *sign);
    }
    pdf.cmap(CMAP, &signs.finish());
    Some(())
}
