//! Passwords (口令): kept as Argon2id hashes alone, with a salt each. What may be one, and how one is made for somebody.

use argon2::Argon2;
use argon2::PasswordHash;
use argon2::PasswordHasher;
use argon2::PasswordVerifier;
use serde::Deserialize;
use serde::Serialize;

use std::collections::BTreeSet;
use std::fmt;

/// Fewest signs of a password.
pub const SIGNS_MIN: usize = 10;
/// Most signs of a password.
pub const SIGNS_MAX: usize = 200;
/// Fewest different signs of a password.
const DIFFERENT_MIN: usize = 5;
/// Bytes of a salt.
const SALT_BYTES: usize = 16;
/// Signs of a password that is made for somebody; they cannot be taken for one another.
const ALPHABET: &[u8; 32] = b"23456789abcdefghjkmnpqrstuvwxyzA";
/// How many of them: 100 bits.
const ONE_TIME_SIGNS: usize = 20;

/// A password as it is kept: a PHC string of Argon2id.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hashed(String);

impl fmt::Debug for Hashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hashed(..)")
    }
}

impl Hashed {
    /// Hashes a password; none where the machine has no randomness to give.
    pub fn of(password: &str) -> Option<Hashed> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).ok()?;
        let hash: PasswordHash =
            Argon2::default().hash_password_with_salt(password.as_bytes(), &salt).ok()?;
        Some(Hashed(hash.to_string()))
    }

    /// Whether it was made of this password.
    pub fn fits(&self, password: &str) -> bool {
        // Nobody's password is longer; to hash more would be work for whoever asks for it.
        password.len() <= SIGNS_MAX * 4
            && PasswordHash::new(&self.0).is_ok_and(|hash| {
                Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
            })
    }
}

/// What is wrong with a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weak {
    /// Fewer signs than are asked for, or more.
    Length,
    /// The name is in it.
    Name,
    /// Hardly any different signs.
    Same,
    /// It is the one before.
    Before,
}

impl Weak {
    /// What is wrong, and what to do, in Chinese and English.
    pub fn said(self) -> (&'static str, &'static str) {
        match self {
            Weak::Length => {
                ("口令须为 10 至 200 个字符", "A password has at least 10 signs and at most 200")
            }
            Weak::Name => ("口令不得包含用户名", "The name must not be part of the password"),
            Weak::Same => {
                ("口令至少要有 5 种不同的字符", "A password has at least 5 different signs")
            }
            Weak::Before => ("新口令须与原口令不同", "The new password must not be the old one"),
        }
    }
}

/// Whether a text may be somebody's password.
pub fn check(password: &str, name: &str) -> Result<(), Weak> {
    if !(SIGNS_MIN..=SIGNS_MAX).contains(&password.chars().count()) {
        return Err(Weak::Length);
    }
    if password.to_lowercase().contains(&name.to_lowercase()) {
        return Err(Weak::Name);
    }
    let different: BTreeSet<char> = password.chars().collect();
    if different.len() < DIFFERENT_MIN { Err(Weak::Same) } else { Ok(()) }
}

/// A password for one use, to be typed from paper; none where the machine has no randomness to give.
pub fn one_time() -> Option<String> {
    let mut bytes = [0; ONE_TIME_SIGNS];
    getrandom::fill(&mut bytes).ok()?;
    let sign = |byte: &u8| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]);
    let groups: Vec<String> =
        bytes.chunks(5).map(|group| group.iter().map(sign).collect()).collect();
    Some(groups.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_fits_its_password_alone_and_is_never_the_same_twice() {
        let (one, other) = (Hashed::of("correct horse").unwrap(), Hashed::of("correct horse"));
        assert!(one.fits("correct horse") && !one.fits("Correct horse") && !one.fits(""));
        assert!(one.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", one.0);
        assert_ne!(Some(&one), other.as_ref());
        assert_eq!(format!("{one:?}"), "Hashed(..)");
        assert!(!one.fits(&"x".repeat(1000)));
        assert!(!Hashed("$argon2id$".to_owned()).fits("x"), "what is no hash fits nothing");
    }

    #[test]
    fn a_weak_password_is_refused_with_the_reason() {
        for (password, expected) in [
            ("short", Err(Weak::Length)),
            ("医保窗口结算员口令一二三", Ok(())),
            ("xx-Wang.Li-xx", Err(Weak::Name)),
            ("1212121212121", Err(Weak::Same)),
            ("correct horse", Ok(())),
        ] {
            assert_eq!(check(password, "wang.li"), expected, "{password}");
        }
        assert_eq!(check(&"abcdef".repeat(40), "wang"), Err(Weak::Length));
    }

    #[test]
    fn a_password_for_one_use_may_be_a_password_and_is_never_the_same_twice() {
        let one = one_time().unwrap();
        assert_eq!(one.len(), 23);
        assert_eq!(check(&one, "admin"), Ok(()));
        assert_ne!(one, one_time().unwrap());
    }
}
