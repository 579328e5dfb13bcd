//! Who may use which transaction of the national interface. One that is not listed here is nobody's.

use crate::access::Role;

use Role::Auditor;
use Role::Clerk;
use Role::His;
use Role::Insurer;
use Role::Supervisor;

/// The roles that may use a transaction for their own facilities, and those that may for all.
pub(super) fn roles(transaction: &str) -> (&'static [Role], &'static [Role]) {
    match transaction {
        // Signing in and out; 9001 also of whoever only looks.
        "9001" | "9002" => (&[His, Clerk, Supervisor], &[Insurer, Auditor]),
        // Persons, visits, lines, settlements and files, to be looked at.
        "1101" | "2001" | "5201" | "5202" | "5203" | "5204" | "5206" | "5303" | "100001"
        | "2303" | "9102" => (&[His, Clerk, Supervisor], &[Insurer, Auditor]),
        // Visits and their lines.
        "2401" | "2402" | "2403" | "2404" | "2405" | "2301" | "2302" => {
            (&[His, Clerk, Supervisor], &[])
        }
        "2304" => (&[His, Clerk, Supervisor], &[]),
        // Undoing, and taking back whatever a message did.
        "2305" | "2601" => (&[His, Supervisor], &[]),
        // Reconciliation, from the hospital's side.
        "3201" | "3202" | "9101" => (&[His, Supervisor], &[]),
        _ => (&[], &[]),
    }
}
