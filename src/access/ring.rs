//! The keys that are known, read strictly from their file: each names its holder, its role, and how the holder is recognised.
//! The file holds digests of secrets alone, so that whoever reads it cannot use them.

use crate::access::Actor;
use crate::access::Role;

use serde::Deserialize;
use sha2::Digest;
use sha2::Sha256;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Why a file of keys is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// It cannot be read.
    #[error("{0}")]
    Toml(String),
    /// A key is not as it should be.
    #[error("key `{name}`: {why}")]
    Key {
        /// Its name.
        name: String,
        /// What is wrong.
        why: &'static str,
    },
}

/// The keys that are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ring {
    by_digest: BTreeMap<String, Arc<Actor>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    key: Vec<Key>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    name: String,
    role: Role,
    #[serde(default)]
    facilities: BTreeSet<String>,
    #[serde(default)]
    secret_sha256: String,
    #[serde(default)]
    certificate_sha256: String,
}

/// The SHA-256 of a secret or of a certificate in DER, in hexadecimal.
pub fn fingerprint(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Ring {
    /// Reads a file of keys, all of it or nothing.
    pub fn read(text: &str) -> Result<Ring, RingError> {
        let file: File =
            toml::from_str(text).map_err(|error| RingError::Toml(error.message().to_owned()))?;
        let mut ring = Ring::default();
        let mut names = BTreeSet::new();
        for key in file.key {
            let wrong = |why| RingError::Key { name: key.name.clone(), why };
            if key.name.is_empty() || !names.insert(key.name.clone()) {
                return Err(wrong("each key has a name of its own"));
            }
            let own = matches!(key.role, Role::His | Role::Clerk | Role::Supervisor);
            if own == key.facilities.is_empty() {
                return Err(wrong(
                    "his, clerk and supervisor name their facilities, other roles none",
                ));
            }
            let given = [&key.secret_sha256, &key.certificate_sha256];
            if given.iter().all(|digest| digest.is_empty()) {
                return Err(wrong("`secret_sha256` or `certificate_sha256` is missing"));
            }
            let actor = Arc::new(Actor {
                name: key.name.clone(),
                roles: vec![key.role],
                facilities: key.facilities.clone(),
            });
            for digest in given.into_iter().filter(|digest| !digest.is_empty()) {
                let is_hex = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
                if !is_hex {
                    return Err(wrong("a SHA-256 has 64 hexadecimal digits"));
                }
                let digest = digest.to_ascii_lowercase();
                if ring.by_digest.insert(digest, Arc::clone(&actor)).is_some() {
                    return Err(wrong("another key has the same secret or certificate"));
                }
            }
        }
        Ok(ring)
    }

    /// Whose secret or certificate this is.
    pub fn holder(&self, shown: &[u8]) -> Option<Arc<Actor>> {
        self.by_digest.get(&fingerprint(shown)).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_what_its_digest_was_made_of() {
        let digest = fingerprint(b"secret");
        let text = format!(
            "[[key]]\nname = \"county\"\nrole = \"his\"\nfacilities = [\"H1\"]\nsecret_sha256 = \"{digest}\"\n"
        );
        let ring = Ring::read(&text).unwrap();
        assert_eq!(ring.holder(b"secret").unwrap().name, "county");
        assert_eq!(ring.holder(b"Secret"), None);
        assert_eq!(ring.holder(digest.as_bytes()), None, "the digest itself opens nothing");
    }

    #[test]
    fn a_file_that_is_not_as_it_should_be_is_refused_whole() {
        let digest = fingerprint(b"x");
        let key = |rest: &str| format!("[[key]]\nname = \"a\"\n{rest}\n");
        let secret = format!("secret_sha256 = \"{digest}\"");
        for (text, why) in [
            (key(&format!("role = \"king\"\n{secret}")), "unknown variant"),
            (key(&format!("role = \"his\"\n{secret}")), "name their facilities"),
            (
                key(&format!("role = \"auditor\"\nfacilities = [\"H\"]\n{secret}")),
                "other roles none",
            ),
            (key("role = \"auditor\""), "missing"),
            (key("role = \"auditor\"\nsecret_sha256 = \"12\""), "64 hexadecimal"),
            (key(&format!("role = \"auditor\"\nsecret = \"1\"\n{secret}")), "unknown field"),
            (key(&format!("role = \"auditor\"\n{secret}")).repeat(2), "name of its own"),
            (
                key(&format!("role = \"auditor\"\n{secret}"))
                    + &key(&format!("role = \"insurer\"\n{secret}")).replace("\"a\"", "\"b\""),
                "another key",
            ),
        ] {
            let error = Ring::read(&text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
