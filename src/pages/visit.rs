//! Who looks at a page: the operator where somebody was asked, the window, the language and the token of forms.

use crate::access::Reach;
use crate::access::Role;
use crate::id::is_id;
use crate::operators::Known;
use crate::operators::Operators;
use crate::pages::fields::Fields;
use crate::refusal::Lang;
use crate::service::Onlooker;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::Serialize;

use std::sync::Arc;

/// Bytes of a token or request id before they are written in hexadecimal.
const RANDOM_BYTES: usize = 16;
/// How long the choice of a window and a language is kept. Unit: seconds.
const KEPT: u32 = 90 * 24 * 3600;

/// What every page is told of its visitor.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// The language to answer in.
    pub(crate) lang: Lang,
    /// The window: that of the operator's account; chosen, where nobody is asked who he is.
    pub(crate) window: Option<Window>,
    /// Who it is; none where nobody is asked, or he has not said it yet.
    pub(crate) known: Option<Known>,
    /// The operators that there are; none where nobody is asked.
    pub(crate) operators: Option<Arc<Operators>>,
    /// The address at the other end of the connection.
    pub(crate) from: String,
    /// The token that forms must bring back.
    pub(crate) token: String,
    /// Path and query of the page.
    pub(crate) address: String,
    /// Whether the page was asked for over TLS.
    pub(crate) encrypted: bool,
}

/// The window (窗口) at which somebody works: its writes are recorded under it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Window {
    /// The facility (定点医药机构编号).
    pub(crate) facility: String,
    /// The window or device (窗口、设备号).
    pub(crate) terminal: String,
    /// Who sits there (经办人).
    pub(crate) operator: String,
}

impl Window {
    /// Whether all of it can be recorded.
    pub(crate) fn is_whole(&self) -> bool {
        [&self.facility, &self.terminal, &self.operator].into_iter().all(|text| is_id(text))
    }

    /// The cookie that keeps the choice.
    pub(crate) fn cookie(&self) -> Option<String> {
        let value = serde_urlencoded::to_string(self).ok()?;
        Some(cookie(Cookie::Window, &value))
    }
}

/// Who writes an entry of the back office: an office, a person, and where the person sits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clerk {
    /// The office (经办机构编号).
    pub(crate) office: String,
    /// The person (经办人).
    pub(crate) operator: String,
    /// The window or address.
    pub(crate) terminal: String,
}

/// The cookies of the pages.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cookie {
    /// Of forms.
    Token,
    /// A window's name.
    Window,
    /// `zh` or `en`.
    Lang,
    /// Of who has said who he is.
    Session,
    /// Of who is on the way to an identity provider and back.
    Passing,
}

impl Cookie {
    fn name(self) -> &'static str {
        match self {
            Cookie::Token => "onestop-token",
            Cookie::Window => "onestop-window",
            Cookie::Lang => "onestop-lang",
            Cookie::Session => "onestop-session",
            Cookie::Passing => "onestop-passing",
        }
    }

    /// What the browser sent under it.
    pub(crate) fn of(self, headers: &HeaderMap) -> Option<&str> {
        let sent = headers.get_all(header::COOKIE).into_iter().filter_map(|one| one.to_str().ok());
        let pairs =
            sent.flat_map(|line| line.split(';')).filter_map(|one| one.trim().split_once('='));
        pairs.into_iter().find(|(name, _)| *name == self.name()).map(|(_, value)| value)
    }
}

/// A cookie for these pages alone, out of reach of scripts and of other sites.
pub(crate) fn cookie(which: Cookie, value: &str) -> String {
    let name = which.name();
    format!("{name}={value}; Path=/; Max-Age={KEPT}; HttpOnly; SameSite=Strict")
}

/// The cookie of a session, which ends with the browser at the latest.
pub(crate) fn session_cookie(id: &str) -> String {
    format!("{}={id}; Path=/; HttpOnly; SameSite=Strict", Cookie::Session.name())
}

/// The cookie that takes the place of a session's when it is over.
pub(crate) fn no_session() -> String {
    format!("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict", Cookie::Session.name())
}

/// The cookie of a login by an identity provider, whose site sends the browser back.
pub(crate) fn passing_cookie(kept: &str) -> String {
    let name = Cookie::Passing.name();
    format!("{name}={kept}; Path=/account/oidc; Max-Age=600; HttpOnly; SameSite=Lax")
}

/// The cookie that takes its place.
pub(crate) fn no_passing() -> String {
    format!("{}=; Path=/account/oidc; Max-Age=0; HttpOnly; SameSite=Lax", Cookie::Passing.name())
}

/// A text that nobody can guess or meet twice; none where the machine has no randomness to give.
pub(crate) fn random() -> Option<String> {
    let mut bytes = [0; RANDOM_BYTES];
    getrandom::fill(&mut bytes).ok()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether a text looks like what [`random`] makes.
pub(crate) fn is_random(text: &str) -> bool {
    text.len() == RANDOM_BYTES * 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

impl Visit {
    /// Reads the cookies; what was never set has its default.
    pub(super) fn read(headers: &HeaderMap, address: String, token: String) -> Visit {
        let lang = if Cookie::Lang.of(headers) == Some("en") { Lang::En } else { Lang::Zh };
        let window = Cookie::Window.of(headers);
        let window = window.and_then(|text| serde_urlencoded::from_str::<Window>(text).ok());
        let window = window.filter(Window::is_whole);
        Visit {
            lang,
            window,
            known: None,
            operators: None,
            from: String::new(),
            token,
            address,
            encrypted: false,
        }
    }

    /// How far this visitor may use a page or call.
    fn reach(&self, call: &str) -> Reach {
        match (&self.operators, &self.known) {
            (None, _) => Reach::All,
            (Some(_), Some(known)) => known.actor.reach(call),
            (Some(_), None) => Reach::None,
        }
    }

    /// Whether this visitor may use a page at all.
    pub(crate) fn reaches(&self, call: &str) -> bool {
        self.reach(call) != Reach::None
    }

    /// Whether this visitor may use a page for what belongs to a facility.
    pub(crate) fn may(&self, call: &str, facility: &str) -> bool {
        match (self.reach(call), &self.known) {
            (Reach::None, _) => false,
            (Reach::Own, Some(known)) => known.actor.facilities.contains(facility),
            (Reach::Own, None) => false,
            (Reach::All, _) => true,
        }
    }

    /// Who looks at persons' records: the operator; where nobody is asked, whom the window was chosen for.
    pub(crate) fn onlooker(&self) -> Onlooker {
        let chosen = || self.window.as_ref().map(|window| window.operator.clone());
        let known = self.known.as_ref().map(|known| known.actor.name.clone());
        Onlooker { who: known.or_else(chosen).unwrap_or_default(), from: self.from.clone() }
    }

    /// Whether patients' names are shown at once: to whoever serves them. Others open a record first, which is recorded.
    pub(crate) fn names(&self) -> bool {
        match &self.known {
            None => true,
            Some(known) => {
                let serves = |role: &Role| matches!(role, Role::Clerk | Role::Supervisor);
                known.actor.roles.iter().any(serves)
            }
        }
    }

    /// Who writes in the back office: the operator; where nobody is asked, whom a form names.
    pub(crate) fn clerk(&self, fields: &Fields) -> Clerk {
        match &self.known {
            Some(known) => Clerk {
                office: known.post.facility.clone(),
                operator: known.actor.name.clone(),
                terminal: match known.post.terminal.as_str() {
                    "" => self.from.clone(),
                    terminal => terminal.to_owned(),
                },
            },
            None => Clerk {
                office: fields.get("office").to_owned(),
                operator: fields.get("operator").to_owned(),
                terminal: self.window.clone().unwrap_or_default().terminal,
            },
        }
    }

    /// One of two texts, in the visitor's language.
    pub(crate) fn pick<'a>(&self, zh: &'a str, en: &'a str) -> &'a str {
        match self.lang {
            Lang::Zh => zh,
            Lang::En => en,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Visit, StatusCode> {
        // The guard puts it there; a page without a guard is not answered.
        parts.extensions.get::<Visit>().cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}
