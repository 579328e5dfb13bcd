//! Operators of the pages: accounts, passwords, sessions, lockout, and what the ledger says of it.

mod accounts;
mod browser;
mod oidc;
mod sessions;

use crate::counter::raw::Answer;
use crate::counter::raw::FORM;
use crate::counter::raw::ask;
use crate::demo::COUNTY;

use onestop::access::ROLES;
use onestop::access::Role;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::process::Output;

/// The password that operators of these tests give themselves.
pub(crate) const PASSWORD: &str = "a quiet harbour 7";

/// `onestop operator` on the store of a test.
pub(crate) fn operator(home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onestop"));
    command.arg("operator").args(arguments).arg("--data").arg(home.join("data"));
    command.env("USER", "root").env_remove("SUDO_USER").output().unwrap()
}

/// The password at the end of what a command said.
pub(crate) fn password_of(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    said.trim().rsplit(' ').next().unwrap().to_owned()
}

/// Adds an operator, and gives the password for one use.
pub(crate) fn add(
    home: &Path,
    name: &str,
    roles: &[&str],
    (facility, window): (&str, &str),
) -> String {
    let mut arguments = vec!["add", name, "--facility", facility, "--window", window];
    arguments.extend(roles);
    password_of(&operator(home, &arguments))
}

/// An operator of each role that can have one, under the role's name, with the password for one use.
pub(crate) fn everybody(home: &Path) -> Vec<(Role, String)> {
    let roles = ROLES.into_iter().filter(|role| *role != Role::His);
    let one = |role: Role| {
        let place = match role {
            Role::Clerk | Role::Supervisor => (COUNTY, "一号窗口"),
            Role::Insurer => ("Y-OFFICE", ""),
            Role::His | Role::PolicyEditor | Role::Auditor | Role::Administrator => ("", ""),
        };
        (role, add(home, role.name(), &["--role", role.name()], place))
    };
    roles.map(one).collect()
}

/// What a browser keeps of one visitor.
#[derive(Clone)]
pub(crate) struct Desk {
    address: String,
    cookies: BTreeMap<String, String>,
}

impl Desk {
    /// Somebody who has not said who he is.
    pub(crate) fn stranger(address: &str) -> Desk {
        let mut desk = Desk { address: address.to_owned(), cookies: BTreeMap::new() };
        desk.send("GET /account/login", "");
        desk
    }

    /// Logs in, and sets another password where there is one for one use.
    pub(crate) fn enter(address: &str, name: &str, password: &str) -> Desk {
        let mut desk = Desk::stranger(address);
        if desk.log_in(name, PASSWORD).status() == "303" {
            return desk;
        }
        let entered = desk.log_in(name, password);
        assert_eq!(entered.status(), "303", "{}", entered.body);
        let changed = desk.change(password, PASSWORD);
        assert_eq!(changed.status(), "303", "{}", changed.body);
        desk
    }

    pub(crate) fn log_in(&mut self, name: &str, password: &str) -> Answer {
        let fields = [("name", name), ("password", password)];
        let form = serde_urlencoded::to_string(fields).unwrap();
        self.send("POST /account/login", &form)
    }

    pub(crate) fn change(&mut self, old: &str, new: &str) -> Answer {
        let fields = [("old", old), ("new", new), ("again", new)];
        let form = serde_urlencoded::to_string(fields).unwrap();
        self.send("POST /account/password", &form)
    }

    /// A cookie that the server did not set.
    pub(crate) fn keep(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// What is kept under a name.
    pub(crate) fn cookie(&self, name: &str) -> Option<&String> {
        self.cookies.get(name)
    }

    /// Sends a request with its cookies; a form with the token. Keeps the cookies of the answer.
    pub(crate) fn send(&mut self, first: &str, form: &str) -> Answer {
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        let token = self.cookies.get("onestop-token").cloned().unwrap_or_default();
        let body = match first.starts_with("POST") {
            true => format!("token={token}&{form}"),
            false => String::new(),
        };
        let answer = ask(&self.address, first, &[FORM, ("Cookie", &cookies)], &body);
        for cookie in answer.all("set-cookie") {
            let (pair, rest) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}
