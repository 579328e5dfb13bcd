//! What entries are found by. A key is a keyed hash (SipHash-2-4, 128 bits) of its kind and parts, so that neither names nor numbers
//! stand in the index, and nobody can choose identifiers that meet.

use crate::accumulators::AccumulatorKey;
use crate::store::index::posting::Key;

use siphasher::sip128::Hasher128;
use siphasher::sip128::SipHasher24;

use std::hash::Hasher;

/// The secret of an index. Unit: bytes.
pub(super) const SECRET_BYTES: usize = 16;

/// How many characters of a name can be asked for; what is asked beyond is compared with the names found.
pub(in crate::store) const NAME_CHARACTERS_MAX: usize = 6;

/// Makes keys.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Keys {
    hasher: SipHasher24,
}

impl Keys {
    /// With a secret.
    pub(super) fn new(secret: &[u8; SECRET_BYTES]) -> Keys {
        Keys { hasher: SipHasher24::new_with_key(secret) }
    }

    /// Says which secret it was, without saying it.
    pub(super) fn fingerprint(&self) -> u64 {
        let bytes = self.of(b'!', &[]).0.to_le_bytes();
        bytes.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    /// A person: each write that put him, and where in it.
    pub(in crate::store) fn person(&self, id: &str) -> Key {
        self.of(b'p', &[id])
    }

    /// A facility, likewise.
    pub(in crate::store) fn facility(&self, id: &str) -> Key {
        self.of(b'f', &[id])
    }

    /// The catalogue entries of an item code, likewise.
    pub(in crate::store) fn items(&self, code: &str) -> Key {
        self.of(b'i', &[code])
    }

    /// Persons with a number of an identity document, likewise; small letters are capitals here.
    pub(in crate::store) fn certificate(&self, number: &str) -> Key {
        self.of(b'c', &[&number.to_uppercase()])
    }

    /// Persons whose names begin so, likewise.
    pub(in crate::store) fn named(&self, beginning: &str) -> Key {
        self.of(b'j', &[beginning])
    }

    /// All writes to registers.
    pub(in crate::store) fn register_writes(&self) -> Key {
        self.of(b'w', &[])
    }

    /// All records of the back office.
    pub(in crate::store) fn office_records(&self) -> Key {
        self.of(b'B', &[])
    }

    /// The entries of a benefit year; the detail says whether one undoes the latest that stands.
    pub(in crate::store) fn year(&self, of: &AccumulatorKey) -> Key {
        let year = of.benefit_year.to_string();
        self.of(b'k', &[of.person.as_str(), &of.insutype, &of.family, &year])
    }

    /// The reversal of an entry.
    pub(in crate::store) fn reversal_of(&self, number: u64) -> Key {
        self.of(b'x', &[&number.to_string()])
    }

    /// What a request made.
    pub(in crate::store) fn request(&self, facility: &str, request: &str) -> Key {
        self.of(b'r', &[facility, request])
    }

    /// The settlements of an admission.
    pub(in crate::store) fn admission(&self, facility: &str, admission: &str) -> Key {
        self.of(b'd', &[facility, admission])
    }

    /// The opening balances of a year with a reference.
    pub(in crate::store) fn opening(&self, of: &AccumulatorKey, opening: &str) -> Key {
        let year = of.benefit_year.to_string();
        self.of(b'o', &[of.person.as_str(), &of.insutype, &of.family, &year, opening])
    }

    /// The opening balances that an office loaded under a reference.
    pub(in crate::store) fn office_opening(&self, facility: &str, opening: &str) -> Key {
        self.of(b'q', &[facility, opening])
    }

    /// All settlements.
    pub(in crate::store) fn settlements(&self) -> Key {
        self.of(b's', &[])
    }

    /// The settlements of a person.
    pub(in crate::store) fn settlements_of_person(&self, person: &str) -> Key {
        self.of(b't', &[person])
    }

    /// The settlements of a facility.
    pub(in crate::store) fn settlements_of_facility(&self, facility: &str) -> Key {
        self.of(b'u', &[facility])
    }

    /// The settlements of a facility on a day.
    pub(in crate::store) fn settlements_of_day(&self, facility: &str, day: &str) -> Key {
        self.of(b'y', &[facility, day])
    }

    /// All reversals on a day; the detail is the number of what was undone.
    pub(in crate::store) fn reversals_of_day(&self, day: &str) -> Key {
        self.of(b'R', &[day])
    }

    /// The entries of a visit; the detail says whether one says how the visit stands.
    pub(in crate::store) fn visit(&self, facility: &str, visit: &str) -> Key {
        self.of(b'v', &[facility, visit])
    }

    /// The writes to the fee lines of a visit.
    pub(in crate::store) fn lines_of_visit(&self, facility: &str, visit: &str) -> Key {
        self.of(b'l', &[facility, visit])
    }

    /// The writes to a fee line; the detail is its place among the write's lines, from 1, or 0 where it was taken back.
    pub(in crate::store) fn line_of_visit(&self, facility: &str, visit: &str, line: &str) -> Key {
        self.of(b'L', &[facility, visit, line])
    }

    /// The settlements of a visit.
    pub(in crate::store) fn settlements_of_visit(&self, facility: &str, visit: &str) -> Key {
        self.of(b'g', &[facility, visit])
    }

    /// The visits of a person, by the write that opened them.
    pub(in crate::store) fn visits_of_person(&self, person: &str) -> Key {
        self.of(b'n', &[person])
    }

    /// The visits of a facility, by the write that opened them.
    pub(in crate::store) fn visits_of_facility(&self, facility: &str) -> Key {
        self.of(b'z', &[facility])
    }

    /// Identifiers have no control characters, so a zero byte can part them.
    fn of(&self, kind: u8, parts: &[&str]) -> Key {
        let mut hasher = self.hasher;
        hasher.write(&[kind]);
        for part in parts {
            hasher.write(part.as_bytes());
            hasher.write(&[0]);
        }
        Key(hasher.finish128().as_u128())
    }
}
