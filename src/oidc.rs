//! Logins by an identity provider (统一身份认证): OpenID Connect, authorization code with PKCE, state and nonce. The provider says who
//! somebody is and to which groups he belongs; the configuration says which roles those are.

mod fetch;
pub mod token;

pub use crate::oidc::token::TokenError;

use crate::access::Role;
use crate::calendar::Moment;
use crate::id::is_id;
use crate::oidc::fetch::Asked;
use crate::oidc::fetch::Client;
use crate::oidc::fetch::checked;
use crate::oidc::token::Expected;
use crate::oidc::token::Key;
use crate::operators::account::Post;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;
use sha2::Digest;
use sha2::Sha256;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;

/// Bytes of a state, nonce or verifier before they are written in hexadecimal.
const SECRET_BYTES: usize = 32;
/// How long a login may take. Unit: seconds.
const LOGIN_S: i64 = 600;
/// Most logins that have begun; the oldest are let go.
const BEGUN_MAX: usize = 1000;
/// How long the provider's addresses and keys are believed. Unit: seconds.
const BELIEVED_S: i64 = 600;
/// How soon its keys are read again where one is not among them. Unit: seconds.
const AGAIN_S: i64 = 10;

/// What the configuration says of an identity provider (统一身份认证).
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OidcConfig {
    /// The provider's address, as it names itself; empty: none.
    pub issuer: String,
    /// The name of this server there.
    pub client_id: String,
    /// What this server is known by there.
    pub client_secret: String,
    /// The address under which browsers reach this server.
    pub own_address: String,
    /// The CA of the provider's certificate, in PEM.
    pub ca: PathBuf,
    /// The claim that names a person.
    pub name_claim: String,
    /// The claim that lists groups.
    pub role_claim: String,
    /// A group there, and the role that it is here.
    pub roles: BTreeMap<String, Role>,
    /// The office of insurers' operators.
    pub office: String,
}

impl Default for OidcConfig {
    fn default() -> OidcConfig {
        OidcConfig {
            issuer: String::new(),
            client_id: String::new(),
            client_secret: String::new(),
            own_address: String::new(),
            ca: PathBuf::new(),
            name_claim: "preferred_username".to_owned(),
            role_claim: "groups".to_owned(),
            roles: BTreeMap::new(),
            office: String::new(),
        }
    }
}

impl fmt::Debug for OidcConfig {
    /// The secret is shown to nobody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcConfig").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// An address that is not asked.
    #[error("`{0}` is no https address (http is for this machine alone)")]
    Address(String),
    /// The CA cannot be used.
    #[error("`{}`: {why}", path.display())]
    Ca {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The configuration makes no sense.
    #[error("oidc.{0}")]
    Settings(&'static str),
    /// The provider did not answer as it should.
    #[error("the identity provider: {0}")]
    Provider(String),
    /// This login was not begun here, or was finished before.
    #[error("a login that was not begun here, or is over")]
    State,
    /// The token is not believed.
    #[error("the identity token")]
    Token(#[from] TokenError),
    /// The person has no name here.
    #[error("the token names nobody")]
    Nobody,
    /// None of the groups is a role here.
    #[error("none of the groups is a role here")]
    NoRole,
    /// There is no randomness.
    #[error("no randomness on this machine")]
    NoRandomness,
}

/// A login that has begun.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub location: String,
    /// What the browser keeps meanwhile, so that nobody finishes another's login.
    pub kept: String,
}

#[derive(Debug)]
struct Waiting {
    nonce: String,
    verifier: String,
    kept: [u8; 32],
    begun_s: i64,
}

#[derive(Debug, Clone)]
struct Provider {
    authorization: String,
    token: String,
    keys: Vec<Key>,
    read_s: i64,
}

/// Logins by an identity provider.
#[derive(Debug)]
pub struct Oidc {
    settings: OidcConfig,
    /// The provider's host, which is part of every name.
    host: String,
    client: Client,
    begun: Mutex<BTreeMap<[u8; 32], Waiting>>,
    provider: tokio::sync::Mutex<Option<Provider>>,
}

fn secret() -> Result<String, OidcError> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| OidcError::NoRandomness)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// Pairs as a query or form has them.
fn encoded(pairs: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(pairs).unwrap_or_default()
}

impl Oidc {
    /// By a provider that was configured.
    pub fn new(settings: OidcConfig) -> Result<Oidc, OidcError> {
        let issuer = checked(&settings.issuer)?;
        checked(&settings.own_address)?;
        if settings.client_id.is_empty() || settings.client_secret.is_empty() {
            return Err(OidcError::Settings("client_id and oidc.client_secret are both needed"));
        }
        if settings.roles.is_empty() {
            return Err(OidcError::Settings("roles names no group"));
        }
        for role in settings.roles.values() {
            match role {
                Role::Insurer if !is_id(&settings.office) => {
                    return Err(OidcError::Settings("office is needed for insurers"));
                }
                Role::Insurer | Role::PolicyEditor | Role::Auditor => {}
                Role::His | Role::Clerk | Role::Supervisor | Role::Administrator => {
                    return Err(OidcError::Settings(
                        "roles may be insurer, policy-editor and auditor alone",
                    ));
                }
            }
        }
        let host = issuer.host().unwrap_or_default().to_owned();
        let client = Client::new(&settings.ca)?;
        let (begun, provider) = Default::default();
        Ok(Oidc { settings, host, client, begun, provider })
    }

    fn back(&self) -> String {
        format!("{}/account/oidc/back", self.settings.own_address.trim_end_matches('/'))
    }

    /// Begins a login.
    pub async fn begin(&self, now: Moment) -> Result<Begun, OidcError> {
        let provider = self.provider(now.unix_seconds(), BELIEVED_S).await?;
        let (state, nonce, verifier, kept) = (secret()?, secret()?, secret()?, secret()?);
        let challenge = URL_SAFE_NO_PAD.encode(digest(&verifier));
        let query = encoded(&[
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", &self.back()),
            ("scope", "openid profile"),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let begun_s = now.unix_seconds();
        let waiting = Waiting { nonce, verifier, kept: digest(&kept), begun_s };
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        begun.retain(|_, one| begun_s - one.begun_s < LOGIN_S);
        let oldest = begun.iter().min_by_key(|(_, one)| one.begun_s).map(|(state, _)| *state);
        if let Some(oldest) = oldest.filter(|_| BEGUN_MAX <= begun.len()) {
            begun.remove(&oldest);
        }
        begun.insert(digest(&state), waiting);
        let mark = if provider.authorization.contains('?') { '&' } else { '?' };
        Ok(Begun { location: format!("{}{mark}{query}", provider.authorization), kept })
    }

    /// Finishes a login: who it is, and what for. A state is good once, whatever comes of it.
    pub async fn finish(
        &self,
        (state, code): (&str, &str),
        kept: &str,
        now: Moment,
    ) -> Result<(String, Post), OidcError> {
        let now_s = now.unix_seconds();
        let waiting = {
            let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
            begun.remove(&digest(state))
        };
        let is_good = |one: &Waiting| one.kept == digest(kept) && now_s - one.begun_s < LOGIN_S;
        let waiting = waiting.filter(is_good).ok_or(OidcError::State)?;
        let provider = self.provider(now_s, BELIEVED_S).await?;
        let form = encoded(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.back()),
            ("code_verifier", &waiting.verifier),
        ]);
        // Both are encoded as in a form before they are joined (RFC 6749, 2.3.1).
        let own = [("", self.settings.client_id.as_str()), ("", &self.settings.client_secret)];
        let own = own.map(|pair| encoded(&[pair]).trim_start_matches('=').to_owned());
        let authorization = format!("Basic {}", STANDARD.encode(own.join(":")));
        let asked = Asked { address: &provider.token, form: Some((form, authorization)) };
        let answer = self.client.json(asked).await?;
        let token = answer.get("id_token").and_then(Value::as_str);
        let token =
            token.ok_or_else(|| OidcError::Provider("its answer has no id_token".to_owned()))?;
        let expected = Expected {
            issuer: &self.settings.issuer,
            client: &self.settings.client_id,
            nonce: &waiting.nonce,
            now_s,
        };
        let claims = match token::verify(token, &provider.keys, expected) {
            // It may have new keys.
            Err(TokenError::Key) => {
                let provider = self.provider(now_s, AGAIN_S).await?;
                token::verify(token, &provider.keys, expected)?
            }
            outcome => outcome?,
        };
        self.known(&claims)
    }

    /// Who somebody is here: the name with the provider's host, so that it is no account's.
    fn known(&self, claims: &Value) -> Result<(String, Post), OidcError> {
        let name = claims.get(&self.settings.name_claim).and_then(Value::as_str);
        let name = name.map(|name| format!("{name}@{}", self.host));
        let name = name.filter(|name| is_id(name)).ok_or(OidcError::Nobody)?;
        let groups: Vec<&str> = match claims.get(&self.settings.role_claim) {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let mut roles: Vec<Role> =
            groups.iter().filter_map(|group| self.settings.roles.get(*group).copied()).collect();
        roles.sort_unstable();
        roles.dedup();
        let facility = match roles.contains(&Role::Insurer) {
            true => self.settings.office.clone(),
            false => String::new(),
        };
        let post = Post { roles, facility, terminal: String::new() };
        // Whoever is an auditor and something else is nobody: neither is told what to leave out.
        if post.check().is_ok() { Ok((name, post)) } else { Err(OidcError::NoRole) }
    }

    /// The provider's addresses and keys, read again where they are older than they may be.
    async fn provider(&self, now_s: i64, most_s: i64) -> Result<Provider, OidcError> {
        let mut kept = self.provider.lock().await;
        if let Some(provider) = kept.as_ref().filter(|one| now_s - one.read_s < most_s) {
            return Ok(provider.clone());
        }
        let issuer = &self.settings.issuer;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let found = self.client.json(Asked { address: &address, form: None }).await?;
        let text = |name: &str| {
            let missing = || OidcError::Provider(format!("its configuration has no `{name}`"));
            found.get(name).and_then(Value::as_str).map(str::to_owned).ok_or_else(missing)
        };
        if text("issuer")? != *issuer {
            return Err(OidcError::Provider("it names itself otherwise".to_owned()));
        }
        let (authorization, token) = (text("authorization_endpoint")?, text("token_endpoint")?);
        checked(&authorization)?;
        let set = self.client.json(Asked { address: &text("jwks_uri")?, form: None }).await?;
        let provider = Provider { authorization, token, keys: token::keys(&set), read_s: now_s };
        *kept = Some(provider.clone());
        Ok(provider)
    }
}
