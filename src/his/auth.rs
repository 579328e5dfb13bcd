//! Who may ask: the two header schemes that gateways use (`_api_*` and `x-tif-*`), and what clients expect to hear where a
//! signature does not hold. HN 4.5.

use crate::calendar::Moment;
use crate::config::HisConfig;
use crate::config::HisKey;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use sha1::Sha1;
use sha2::Digest;
use sha2::Sha256;

/// The headers of a request that authenticate it, names in small letters.
#[derive(Debug, Clone, Default)]
pub struct Headers(pub Vec<(String, String)>);

impl Headers {
    /// Whether a header is one of those that authenticate.
    pub fn concerns(name: &str) -> bool {
        name.starts_with("_api_") || name.starts_with("x-tif-")
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }
}

/// Why a request is not taken, in the words that clients know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// A header is missing.
    Missing,
    /// The signature is too old, or of a time to come.
    Outdated,
    /// Nobody has this key, or it is not for this facility.
    Unknown,
    /// The signature does not fit.
    Differs,
    /// The signature was used before.
    Replayed,
}

impl Refused {
    /// The answer, which has no envelope.
    pub(super) fn answer(self) -> String {
        let message = match self {
            Refused::Missing => "缺少服务网关的请求头!",
            Refused::Outdated => "签名时间戳超时!",
            Refused::Unknown => "非法用户!",
            Refused::Differs => "签名不一致!",
            Refused::Replayed => "签名已使用过,请重新签名!",
        };
        format!("{{\"code\":401,\"message\":\"{message}\"}}")
    }
}

/// A signature that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signed<'c> {
    /// The key that signed.
    pub(super) key: &'c HisKey,
    /// What was signed: another request of the same key has the same only where the scheme has nothing that tells them apart.
    pub(super) message: String,
    /// Whether what was signed holds a nonce, and so is of one request alone.
    pub(super) has_nonce: bool,
    /// When it says that it was signed. Unit: milliseconds since 1970.
    pub(super) at: i64,
    /// Whether it says so in whole seconds.
    pub(super) in_seconds: bool,
}

/// Who signed a request.
pub(super) fn signer<'c>(
    config: &'c HisConfig,
    headers: &Headers,
    now: Moment,
) -> Result<Signed<'c>, Refused> {
    let known = |id: &str| config.keys.iter().find(|key| key.id == id).ok_or(Refused::Unknown);
    if headers.get("x-tif-signature").is_some() {
        let get = |name| headers.get(name).ok_or(Refused::Missing);
        let (id, at) = (get("x-tif-paasid")?, get("x-tif-timestamp")?);
        let (nonce, signature) = (get("x-tif-nonce")?, get("x-tif-signature")?);
        let millis = in_time(config, at, now)?;
        let key = known(id)?;
        let digest = Sha256::digest(format!("{at}{}{nonce}{at}", key.secret).as_bytes());
        let expected: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let message = format!("{id}\n{at}\n{nonce}");
        let signed =
            Signed { key, message, has_nonce: true, at: millis, in_seconds: at.len() == 10 };
        return same(&expected, &signature.to_ascii_lowercase())
            .then_some(signed)
            .ok_or(Refused::Differs);
    }
    let get = |name| headers.get(name).ok_or(Refused::Missing);
    let (id, name) = (get("_api_access_key")?, get("_api_name")?);
    let (at, version) = (get("_api_timestamp")?, get("_api_version")?);
    let signature = get("_api_signature")?;
    let millis = in_time(config, at, now)?;
    let key = known(id)?;
    let message =
        format!("_api_access_key={id}&_api_name={name}&_api_timestamp={at}&_api_version={version}");
    let mut mac =
        Hmac::<Sha1>::new_from_slice(key.secret.as_bytes()).map_err(|_| Refused::Unknown)?;
    mac.update(message.as_bytes());
    let signature = STANDARD.decode(signature).map_err(|_| Refused::Differs)?;
    mac.verify_slice(&signature).map_err(|_| Refused::Differs)?;
    Ok(Signed { key, message, has_nonce: false, at: millis, in_seconds: at.len() == 10 })
}

/// The milliseconds of a timestamp, of 13 digits in milliseconds or of 10 in seconds, which must lie within the window on either
/// side of now.
fn in_time(config: &HisConfig, at: &str, now: Moment) -> Result<i64, Refused> {
    let number: i64 = at.parse().map_err(|_| Refused::Outdated)?;
    let millis = match at.len() {
        13 => number,
        10 => number * 1000,
        _ => return Err(Refused::Outdated),
    };
    let apart = millis.abs_diff(now.unix_millis());
    let window = config.replay_window_s.saturating_mul(1000);
    if apart <= window { Ok(millis) } else { Err(Refused::Outdated) }
}

/// Whether two texts are the same, in a time that does not depend on where they differ.
fn same(a: &str, b: &str) -> bool {
    let differs = a.bytes().zip(b.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b));
    a.len() == b.len() && differs == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> HisConfig {
        let key = HisKey {
            id: "AKTEST".to_owned(),
            secret: "SKTEST".to_owned(),
            role: crate::access::Role::His,
            facilities: vec!["H1".to_owned()],
            cainfo: Default::default(),
            sm2_public_key: String::new(),
        };
        HisConfig { keys: vec![key], ..HisConfig::default() }
    }

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Headers(pairs.iter().map(owned).collect())
    }

    const A: [(&str, &str); 5] = [
        ("_api_access_key", "AKTEST"),
        ("_api_name", "2304"),
        ("_api_timestamp", "1700000000000"),
        ("_api_version", "1.0.0"),
        ("_api_signature", "IZLUk0xBWC3JuYhvJYIbQQVLZCg="),
    ];
    const B: [(&str, &str); 4] = [
        ("x-tif-paasid", "AKTEST"),
        ("x-tif-timestamp", "1700000000"),
        ("x-tif-nonce", "abcdef"),
        ("x-tif-signature", "374aa04e5baba8970ea071606c137f8c91c8f64106944a63912dc76ddacb96ff"),
    ];

    fn ask(pairs: &[(&str, &str)], seconds: i64) -> Result<(), Refused> {
        let now = Moment::from_unix_millis(seconds * 1000).unwrap();
        signer(&config(), &headers(pairs), now).map(|signed| assert_eq!(signed.key.id, "AKTEST"))
    }

    #[test]
    fn both_schemes_are_checked() {
        for seconds in [1_700_000_000, 1_700_001_800, 1_699_998_200] {
            assert_eq!(ask(&A, seconds), Ok(()));
            assert_eq!(ask(&B, seconds), Ok(()));
        }
        let upper = B[3].1.to_ascii_uppercase();
        assert_eq!(ask(&[B[0], B[1], B[2], (B[3].0, &upper)], 1_700_000_000), Ok(()));
    }

    #[test]
    fn what_does_not_hold_is_refused_in_the_words_that_clients_know() {
        let now = 1_700_000_000;
        for (pairs, seconds, refused) in [
            (&A[..4], now, Refused::Missing),
            (&[B[0], B[1], B[3]], now, Refused::Missing),
            (&[], now, Refused::Missing),
            (&A, now + 1801, Refused::Outdated),
            (&B, now - 1801, Refused::Outdated),
            (&[("_api_access_key", "AK"), A[1], A[2], A[3], A[4]], now, Refused::Unknown),
            (&[A[0], ("_api_name", "2305"), A[2], A[3], A[4]], now, Refused::Differs),
            (&[A[0], A[1], A[2], A[3], ("_api_signature", "x")], now, Refused::Differs),
            (&[B[0], B[1], ("x-tif-nonce", "abcdeg"), B[3]], now, Refused::Differs),
        ] {
            assert_eq!(ask(pairs, seconds), Err(refused), "{pairs:?}");
        }
        assert_eq!(Refused::Unknown.answer(), "{\"code\":401,\"message\":\"非法用户!\"}");
    }
}
