//! ID tokens (身份令牌): a JWT in compact form, signed with RS256 or ES256 by a key of the provider's set. Pure: whatever is not as it
//! must be is refused, and nothing of a token is believed before its signature holds.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::ECDSA_P256_SHA256_FIXED;
use ring::signature::RSA_PKCS1_2048_8192_SHA256;
use ring::signature::RsaPublicKeyComponents;
use ring::signature::UnparsedPublicKey;
use serde_json::Value;

/// How far clocks may be apart. Unit: seconds.
const APART_S: i64 = 60;

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It has not the form of a token.
    #[error("it is no token")]
    Form,
    /// It is signed with something else.
    #[error("it is not signed with RS256 or ES256")]
    Algorithm,
    /// The provider has no such key.
    #[error("its key is not among the provider's")]
    Key,
    /// The signature does not fit.
    #[error("its signature is wrong")]
    Signature,
    /// Another provider made it.
    #[error("it is of another issuer")]
    Issuer,
    /// It is for another client.
    #[error("it is for another client")]
    Audience,
    /// Its time is over, or has not begun.
    #[error("its time is over, or has not begun")]
    Expired,
    /// It answers another login.
    #[error("it answers another login")]
    Nonce,
}

/// A key of the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    id: Option<String>,
    public: Public,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Public {
    Rs256 { n: Vec<u8>, e: Vec<u8> },
    Es256 { point: Vec<u8> },
}

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Who must have made it.
    pub issuer: &'a str,
    /// For whom.
    pub client: &'a str,
    /// For which login.
    pub nonce: &'a str,
    /// Unit: seconds since 1970.
    pub now_s: i64,
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

/// The keys of a set that can sign tokens; others are passed over.
pub fn keys(set: &Value) -> Vec<Key> {
    let all = set.get("keys").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    all.iter().filter_map(key).collect()
}

fn key(one: &Value) -> Option<Key> {
    let text = |name: &str| one.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|for_what| for_what != "sig") {
        return None;
    }
    let public = match text("kty")? {
        "RSA" => Public::Rs256 { n: bytes(text("n")?)?, e: bytes(text("e")?)? },
        "EC" if text("crv") == Some("P-256") => {
            let (x, y) = (bytes(text("x")?)?, bytes(text("y")?)?);
            Public::Es256 { point: [vec![4], x, y].concat() }
        }
        _ => return None,
    };
    Some(Key { id: text("kid").map(str::to_owned), public })
}

impl Key {
    /// Whether it signed a text, with the algorithm that the token names: no key serves for two.
    fn signed(&self, algorithm: &str, text: &[u8], signature: &[u8]) -> bool {
        match (&self.public, algorithm) {
            (Public::Rs256 { n, e }, "RS256") => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, text, signature)
                .is_ok(),
            (Public::Es256 { point }, "ES256") => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                    .verify(text, signature)
                    .is_ok()
            }
            _ => false,
        }
    }
}

/// What a token says, if all of it holds.
pub fn verify(token: &str, keys: &[Key], expected: Expected<'_>) -> Result<Value, TokenError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Form)?;
    let (head, body) = signed.split_once('.').ok_or(TokenError::Form)?;
    let read = |part: &str| {
        let json = bytes(part).ok_or(TokenError::Form)?;
        serde_json::from_slice::<Value>(&json).map_err(|_| TokenError::Form)
    };
    let (head, signature) = (read(head)?, bytes(signature).ok_or(TokenError::Form)?);
    let algorithm = head.get("alg").and_then(Value::as_str).unwrap_or_default();
    if !matches!(algorithm, "RS256" | "ES256") || head.get("crit").is_some() {
        return Err(TokenError::Algorithm);
    }
    let id = head.get("kid").and_then(Value::as_str);
    let fits = |key: &&Key| id.is_none() || key.id.as_deref() == id;
    let mut candidates = keys.iter().filter(fits).peekable();
    if candidates.peek().is_none() {
        return Err(TokenError::Key);
    }
    if !candidates.any(|key| key.signed(algorithm, signed.as_bytes(), &signature)) {
        return Err(TokenError::Signature);
    }
    let claims = read(body)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let at = |name: &str| claims.get(name).and_then(Value::as_i64);
    if text("iss") != Some(expected.issuer) {
        return Err(TokenError::Issuer);
    }
    let audience: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let party = text("azp").is_none_or(|party| party == expected.client);
    let is_for_us = audience.contains(&expected.client)
        && party
        && (audience.len() == 1 || text("azp").is_some());
    if !is_for_us {
        return Err(TokenError::Audience);
    }
    let ends = at("exp").ok_or(TokenError::Expired)?;
    let begins = at("nbf").into_iter().chain(at("iat")).max().unwrap_or(i64::MIN);
    if ends.saturating_add(APART_S) <= expected.now_s
        || expected.now_s < begins.saturating_sub(APART_S)
    {
        return Err(TokenError::Expired);
    }
    if text("nonce") == Some(expected.nonce) { Ok(claims) } else { Err(TokenError::Nonce) }
}

#[cfg(test)]
mod tests {
    use super::*;

    use ring::rand::SystemRandom;
    use ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
    use ring::signature::EcdsaKeyPair;
    use ring::signature::KeyPair;
    use serde_json::json;

    fn pair() -> EcdsaKeyPair {
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let der = der.as_ref();
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random).unwrap()
    }

    fn set(pair: &EcdsaKeyPair) -> Vec<Key> {
        let point = pair.public_key().as_ref();
        let (x, y) = (URL_SAFE_NO_PAD.encode(&point[1..33]), URL_SAFE_NO_PAD.encode(&point[33..]));
        let key = json!({"kty": "EC", "crv": "P-256", "kid": "k", "use": "sig", "x": x, "y": y});
        let other = json!({"kty": "oct", "kid": "k", "k": "AAAA"});
        keys(&json!({ "keys": [other, key] }))
    }

    fn token(pair: &EcdsaKeyPair, head: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(head), part(claims));
        let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    const EXPECTED: Expected<'static> =
        Expected { issuer: "https://idp", client: "onestop", nonce: "n", now_s: 1000 };

    fn claims() -> Value {
        json!({"iss": "https://idp", "aud": "onestop", "exp": 1300, "iat": 1000, "nonce": "n"})
    }

    #[test]
    fn a_token_is_believed_only_if_all_of_it_holds() {
        let pair = pair();
        let keys = set(&pair);
        let head = json!({"alg": "ES256", "kid": "k"});
        let with = |name: &str, value: Value| {
            let mut claims = claims();
            claims[name] = value;
            claims
        };
        for (claims, expected) in [
            (claims(), Ok(())),
            (with("aud", json!(["onestop"])), Ok(())),
            (with("exp", json!(941)), Ok(())),
            (with("exp", json!(940)), Err(TokenError::Expired)),
            (with("exp", Value::Null), Err(TokenError::Expired)),
            (with("iat", json!(1061)), Err(TokenError::Expired)),
            (with("nbf", json!(2000)), Err(TokenError::Expired)),
            (with("iss", json!("https://idp/")), Err(TokenError::Issuer)),
            (with("aud", json!("another")), Err(TokenError::Audience)),
            (with("aud", json!(["onestop", "another"])), Err(TokenError::Audience)),
            (with("azp", json!("another")), Err(TokenError::Audience)),
            (with("nonce", json!("m")), Err(TokenError::Nonce)),
            (with("nonce", Value::Null), Err(TokenError::Nonce)),
        ] {
            let outcome = verify(&token(&pair, &head, &claims), &keys, EXPECTED);
            assert_eq!(outcome.map(|_| ()), expected, "{claims}");
        }
    }

    #[test]
    fn a_token_that_nobody_signed_or_another_did_is_refused() {
        let (one, another) = (pair(), pair());
        let keys = set(&one);
        let head = json!({"alg": "ES256", "kid": "k"});
        let good = token(&one, &head, &claims());
        let ask = |token: &str| verify(token, &keys, EXPECTED).map(|_| ());
        assert_eq!(ask(&good), Ok(()));
        assert_eq!(ask(&token(&another, &head, &claims())), Err(TokenError::Signature));
        let other = json!({"alg": "ES256", "kid": "l"});
        assert_eq!(ask(&token(&one, &other, &claims())), Err(TokenError::Key));
        for algorithm in ["none", "HS256", "RS384", ""] {
            let head = json!({"alg": algorithm, "kid": "k"});
            let outcome = ask(&token(&one, &head, &claims()));
            assert_eq!(outcome, Err(TokenError::Algorithm), "{algorithm}");
        }
        // The key of one algorithm does not serve for another.
        let head = json!({"alg": "RS256", "kid": "k"});
        assert_eq!(ask(&token(&one, &head, &claims())), Err(TokenError::Signature));
        let parts: Vec<&str> = good.split('.').collect();
        let forged = URL_SAFE_NO_PAD.encode(claims().to_string().replace("1300", "9300"));
        for text in [
            "".to_owned(),
            "a.b".to_owned(),
            "a.b.c".to_owned(),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{forged}.{}", parts[0], parts[2]),
        ] {
            assert!(ask(&text).is_err(), "{text}");
        }
    }
}
