//! Logins by an identity provider that the tests imitate: what it may say wrongly, and what then happens.

use crate::access::keys;
use crate::counter::browser;
use crate::counter::browser::Script;
use crate::demo;
use crate::operators::Desk;
use crate::server::Server;
use crate::server::Start;
use crate::tls::Ca;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
use ring::signature::EcdsaKeyPair;
use ring::signature::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use ring::signature::RsaKeyPair;
use ring::signature::RsaPublicKeyComponents;
use rustls::ServerConfig;
use rustls::ServerConnection;
use rustls::StreamOwned;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;
use serde_json::json;
use sha2::Digest;
use sha2::Sha256;

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpListener;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

fn now_s() -> i64 {
    #[allow(clippy::disallowed_methods, reason = "a provider has a clock of its own")]
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// What signs tokens.
enum Signer {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

impl Signer {
    fn es256() -> Signer {
        let random = SystemRandom::new();
        let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let der = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        Signer::Es256(EcdsaKeyPair::from_pkcs8(kind, der.as_ref(), &random).unwrap())
    }

    /// A key that OpenSSL made; none where it is not installed.
    fn rs256() -> Option<Signer> {
        let arguments = ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
        let made = Command::new("openssl").args(arguments).args(["-outform", "DER"]).output();
        let Ok(made) = made else {
            assert!(std::env::var("CI").is_err(), "CI has no openssl");
            eprintln!("SKIPPED: no openssl here. Install it: apt-get install openssl");
            return None;
        };
        assert!(made.status.success(), "{made:?}");
        // Which of the two forms it writes depends on its version.
        let der = &made.stdout;
        let pair = RsaKeyPair::from_der(der).or_else(|_| RsaKeyPair::from_pkcs8(der));
        Some(Signer::Rs256(pair.unwrap()))
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Signer::Es256(_) => "ES256",
            Signer::Rs256(_) => "RS256",
        }
    }

    fn public(&self, id: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Signer::Es256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = (text(&point[1..33]), text(&point[33..]));
                json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": id, "x": x, "y": y})
            }
            Signer::Rs256(pair) => {
                let public: RsaPublicKeyComponents<Vec<u8>> = pair.public().into();
                let (n, e) = (text(&public.n), text(&public.e));
                json!({"kty": "RSA", "use": "sig", "kid": id, "n": n, "e": e})
            }
        }
    }

    fn token(&self, id: &str, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = json!({"alg": self.algorithm(), "kid": id});
        let signed = format!("{}.{}", part(&head), part(claims));
        let random = SystemRandom::new();
        let signature = match self {
            Signer::Es256(pair) => pair.sign(&random, signed.as_bytes()).unwrap().as_ref().to_vec(),
            Signer::Rs256(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                let text = signed.as_bytes();
                pair.sign(&RSA_PKCS1_SHA256, &random, text, &mut signature).unwrap();
                signature
            }
        };
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What the provider says next.
struct Says {
    /// The token for the code.
    token: String,
    /// What the verifier must hash to.
    challenge: String,
    /// Its set of keys.
    keys: Value,
    /// How often it was asked for a token.
    asked: usize,
    /// Whom it lets in who comes by a browser: the token for what was asked.
    lets_in: Option<LetsIn>,
}

type LetsIn = Box<dyn Fn(&BTreeMap<String, String>) -> String + Send>;

/// An identity provider on a port of its own; it ends with the test's process.
struct Provider {
    issuer: String,
    says: Arc<Mutex<Says>>,
}

impl Provider {
    fn start(scheme: &'static str, tls: Option<Arc<ServerConfig>>) -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let issuer = format!("{scheme}://localhost:{}", listener.local_addr().unwrap().port());
        let (token, challenge) = Default::default();
        let says = Arc::new(Mutex::new(Says {
            token,
            challenge,
            keys: json!({}),
            asked: 0,
            lets_in: None,
        }));
        let (own, heard) = (issuer.clone(), Arc::clone(&says));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                match &tls {
                    None => answer(stream, &own, &heard),
                    Some(config) => {
                        let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                        answer(StreamOwned::new(connection, stream), &own, &heard);
                    }
                }
            }
        });
        Provider { issuer, says }
    }
}

/// One request, answered.
fn answer(mut stream: impl Read + Write, issuer: &str, says: &Mutex<Says>) {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    let (head, body) = loop {
        // A client that does not like the certificate goes away.
        let Ok(length @ 1..) = stream.read(&mut piece) else { return };
        request.extend_from_slice(&piece[..length]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
        });
        if length.unwrap_or(0) <= body.len() {
            break (head.to_owned(), body.to_owned());
        }
    };
    let mut says = says.lock().unwrap();
    let (path, query) =
        head.split(' ').nth(1).map(|one| one.split_once('?').unwrap_or((one, ""))).unwrap();
    let asked: BTreeMap<String, String> = serde_urlencoded::from_str(query).unwrap();
    let there = asked.get("redirect_uri").map(|back| {
        let state = &asked["state"];
        format!("302 Found\r\nLocation: {back}?code=CODE&state={state}")
    });
    let (status, answer) = match path {
        "/authorize" => {
            says.challenge = asked["code_challenge"].clone();
            says.token = says.lets_in.as_ref().unwrap()(&asked);
            (there.as_deref().unwrap(), json!({}))
        }
        "/.well-known/openid-configuration" => (
            "200 OK",
            json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/keys"),
            }),
        ),
        "/keys" => ("200 OK", says.keys.clone()),
        "/token" => {
            says.asked += 1;
            let form: BTreeMap<String, String> = serde_urlencoded::from_str(&body).unwrap();
            let challenge =
                URL_SAFE_NO_PAD.encode(Sha256::digest(form["code_verifier"].as_bytes()));
            let own = format!("Basic {}", STANDARD.encode("onestop:a+secret%3A1"));
            let is_known = head.lines().any(|line| line.ends_with(&own));
            let is_good = challenge == says.challenge && is_known && form["code"] == "CODE";
            match is_good && form["grant_type"] == "authorization_code" {
                true => ("200 OK", json!({"id_token": says.token, "access_token": "x"})),
                false => ("400 Bad Request", json!({"error": "invalid_grant"})),
            }
        }
        _ => ("404 Not Found", json!({})),
    };
    let answer = answer.to_string();
    let length = answer.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{answer}"
    );
    let _ = stream.flush();
}

/// A server that trusts a provider.
fn start(home: &Path, issuer: &str, ca: &str) -> Server {
    start_at(home, (issuer, ca), "https://settle.example")
}

/// The same under an address of its own.
fn start_at(home: &Path, (issuer, ca): (&str, &str), own: &str) -> Server {
    fs::write(home.join("keys.toml"), keys()).unwrap();
    let config = home.join("onestop.toml");
    let keys = home.join("keys.toml");
    let text = format!(
        "[access]\nask = \"always\"\nkeys = \"{}\"\n[oidc]\nissuer = \"{issuer}\"\nclient_id = \"onestop\"\n\
         client_secret = \"a secret:1\"\nown_address = \"{own}\"\nca = \"{ca}\"\noffice = \"Y-OFFICE\"\n\
         [oidc.roles]\naudit = \"auditor\"\nclaims = \"insurer\"\n",
        keys.display()
    );
    fs::write(&config, text).unwrap();
    let data = home.join("data");
    let (rules, config) = (demo::rules_folder(), Some(config.as_path()));
    Start { data: &data, rules, environment: &[], config, demo: false }.start()
}

/// What the browser was sent to the provider with.
fn begin(desk: &mut Desk) -> BTreeMap<String, String> {
    let begun = desk.send("GET /account/oidc", "");
    assert_eq!(begun.status(), "303", "{}", begun.body);
    let cookie = begun.all("set-cookie").find(|one| one.starts_with("onestop-passing=")).unwrap();
    assert!(cookie.ends_with("; Max-Age=600; HttpOnly; SameSite=Lax"), "{cookie}");
    let (_, query) = begun.header("location").split_once("/authorize?").unwrap();
    serde_urlencoded::from_str(query).unwrap()
}

fn claims(issuer: &str, asked: &BTreeMap<String, String>) -> Value {
    json!({
        "iss": issuer, "aud": "onestop", "sub": "1", "preferred_username": "zhao",
        "groups": ["claims", "others"], "iat": now_s(), "exp": now_s() + 300,
        "nonce": asked["nonce"],
    })
}

fn back(desk: &mut Desk, state: &str) -> crate::counter::raw::Answer {
    desk.send(&format!("GET /account/oidc/back?code=CODE&state={state}"), "")
}

#[tokio::test]
async fn somebody_whom_the_provider_knows_works_in_the_role_of_his_group() {
    for signer in [Some(Signer::es256()), Signer::rs256()].into_iter().flatten() {
        let home = tempfile::tempdir().unwrap();
        let provider = Provider::start("http", None);
        let server = start(home.path(), &provider.issuer, "");
        let mut desk = Desk::stranger(&server.http);
        assert!(desk.send("GET /account/login", "").body.contains("/account/oidc"));
        provider.says.lock().unwrap().keys = json!({"keys": [signer.public("k1")]});
        let asked = begin(&mut desk);
        assert_eq!(asked["redirect_uri"], "https://settle.example/account/oidc/back");
        assert_eq!(
            (asked["scope"].as_str(), asked["response_type"].as_str()),
            ("openid profile", "code")
        );
        assert_eq!(asked["code_challenge_method"], "S256");
        {
            let mut says = provider.says.lock().unwrap();
            says.challenge = asked["code_challenge"].clone();
            says.token = signer.token("k1", &claims(&provider.issuer, &asked));
        }
        let entered = back(&mut desk, &asked["state"]);
        assert_eq!(entered.status(), "200", "{}", entered.body);
        assert!(entered.body.contains("zhao@localhost"), "{}", entered.body);
        assert_eq!(desk.send("GET /", "").header("location"), "/office");
        assert_eq!(desk.send("GET /account/operators", "").status(), "403");
        let closed = desk.send("POST /office/clear", "month=2018-03");
        assert_eq!(closed.status(), "303", "{}", closed.body);
        let log = desk.send("GET /office/audit?format=csv&sheet=log", "").body;
        assert!(log.contains("Y-OFFICE,zhao@localhost,"), "{log}");
        // There is no password to change, and no way in by one.
        assert_eq!(desk.change("x", "another harbour 8").status(), "422");
        assert_eq!(Desk::stranger(&server.http).log_in("zhao@localhost", "x").status(), "401");
        assert!(!server.log_text().contains("a secret:1"));
        server.stop().await;
    }
}

#[tokio::test]
async fn a_token_that_does_not_hold_lets_nobody_in_and_a_state_is_good_once() {
    let home = tempfile::tempdir().unwrap();
    let provider = Provider::start("http", None);
    let (signer, another) = (Signer::es256(), Signer::es256());
    provider.says.lock().unwrap().keys = json!({"keys": [signer.public("k1")]});
    let server = start(home.path(), &provider.issuer, "");
    let with = |name: &'static str, value: Value| {
        move |claims: &mut Value| {
            claims[name] = value.clone();
        }
    };
    type Change = Box<dyn Fn(&mut Value)>;
    let changes: Vec<(Change, &str)> = vec![
        (Box::new(with("iss", json!("http://another"))), "another issuer"),
        (Box::new(with("aud", json!("another"))), "another client"),
        (Box::new(with("exp", json!(now_s() - 61))), "time is over"),
        (Box::new(with("nonce", json!("another"))), "another login"),
        (Box::new(with("groups", json!(["others"]))), "none of the groups"),
        (Box::new(with("groups", json!(["claims", "audit"]))), "none of the groups"),
        (Box::new(with("preferred_username", json!(7))), "names nobody"),
    ];
    let attempt = |token: &dyn Fn(&BTreeMap<String, String>) -> String| {
        let mut desk = Desk::stranger(&server.http);
        let asked = begin(&mut desk);
        {
            let mut says = provider.says.lock().unwrap();
            says.challenge = asked["code_challenge"].clone();
            says.token = token(&asked);
        }
        let answer = back(&mut desk, &asked["state"]);
        (answer.status().to_owned(), desk, asked)
    };
    let refused = |token: &dyn Fn(&BTreeMap<String, String>) -> String, why: &str| {
        let before = server.log_text().len();
        let (status, mut desk, _) = attempt(token);
        assert_eq!(status, "401", "{why}");
        assert!(desk.cookie("onestop-session").is_none(), "{why}");
        let shut = desk.send("GET /office", "");
        assert!(shut.header("location").starts_with("/account/login"), "{why}");
        let log = server.log_text();
        assert!(log[before..].contains(why), "{why}: {log}");
    };
    let good = |asked: &BTreeMap<String, String>| claims(&provider.issuer, asked);
    for (change, why) in &changes {
        let token = |asked: &BTreeMap<String, String>| {
            let mut claims = good(asked);
            change(&mut claims);
            signer.token("k1", &claims)
        };
        refused(&token, why);
    }
    refused(&|asked| another.token("k1", &good(asked)), "signature is wrong");
    refused(&|asked| another.token("k2", &good(asked)), "not among the provider's");
    let unsigned = |asked: &BTreeMap<String, String>| {
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.", part(json!({"alg": "none"})), part(good(asked)))
    };
    refused(&unsigned, "not signed with");

    // All of it good: in. The same state again, also with its cookie: out, and the provider is not asked.
    let (status, mut desk, asked) = attempt(&|asked| signer.token("k1", &good(asked)));
    assert_eq!(status, "200");
    let before = provider.says.lock().unwrap().asked;
    assert_eq!(back(&mut desk, &asked["state"]).status(), "401");
    // A login that another browser began, or nobody did.
    let mut victim = Desk::stranger(&server.http);
    let asked = begin(&mut Desk::stranger(&server.http));
    assert_eq!(back(&mut victim, &asked["state"]).status(), "401");
    assert_eq!(back(&mut victim, "unknown").status(), "401");
    assert_eq!(provider.says.lock().unwrap().asked, before);
    // A code that is not this login's: the verifier does not fit.
    let asked = begin(&mut desk);
    provider.says.lock().unwrap().challenge = "another".to_owned();
    assert_eq!(back(&mut desk, &asked["state"]).status(), "401");
    server.stop().await;
}

#[tokio::test]
async fn a_provider_is_asked_over_tls_and_only_if_its_certificate_is_of_the_ca() {
    let home = tempfile::tempdir().unwrap();
    let (ca, stranger) = (Ca::new(), Ca::new());
    let pair = ca.sign("localhost", 2099);
    let chain = vec![CertificateDer::from_pem_slice(pair.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let provider = Provider::start("https", Some(Arc::new(config)));
    let file = home.path().join("ca.pem");
    let path = file.to_string_lossy().into_owned();
    for (pem, expected) in [(&ca.pem, "303"), (&stranger.pem, "401")] {
        fs::write(&file, pem).unwrap();
        let server = start(home.path(), &provider.issuer, &path);
        let mut desk = Desk::stranger(&server.http);
        assert_eq!(desk.send("GET /account/oidc", "").status(), expected);
        server.stop().await;
    }
}

/// Hands every connection to an address on to another.
fn hand_on(listener: TcpListener, to: String) {
    let copy = |mut from: TcpStream, mut into: TcpStream| {
        std::thread::spawn(move || {
            // Either side may go at any time.
            let _ = std::io::copy(&mut from, &mut into);
            let _ = into.shutdown(std::net::Shutdown::Write);
        });
    };
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (Ok(stream), Ok(there)) = (stream, TcpStream::connect(&to)) else { return };
            copy(stream.try_clone().unwrap(), there.try_clone().unwrap());
            copy(there, stream);
        }
    });
}

/// The session's cookie is for this site alone, and the provider's site sends the browser back.
#[tokio::test]
async fn a_browser_goes_to_the_provider_and_comes_back_logged_in() {
    let home = tempfile::tempdir().unwrap();
    let provider = Provider::start("http", None);
    let signer = Signer::es256();
    let issuer = provider.issuer.clone();
    {
        let mut says = provider.says.lock().unwrap();
        says.keys = json!({"keys": [signer.public("k1")]});
        says.lets_in = Some(Box::new(move |asked| signer.token("k1", &claims(&issuer, asked))));
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = listener.local_addr().unwrap().to_string();
    let server = start_at(home.path(), (&provider.issuer, ""), &format!("http://{own}"));
    hand_on(listener, server.http.clone());
    for script in [Script::On, Script::Off] {
        let Some(browser) = browser::start(&own, script).await else { return };
        browser.go("/office").await;
        browser.click("a[href='/account/oidc']").await;
        browser.see(".log-out button").await;
        browser.see("a[href='/office'][aria-current]").await;
        assert!(browser.text().await.contains("zhao@localhost"));
        browser.end().await;
    }
    server.stop().await;
}

#[test]
fn a_provider_that_cannot_be_meant_keeps_the_server_from_starting() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("keys.toml"), keys()).unwrap();
    for (issuer, role, said) in [
        ("http://idp.example", "auditor", "no https address"),
        ("https://idp.example", "clerk", "insurer, policy-editor and auditor alone"),
        ("https://idp.example", "insurer", "office is needed"),
    ] {
        let config = home.path().join("onestop.toml");
        let text = format!(
            "[access]\nask = \"always\"\nkeys = \"{}\"\n[oidc]\nissuer = \"{issuer}\"\nclient_id = \"o\"\nclient_secret = \"s\"\n\
             own_address = \"https://settle.example\"\n[oidc.roles]\ngroup = \"{role}\"\n",
            home.path().join("keys.toml").display()
        );
        fs::write(&config, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_onestop"));
        command.arg("--config").arg(&config).args(["serve", "--listen", "127.0.0.1:0"]);
        command.args(["--http-listen", "127.0.0.1:0", "--rules"]).arg(demo::rules_folder());
        let output = command.arg("--data").arg(home.path().join("data")).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{issuer} {role}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(said), "{output:?}");
    }
}
