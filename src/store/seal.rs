//! What keeps the contents of the store's files from whoever only has the files (静态加密).
//!
//! A sealed content is the key's name (4 bytes), a random nonce (12), the encrypted content and its authentication tag (16). What it belongs to,
//! such as its sequence, is authenticated with it, so that none can be put in another's place. The first key of a key file seals; all
//! of them unseal, which is what makes a key replaceable.

use aes_gcm::Aes256Gcm;
use aes_gcm::AesGcm;
use aes_gcm::aead::Aead;
use aes_gcm::aead::KeyInit;
use aes_gcm::aead::Payload;
use aes_gcm::aead::consts::U12;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Hmac;
use hmac::Mac;
use sha2::Digest;
use sha2::Sha256;
use sm4::Sm4;

use std::fmt;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

const NAME_BYTES: usize = 4;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// What a sealed content is longer by. Unit: bytes.
pub(in crate::store) const OVERHEAD_BYTES: usize = NAME_BYTES + NONCE_BYTES + TAG_BYTES;

/// The keys of a store (密钥); none: nothing is sealed.
#[derive(Clone, Default)]
pub struct Seal(Option<Arc<[Key]>>);

/// Which cipher a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cipher {
    /// AES with 256 bits in Galois/Counter Mode.
    Aes256Gcm,
    /// SM4 (国密 GB/T 32907) in Galois/Counter Mode.
    Sm4Gcm,
}

impl Cipher {
    const ALL: [Cipher; 2] = [Cipher::Aes256Gcm, Cipher::Sm4Gcm];

    /// As a key file writes it.
    pub fn name(self) -> &'static str {
        match self {
            Cipher::Aes256Gcm => "aes-256-gcm",
            Cipher::Sm4Gcm => "sm4-gcm",
        }
    }

    /// Reads its name.
    pub fn parse(name: &str) -> Option<Cipher> {
        Cipher::ALL.into_iter().find(|cipher| cipher.name() == name)
    }

    fn key_bytes(self) -> usize {
        match self {
            Cipher::Aes256Gcm => 32,
            Cipher::Sm4Gcm => 16,
        }
    }
}

/// The name of a key: it tells keys apart and says nothing of them. `Display` writes 8 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyName([u8; NAME_BYTES]);

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

struct Key {
    name: KeyName,
    // The keys of AES are long, those of SM4 short.
    sealing: Sealing,
    /// What other secrets are derived from.
    root: [u8; 32],
}

enum Sealing {
    Aes(Box<Aes256Gcm>),
    Sm4(Box<AesGcm<Sm4, U12>>),
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The key file cannot be read.
    #[error("the key file `{}` cannot be read", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line is no key.
    #[error(
        "line {line} of the keys is none: a cipher, a space, and its key in base64 (`aes-256-gcm` 32 bytes, `sm4-gcm` 16); \
         `onestop ledger key` makes one"
    )]
    Line {
        /// Which line, from 1.
        line: usize,
    },
    /// There is no key in what was given.
    #[error("the keys that were given hold none; `onestop ledger key` makes one")]
    Empty,
    /// File and key are both given.
    #[error(
        "`store.key_file` and `store.key` are both given; one of them says which keys there are"
    )]
    Twice,
}

/// Why a content cannot be unsealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Unsealable {
    /// Its key is not among those that were given.
    NoKey(KeyName),
    /// It is not what was sealed, or not in its place.
    Broken,
}

impl Seal {
    /// No keys.
    pub const NONE: Seal = Seal(None);

    /// The keys of a file, or one that is given itself; neither: none.
    pub fn of(file: &Path, key: &str) -> Result<Seal, SealError> {
        match (file.as_os_str().is_empty(), key.is_empty()) {
            (true, true) => Ok(Seal::NONE),
            (true, false) => Seal::parse(key),
            (false, true) => {
                let read = |source| SealError::Read { path: file.to_owned(), source };
                Seal::parse(&std::fs::read_to_string(file).map_err(read)?)
            }
            (false, false) => Err(SealError::Twice),
        }
    }

    /// Reads keys, one a line; the first is what is sealed with. Empty lines and those that begin with `#` are skipped.
    pub fn parse(text: &str) -> Result<Seal, SealError> {
        let mut keys = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let key = Key::read(line).ok_or(SealError::Line { line: index + 1 })?;
            keys.push(key);
        }
        if keys.is_empty() { Err(SealError::Empty) } else { Ok(Seal(Some(keys.into()))) }
    }

    /// Whether contents are sealed.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The name of the key that is sealed with.
    pub fn name(&self) -> Option<KeyName> {
        self.first().map(|key| key.name)
    }

    /// A secret of the key that is sealed with, for one purpose; without keys the salt itself.
    pub(in crate::store) fn derived(&self, salt: [u8; 16]) -> [u8; 16] {
        let Some(key) = self.first() else { return salt };
        let whole = keyed(&key.root, &salt);
        whole.first_chunk().copied().unwrap_or(salt)
    }

    /// How much longer a content is when it is sealed. Unit: bytes.
    pub(in crate::store) fn overhead(&self) -> usize {
        if self.is_on() { OVERHEAD_BYTES } else { 0 }
    }

    /// Seals a content for its place; without keys there is nothing to do.
    pub(in crate::store) fn seal(
        &self,
        place: &[u8],
        content: &[u8],
    ) -> io::Result<Option<Vec<u8>>> {
        let Some(key) = self.first() else { return Ok(None) };
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(io::Error::other)?;
        let payload = Payload { msg: content, aad: place };
        let sealed = match &key.sealing {
            Sealing::Aes(cipher) => cipher.encrypt(&nonce.into(), payload),
            Sealing::Sm4(cipher) => cipher.encrypt(&nonce.into(), payload),
        };
        let sealed = sealed.map_err(|_| io::Error::other("a content cannot be sealed"))?;
        let mut bytes = Vec::with_capacity(NAME_BYTES + NONCE_BYTES + sealed.len());
        bytes.extend_from_slice(&key.name.0);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Ok(Some(bytes))
    }

    /// Unseals what `seal` made for the same place.
    pub(in crate::store) fn unseal(
        &self,
        place: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, Unsealable> {
        let (name, rest) = name_of(sealed).ok_or(Unsealable::Broken)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(Unsealable::Broken)?;
        let keys = self.0.as_deref().unwrap_or_default();
        let key = keys.iter().find(|key| key.name == name).ok_or(Unsealable::NoKey(name))?;
        let payload = Payload { msg: sealed, aad: place };
        let content = match &key.sealing {
            Sealing::Aes(cipher) => cipher.decrypt(&(*nonce).into(), payload),
            Sealing::Sm4(cipher) => cipher.decrypt(&(*nonce).into(), payload),
        };
        content.map_err(|_| Unsealable::Broken)
    }

    fn first(&self) -> Option<&Key> {
        self.0.as_deref().and_then(<[Key]>::first)
    }
}

impl fmt::Debug for Seal {
    /// Names only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.as_deref().unwrap_or_default();
        f.debug_list().entries(keys.iter().map(|key| key.name)).finish()
    }
}

impl Key {
    fn read(line: &str) -> Option<Key> {
        let (cipher, secret) = line.split_once(' ')?;
        Key::of(Cipher::parse(cipher)?, &STANDARD.decode(secret.trim()).ok()?)
    }

    fn of(cipher: Cipher, secret: &[u8]) -> Option<Key> {
        let sealing = match cipher {
            Cipher::Aes256Gcm => Sealing::Aes(Box::new(Aes256Gcm::new_from_slice(secret).ok()?)),
            Cipher::Sm4Gcm => Sealing::Sm4(Box::new(AesGcm::new_from_slice(secret).ok()?)),
        };
        let name = Sha256::digest([b"onestop key", cipher.name().as_bytes(), secret].concat());
        let root = keyed(secret, b"onestop root");
        Some(Key { name: KeyName(*name.first_chunk()?), sealing, root })
    }
}

/// The name of the key that a content was sealed with, and what follows it.
pub(in crate::store) fn name_of(sealed: &[u8]) -> Option<(KeyName, &[u8])> {
    sealed.split_first_chunk().map(|(name, rest)| (KeyName(*name), rest))
}

/// HMAC-SHA256.
fn keyed(key: &[u8], of: &[u8]) -> [u8; 32] {
    // A key of any length is taken.
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mac| mac.chain_update(of).finalize().into_bytes().into())
        .unwrap_or_default()
}

/// A new key, as a line of a key file.
pub fn new_key(cipher: Cipher) -> io::Result<String> {
    let mut secret = vec![0; cipher.key_bytes()];
    getrandom::fill(&mut secret).map_err(io::Error::other)?;
    Ok(format!("{} {}", cipher.name(), STANDARD.encode(secret)))
}

/// Where a store is, and what it is sealed with.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// Its directory.
    pub directory: &'p Path,
    /// Its keys.
    pub seal: &'p Seal,
}

impl<'p> Place<'p> {
    /// A store without keys.
    pub fn unsealed(directory: &'p Path) -> Place<'p> {
        Place { directory, seal: &Seal::NONE }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seals() -> [Seal; 2] {
        Cipher::ALL.map(|cipher| Seal::parse(&new_key(cipher).unwrap()).unwrap())
    }

    #[test]
    fn what_is_sealed_is_unsealed_in_its_place_only() {
        for seal in seals() {
            for content in [b"".as_slice(), b"x", &[7; 5000]] {
                let sealed = seal.seal(b"1", content).unwrap().unwrap();
                assert_eq!(sealed.len(), content.len() + OVERHEAD_BYTES);
                assert_eq!(seal.unseal(b"1", &sealed).unwrap(), content);
                assert_eq!(seal.unseal(b"2", &sealed), Err(Unsealable::Broken));
            }
            let again = [(); 2].map(|()| seal.seal(b"1", b"the same").unwrap());
            assert_ne!(again[0], again[1], "two sealings of one content differ");
        }
    }

    #[test]
    fn every_changed_bit_is_found() {
        for seal in seals() {
            let sealed = seal.seal(b"1", b"content").unwrap().unwrap();
            for at in 0..sealed.len() * 8 {
                let mut changed = sealed.clone();
                changed[at / 8] ^= 1 << (at % 8);
                assert!(seal.unseal(b"1", &changed).is_err(), "bit {at}");
            }
            for length in 0..sealed.len() {
                assert!(seal.unseal(b"1", &sealed[..length]).is_err(), "length {length}");
            }
        }
    }

    #[test]
    fn sm4_gcm_is_as_rfc_8998_has_it() {
        let bytes = |hex: &str| -> Vec<u8> {
            let pairs = hex.as_bytes().chunks(2);
            pairs.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
        };
        let key = bytes("0123456789abcdeffedcba9876543210");
        let seal = Seal::parse(&format!("sm4-gcm {}", STANDARD.encode(key))).unwrap();
        let mut sealed = seal.name().unwrap().0.to_vec();
        sealed.extend(bytes(concat!(
            "00001234567800000000abcd",
            "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735",
            "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d",
            "83de3541e4c2b58177e065a9bf7b62ec",
        )));
        let place = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let content = [0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 0xee, 0xaa].map(|byte: u8| [byte; 8]);
        assert_eq!(seal.unseal(&place, &sealed).unwrap(), content.concat());
    }

    #[test]
    fn the_first_key_seals_and_all_unseal() {
        let [old, new] = Cipher::ALL.map(|cipher| new_key(cipher).unwrap());
        let before = Seal::parse(&old).unwrap();
        let after = Seal::parse(&format!("# since May\n{new}\n\n{old}\n")).unwrap();
        let sealed = before.seal(b"1", b"content").unwrap().unwrap();
        assert_eq!(after.unseal(b"1", &sealed).unwrap(), b"content");
        let sealed = after.seal(b"1", b"content").unwrap().unwrap();
        let name = after.name().unwrap();
        assert_eq!(name_of(&sealed).unwrap().0, name);
        assert_eq!(before.unseal(b"1", &sealed), Err(Unsealable::NoKey(name)));
        assert_eq!(Seal::NONE.unseal(b"1", &sealed), Err(Unsealable::NoKey(name)));
    }

    #[test]
    fn derived_secrets_depend_on_key_and_salt() {
        let [one, other] = seals();
        assert_eq!(one.derived([1; 16]), one.derived([1; 16]));
        assert_ne!(one.derived([1; 16]), one.derived([2; 16]));
        assert_ne!(one.derived([1; 16]), other.derived([1; 16]));
        assert_eq!(Seal::NONE.derived([1; 16]), [1; 16]);
    }

    #[test]
    fn what_is_no_key_is_named_by_its_line_and_never_shown() {
        let key = new_key(Cipher::Aes256Gcm).unwrap();
        let secret = key.split_once(' ').unwrap().1;
        for (text, line) in [
            (format!("\n{secret}"), 2),
            (format!("aes-128-gcm {secret}"), 1),
            (format!("sm4-gcm {secret}"), 1),
            (format!("{key}\naes-256-gcm {}", &secret[4..]), 2),
            (format!("{key}="), 1),
        ] {
            let error = Seal::parse(&text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("line {line} ")), "{error}");
            assert!(!error.contains(&secret[..8]), "{error}");
        }
        assert!(matches!(Seal::parse("# none\n"), Err(SealError::Empty)));
        let shown = format!("{:?}", Seal::parse(&key).unwrap());
        assert!(shown.len() < 40 && !shown.contains(&secret[..8]), "{shown}");
    }
}
