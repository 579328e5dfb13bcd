//! Who may use which page: by method and route. A page that is not listed here is nobody's.

use crate::access::Role;

use Role::Administrator;
use Role::Auditor;
use Role::Clerk;
use Role::Insurer;
use Role::PolicyEditor;
use Role::Supervisor;

/// Everybody who can have an account.
const ALL: [Role; 6] = [Clerk, Supervisor, Insurer, PolicyEditor, Auditor, Administrator];

/// Where nobody is asked yet who he is.
pub(super) const OPEN: [&str; 4] =
    ["GET /account/login", "POST /account/login", "GET /account/oidc", "GET /account/oidc/back"];

/// The roles that may use a page for what is their own, and those that may for everything.
pub(super) fn roles(call: &str) -> (&'static [Role], &'static [Role]) {
    match call {
        "GET /"
        | "GET /counter/rules"
        | "GET /account/password"
        | "POST /account/password"
        | "POST /account/logout" => (&[], &ALL),
        "GET /counter"
        | "GET /counter/patient"
        | "POST /counter/bill"
        | "POST /counter/quote"
        | "POST /counter/visit"
        | "POST /counter/settle"
        | "GET /counter/outcome"
        | "GET /counter/today"
        | "GET /counter/today/csv" => (&[Clerk, Supervisor], &[]),
        "GET /counter/undo" | "POST /counter/undo" => (&[Supervisor], &[]),
        "GET /counter/sheet/{number}"
        | "GET /counter/sheet/{number}/pdf"
        | "GET /counter/cost"
        | "POST /counter/cost"
        | "POST /counter/cost/quote" => (&[Clerk, Supervisor], &[Insurer, Auditor]),
        "GET /office"
        | "GET /office/reconciliation/{number}"
        | "GET /office/clear"
        | "GET /office/survey"
        | "GET /office/audit"
        | "GET /office/whatif"
        | "GET /office/whatif/{id}"
        | "GET /office/work/{id}"
        | "GET /office/work/{id}/state" => (&[], &[Insurer, Auditor]),
        // It writes nothing, and neither does what it calls off.
        "POST /office/whatif" | "POST /office/work/{id}/call-off" => (&[], &[Insurer, Auditor]),
        "POST /office" | "POST /office/sign-off" | "POST /office/clear" => (&[], &[Insurer]),
        "GET /account/operators" | "POST /account/operators" => (&[], &[Administrator]),
        // Whoever has an account has its window, and chooses none.
        "GET /counter/window" | "POST /counter/window" => (&[], &[]),
        _ => (&[], &[]),
    }
}
