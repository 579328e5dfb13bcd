//! The digest that ties each record to all records before it.

use sha2::Digest as _;
use sha2::Sha256;
use std::fmt;

/// A SHA-256 over a record and the digest before it (摘要). Spec 9.7.
///
/// `Display` writes, and `parse` reads, 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// What stands before the first record: zeros.
    pub const GENESIS: Digest = Digest([0; 32]);

    /// The digest of a record: SHA-256 of the digest before it, its sequence (little-endian) and its content.
    pub fn of(previous: &Digest, sequence: u64, content: &[u8]) -> Digest {
        let mut hash = Sha256::new();
        hash.update(previous.0);
        hash.update(sequence.to_le_bytes());
        hash.update(content);
        Digest(hash.finalize().into())
    }

    /// Reads 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Digest> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = nibble(*high)? * 16 + nibble(*low)?;
        }
        Some(Digest(bytes))
    }

    /// Takes the bytes as they stand in a file.
    pub fn from_bytes(bytes: [u8; 32]) -> Digest {
        Digest(bytes)
    }

    /// The bytes as they stand in a file.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The value of a lower-case hexadecimal digit.
fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'0'; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        let digest = Digest::of(&Digest::GENESIS, 1, b"content");
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
        assert_eq!(Digest::parse(&"0".repeat(64)), Some(Digest::GENESIS));
    }

    #[test]
    fn what_is_not_64_lower_case_hexadecimal_digits_is_no_digest() {
        for text in ["", "00", &"0".repeat(63), &"0".repeat(65), &"A".repeat(64), &"g".repeat(64)] {
            assert_eq!(Digest::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_digest_is_sha_256_of_previous_sequence_and_content() {
        let mut bytes = vec![0; 32];
        bytes.extend_from_slice(&[7, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend_from_slice(b"abc");
        let expected: [u8; 32] = Sha256::digest(&bytes).into();
        assert_eq!(Digest::of(&Digest::GENESIS, 7, b"abc").as_bytes(), &expected);
    }
}
