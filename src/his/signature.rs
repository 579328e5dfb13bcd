//! `cainfo`: kept as given, and where a facility's key says so checked: the SM3 digest of the input, or an SM2 signature over the
//! envelope. What is signed differs from place to place; these are the two forms that were seen.

use crate::config::HisCainfo;
use crate::config::HisKey;
use crate::his::fields::malformed;
use crate::his::json::Json;
use crate::refusal::Refusal;

use sm2::dsa::Signature;
use sm2::dsa::VerifyingKey;
use sm2::dsa::signature::Verifier;
use sm3::Digest;
use sm3::Sm3;

/// The user id that SM2 signatures are made with where nothing else is agreed (GM/T 0009).
const USER: &str = "1234567812345678";
/// Longest `cainfo`. Unit: signs.
const SIGNS_MAX: usize = 1024;

const A_SIGNATURE: (&str, &str) = ("a signature that holds", "有效的数字签名(cainfo 与报文不符)");
const SHORTER: (&str, &str) = ("at most 1024 signs", "不超过 1024 个字符");

/// Refuses a `cainfo` that does not hold, where its facility's key asks for one.
pub(super) fn check(key: Option<&HisKey>, envelope: &Json, input: &str) -> Result<(), Refusal> {
    let cainfo = envelope.text_of("cainfo").unwrap_or_default();
    if SIGNS_MAX < cainfo.chars().count() {
        return Err(malformed("cainfo", SHORTER));
    }
    let Some(key) = key else { return Ok(()) };
    let holds = match key.cainfo {
        HisCainfo::Kept => true,
        HisCainfo::Sm3Input => {
            let digest: String =
                Sm3::digest(input.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
            digest == cainfo.to_ascii_lowercase()
        }
        HisCainfo::Sm2Envelope => sm2(&key.sm2_public_key, &signed(envelope), cainfo),
    };
    if holds { Ok(()) } else { Err(malformed("cainfo", A_SIGNATURE)) }
}

/// The fields of the envelope without `cainfo` and `input`, in order, as `name=value` joined by `&`; null ones are left out.
fn signed(envelope: &Json) -> String {
    let mut pairs: Vec<String> = Vec::new();
    for (name, value) in envelope.fields() {
        let text = match value {
            Json::Text(text) | Json::Number(text) => text,
            Json::Null | Json::Truth(_) | Json::List(_) | Json::Object(_) => continue,
        };
        if name != "cainfo" && name != "input" {
            pairs.push(format!("{name}={text}"));
        }
    }
    pairs.sort();
    pairs.join("&")
}

/// Whether r and s, 64 bytes in hex, sign a message.
fn sm2(public_key: &str, message: &str, signature: &str) -> bool {
    let verified = || {
        let key = VerifyingKey::from_sec1_bytes(USER, &bytes(public_key)?).ok()?;
        let signature = Signature::from_slice(&bytes(signature)?).ok()?;
        key.verify(message.as_bytes(), &signature).ok()
    };
    verified().is_some()
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    if !hex.len().is_multiple_of(2) {
        return None;
    }
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::config::HisConfig;
    use crate::his::envelope::open;

    use sm2::dsa::SigningKey;
    use sm2::dsa::signature::Signer;
    use sm2::elliptic_curve::sec1::ToSec1Point;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02X}")).collect()
    }

    fn key(cainfo: HisCainfo, sm2_public_key: String) -> HisKey {
        let (id, secret, facilities) = Default::default();
        let role = crate::access::Role::His;
        HisKey { id, secret, role, facilities, cainfo, sm2_public_key }
    }

    #[test]
    fn an_sm2_signature_over_the_envelope_is_checked() {
        let secret = sm2::SecretKey::from_slice(&[7; 32]).unwrap();
        let signer = SigningKey::new(USER, &secret).unwrap();
        let public = hex(signer.verifying_key().as_affine().to_sec1_point(false).as_bytes());
        let signature: Signature = signer.sign(b"infno=2304&infver=V1.0&msgid=M1&signtype=SM2");
        let envelope = |msgid: &str| {
            let cainfo = hex(&signature.to_bytes());
            Json::read(&format!(
                r#"{{"msgid":"{msgid}","infno":"2304","infver":"V1.0","signtype":"SM2",
                     "dev_no":null,"cainfo":"{cainfo}","input":{{}}}}"#
            ))
            .unwrap()
        };
        let key = key(HisCainfo::Sm2Envelope, public);
        assert_eq!(check(Some(&key), &envelope("M1"), "{}"), Ok(()));
        assert!(check(Some(&key), &envelope("M2"), "{}").is_err());
        assert_eq!(check(None, &envelope("M2"), "{}"), Ok(()));
    }

    #[test]
    fn an_input_that_is_a_text_of_another_name_is_signed_and_an_object_never() {
        let signed_of =
            |body: &str| signed(&open(body.as_bytes(), &HisConfig::default()).unwrap().envelope);
        let text = r#"{"infno":"2304","INPUT":"{\"a\":1}"}"#;
        assert_eq!(signed_of(text), r#"INPUT={"a":1}&infno=2304"#);
        for object in [r#"{"infno":"2304","INPUT":{"a":1}}"#, r#"{"infno":"2304","input":"{}"}"#] {
            assert_eq!(signed_of(object), "infno=2304");
        }
    }

    #[test]
    fn an_sm3_digest_of_the_input_is_checked() {
        // The digest of "abc" that GB/T 32905 gives.
        let digest = "66C7F0F462EEEDD9D1F2D46BDC10E4E24167C4875CF2F7A2297DA02B8F4BA8E0";
        let envelope = Json::read(&format!(r#"{{"cainfo":"{digest}"}}"#)).unwrap();
        let key = key(HisCainfo::Sm3Input, String::new());
        assert_eq!(check(Some(&key), &envelope, "abc"), Ok(()));
        assert!(check(Some(&key), &envelope, "abd").is_err());
    }

    #[test]
    fn nothing_that_is_no_signature_holds() {
        for (public, signature) in [("", ""), ("04", "zz"), ("0", "00"), ("é", "é")] {
            assert!(!sm2(public, "x", signature));
        }
    }
}
