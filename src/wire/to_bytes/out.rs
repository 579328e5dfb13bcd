//! Fields of a message, one behind the other. As everywhere in the contract, an empty text, 0 and false are left out.

use crate::calendar::Day;
use crate::money::Money;

use prost::encoding::encode_varint;
use prost::encoding::encoded_len_varint;

use std::fmt::Display;

/// What stands behind a field's number.
enum Wire {
    Number,
    Length,
}

/// What is written so far.
#[derive(Debug, Default)]
pub struct Out(Vec<u8>);

impl Out {
    /// With room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Out {
        Out(Vec::with_capacity(bytes))
    }

    /// How long it is. Unit: bytes.
    pub fn length(&self) -> usize {
        self.0.len()
    }

    /// All of it.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// A text.
    pub fn text(&mut self, tag: u32, text: &str) {
        if !text.is_empty() {
            self.element(tag, text.as_bytes());
        }
    }

    /// A text or message of a list, or a message that stands in bytes already.
    pub fn element(&mut self, tag: u32, bytes: &[u8]) {
        self.key(tag, Wire::Length);
        self.varint(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.0.extend_from_slice(bytes);
    }

    /// A number.
    pub fn number(&mut self, tag: u32, number: u64) {
        if number != 0 {
            self.given(tag, number);
        }
    }

    /// A number that is there even where it is 0.
    pub fn given(&mut self, tag: u32, number: u64) {
        self.key(tag, Wire::Number);
        self.varint(number);
    }

    /// Whether something holds.
    pub fn flag(&mut self, tag: u32, holds: bool) {
        self.number(tag, holds.into());
    }

    /// An amount.
    pub fn money(&mut self, tag: u32, amount: Money) {
        self.message(tag, |out| amount.write_to(&mut out.0));
    }

    /// An amount that may be left out.
    pub fn money_if_given(&mut self, tag: u32, amount: Option<Money>) {
        if let Some(amount) = amount {
            self.money(tag, amount);
        }
    }

    /// Another number, by its own `write_to`.
    pub fn decimal(&mut self, tag: u32, write_to: impl FnOnce(&mut Vec<u8>)) {
        self.message(tag, |out| write_to(&mut out.0));
    }

    /// A day.
    pub fn day(&mut self, tag: u32, day: Day) {
        self.element(tag, &day.text());
    }

    /// A text that is shown and not empty.
    pub fn shown(&mut self, tag: u32, value: impl Display) {
        self.element(tag, value.to_string().as_bytes());
    }

    /// Whatever has a length: a message of its own, field by field.
    pub fn message(&mut self, tag: u32, write: impl FnOnce(&mut Out)) {
        self.key(tag, Wire::Length);
        let place = self.0.len();
        // Most are shorter than 128 bytes, whose length is one byte; longer ones make room once they are written.
        self.0.push(0);
        write(self);
        let end = self.0.len();
        let length = u64::try_from(end - place - 1).unwrap_or(u64::MAX);
        match (one_byte(length), self.0.get_mut(place)) {
            (Some(byte), Some(room)) => *room = byte,
            _ => {
                let length_bytes = encoded_len_varint(length);
                self.0.resize(end + length_bytes - 1, 0);
                self.0.copy_within(place + 1..end, place + length_bytes);
                if let Some(mut room) = self.0.get_mut(place..place + length_bytes) {
                    encode_varint(length, &mut room);
                }
            }
        }
    }

    fn key(&mut self, tag: u32, wire: Wire) {
        let wire = match wire {
            Wire::Number => 0,
            Wire::Length => 2,
        };
        self.varint(u64::from(tag) << 3 | wire);
    }

    fn varint(&mut self, number: u64) {
        match one_byte(number) {
            Some(byte) => self.0.push(byte),
            None => encode_varint(number, &mut self.0),
        }
    }
}

/// A number as the one byte that it takes, if it takes no more.
fn one_byte(number: u64) -> Option<u8> {
    u8::try_from(number).ok().filter(|byte| byte.is_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_written_with_as_few_bytes_as_it_takes() {
        for length in [0, 1, 127, 128, 16_383, 16_384, 2_097_152] {
            let text = vec![b'x'; length];
            let mut around = Out::default();
            around.message(3, |out| out.0.extend_from_slice(&text));
            around.number(4, 7);
            let mut given = Out::default();
            given.element(3, &text);
            given.number(4, 7);
            assert!(around.0 == given.0, "{length}");
        }
    }
}
