//! Every transaction of the national interface and every role through the socket.

use crate::access::rows;
use crate::demo;
use crate::his::post;
use crate::server::Server;
use crate::server::Start;

use onestop::access::ROLES;
use onestop::access::Reach;
use onestop::access::Role;
use sha2::Digest;
use sha2::Sha256;

use std::fs;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

static NONCES: AtomicU32 = AtomicU32::new(0);

/// The headers of a request that a key signs.
pub(crate) fn signed(role: Role) -> Vec<(&'static str, String)> {
    // A signature is good once.
    let nonce = format!("nonce{}", NONCES.fetch_add(1, Ordering::Relaxed));
    #[allow(clippy::disallowed_methods, reason = "a client has a clock of its own")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().to_string();
    let text = format!("{now}secret-{0}{nonce}{now}", role.name());
    let digest = Sha256::digest(text.as_bytes());
    let signature: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    vec![
        ("x-tif-paasid", role.name().to_owned()),
        ("x-tif-timestamp", now),
        ("x-tif-nonce", nonce),
        ("x-tif-signature", signature),
    ]
}

#[tokio::test]
async fn every_transaction_is_for_the_roles_that_the_table_says_and_for_nobody_else() {
    let home = tempfile::tempdir().unwrap();
    let key = |role: Role| {
        format!(
            "[[his.keys]]\nid = \"{0}\"\nsecret = \"secret-{0}\"\nrole = \"{0}\"\nfacilities = [\"H-OWN\"]\n",
            role.name()
        )
    };
    let config = home.path().join("onestop.toml");
    let keys: String = ROLES.into_iter().map(key).collect();
    fs::write(&config, format!("[his]\nauth = \"always\"\n{keys}")).unwrap();
    let data = home.path().join("data");
    let start = || {
        let (rules, config) = (demo::rules_folder(), Some(config.as_path()));
        Start { data: &data, rules, environment: &[], config, demo: false }.start()
    };
    let server = start();
    let ask = |number: &str, role: Role, facility: &str| {
        let envelope = format!(
            "{{\"infno\":\"{number}\",\"msgid\":\"M1\",\"fixmedins_code\":\"{facility}\",\"input\":{{}}}}"
        );
        let headers = signed(role);
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = post(&server.http, "/", &headers, envelope.as_bytes()).body;
        String::from_utf8(answer).unwrap()
    };
    let mut checked = 0;
    for (call, reaches) in rows() {
        let Some(number) = call.strip_prefix("national/") else { continue };
        for (role, reach) in ROLES.into_iter().zip(reaches) {
            for (facility, expected) in
                [("H-OWN", reach != Reach::None), ("H-OTHER", reach == Reach::All)]
            {
                let answer = ask(number, role, facility);
                let denied = answer.contains("\"code\":401");
                assert_eq!(!denied, expected, "{role:?} {number} {facility}: {answer}");
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 26 * 7 * 2);
    // A signature is good once, whatever body comes with it, also after a restart.
    let once = signed(Role::His);
    let send = |server: &Server, msgid: &str| {
        let envelope = format!(
            "{{\"infno\":\"9002\",\"msgid\":\"{msgid}\",\"fixmedins_code\":\"H-OWN\",\"input\":{{}}}}"
        );
        let headers: Vec<(&str, &str)> =
            once.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = post(&server.http, "/", &headers, envelope.as_bytes()).body;
        String::from_utf8(answer).unwrap()
    };
    assert!(!send(&server, "M1").contains("\"code\":401"));
    assert!(send(&server, "M2").contains("签名已使用过"));
    // What is nobody's is refused in words, whoever asks.
    for role in ROLES {
        assert!(ask("9999", role, "H-OWN").contains("infno"), "{role:?}");
    }
    server.stop().await;
    let server = start();
    assert!(send(&server, "M3").contains("签名已使用过"));
    server.stop().await;
}
