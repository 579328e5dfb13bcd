//! A QR code as SVG: it leads from the paper back to the sheet.

use crate::pages::pdf::Code;

use maud::Markup;
use maud::html;
use qrcodegen::QrCode;
use qrcodegen::QrCodeEcc;

/// White modules around the code, as its standard demands.
const QUIET: i32 = 4;

/// A code for a text; none for one that is too long.
pub(super) fn code(text: &str) -> Option<Code> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let side = 0..code.size();
    let all = side.clone().flat_map(|y| side.clone().map(move |x| (x, y)));
    let dark = all.filter(|(x, y)| code.get_module(*x, *y));
    let dark = dark.map(|(x, y)| (x + QUIET, y + QUIET)).collect();
    Some(Code { width: code.size() + 2 * QUIET, dark })
}

/// The code as a picture with words for whoever does not see it.
pub(super) fn picture(text: &str, label: &str) -> Markup {
    let Some(code) = code(text) else { return html! {} };
    let path: String = code.dark.iter().map(|(x, y)| format!("M{x} {y}h1v1h-1z")).collect();
    html! {
        svg .qr viewBox={ "0 0 " (code.width) " " (code.width) } role="img" aria-label=(label) shape-rendering="crispEdges" {
            rect width=(code.width) height=(code.width) fill="#fff" {}
            path d=(path) fill="#000" {}
        }
    }
}
