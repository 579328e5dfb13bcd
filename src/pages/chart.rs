//! Bars as SVG, without any style in them: what a piece looks like is its class. Lengths are whole thousandths of the bar.

use crate::money::Money;

use maud::Markup;
use maud::html;

/// The length of a whole bar.
const WHOLE: i128 = 1000;

/// A piece of a bar.
#[derive(Debug)]
pub(crate) struct Piece {
    /// Where it begins.
    pub(crate) from: Money,
    /// Where it ends.
    pub(crate) to: Money,
    /// Its class in the stylesheet.
    pub(crate) class: &'static str,
}

/// A horizontal bar. The numbers that it shows stand beside it as text, so it is hidden from readers of text.
#[derive(Debug)]
pub(crate) struct Bar {
    /// How much the whole length is.
    pub(crate) whole: Money,
    /// What is in it, later pieces over earlier ones.
    pub(crate) pieces: Vec<Piece>,
    /// Lines across it.
    pub(crate) lines: Vec<Money>,
}

impl Bar {
    /// A bar that is filled from its beginning.
    pub(crate) fn filled(part: Money, whole: Money, class: &'static str) -> Bar {
        let pieces = vec![Piece { from: Money::default(), to: part, class }];
        Bar { whole, pieces, lines: Vec::new() }
    }

    /// How far along the bar an amount lies.
    fn at(&self, amount: Money) -> i128 {
        let whole = self.whole.fen().max(1);
        (amount.fen().saturating_mul(WHOLE) / whole).clamp(0, WHOLE)
    }

    /// The bar.
    pub(crate) fn markup(&self) -> Markup {
        html! {
            svg .bars viewBox={ "0 0 " (WHOLE) " 24" } preserveAspectRatio="none" aria-hidden="true" focusable="false" {
                rect .track x="0" y="0" width=(WHOLE) height="24" {}
                @for piece in &self.pieces {
                    @let (from, to) = (self.at(piece.from), self.at(piece.to));
                    // What is not nothing is seen.
                    @let least = if piece.from == piece.to { 0 } else { 2 };
                    rect class=(piece.class) x=(from.min(WHOLE - least)) y="0"
                        width=((to - from).max(least)) height="24" {}
                }
                @for line in &self.lines {
                    @let at = self.at(*line);
                    line .mark x1=(at) x2=(at) y1="0" y2="24" {}
                }
            }
        }
    }
}
