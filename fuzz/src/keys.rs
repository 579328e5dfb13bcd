//! What an operator writes, and what an identity provider says: configuration, keys of callers, keys of the store, tokens.

use crate::scratch;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use onestop::access::Ring;
use onestop::config::Config;
use onestop::oidc::token::Expected;
use onestop::oidc::token::keys;
use onestop::oidc::token::verify;
use onestop::store::seal::Seal;
use ring::rand::SystemRandom;
use ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
use ring::signature::EcdsaKeyPair;
use ring::signature::KeyPair;

use std::fs;
use std::path::PathBuf;
use std::str;
use std::sync::LazyLock;

static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| scratch::folder("configuration").join("onestop.toml"));

/// A configuration file, with the environment behind a line of `---`: `NAME=value` in each line.
pub fn configuration(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let (file, environment) = text.split_once("\n---\n").unwrap_or((text, ""));
    fs::write(&*FILE, file).expect("a scratch file");
    let pairs = environment.lines().filter_map(|line| line.split_once('='));
    let pairs = pairs.map(|(name, value)| (format!("ONESTOP_{name}"), value.to_owned()));
    match Config::read(Some(&FILE), pairs) {
        Ok(config) => {
            let _ = config.is_private();
            // A secret is not in what may be logged.
            let said = format!("{:?}", config.store.key);
            assert_eq!(said, if config.store.key.text().is_empty() { "none" } else { "hidden" });
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Keys of callers.
pub fn access_keys(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    match Ring::read(text) {
        Ok(ring) => assert!(ring.holder(b"nobody's").is_none()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// Keys of the store: taken whole, and never told.
pub fn store_key(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    match Seal::parse(text) {
        Ok(seal) => assert!(seal.is_on() && seal.name().is_some()),
        Err(error) => {
            let said = error.to_string();
            for word in text.split_whitespace().filter(|word| 16 < word.len()) {
                assert!(!said.contains(word), "a key is in a complaint");
            }
        }
    }
}

static PAIR: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    let der = der.expect("a key pair");
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random)
        .expect("a key pair")
});

const EXPECTED: Expected<'static> =
    Expected { issuer: "https://idp", client: "onestop", nonce: "n", now_s: 1000 };

/// The provider's keys, a token, or a header and claims that are signed here: three parts, each behind a line of `---`.
pub fn token(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let mut parts = text.splitn(3, "\n---\n");
    let (set, token, claims) = (parts.next(), parts.next(), parts.next());
    let set = set.and_then(|set| serde_json::from_str(set).ok()).unwrap_or_default();
    if let Some(token) = token {
        // Whoever has not the key cannot make a token that holds, and the keys of a seed are of no use to anybody.
        assert!(verify(token, &keys(&set), EXPECTED).is_err());
    }
    let Some(claims) = claims else { return };
    let point = PAIR.public_key().as_ref();
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let own = serde_json::json!({"keys": [{
        "kty": "EC", "crv": "P-256", "kid": "k", "x": part(&point[1..33]), "y": part(&point[33..]),
    }]});
    let signed = format!("{}.{}", part(br#"{"alg":"ES256","kid":"k"}"#), part(claims.as_bytes()));
    let signature = PAIR.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
    let token = format!("{signed}.{}", part(signature.as_ref()));
    if let Ok(said) = verify(&token, &keys(&own), EXPECTED) {
        assert_eq!(said["iss"], EXPECTED.issuer);
        assert_eq!(said["nonce"], EXPECTED.nonce);
        assert!(said["exp"].as_i64().is_some_and(|ends| EXPECTED.now_s < ends + 60));
    }
}
