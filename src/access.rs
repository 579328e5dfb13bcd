//! Who may do what (授权): call × role × facility → allowed or refused. The only place that decides; what is not listed is refused.

mod ring;

pub use crate::access::ring::Ring;
pub use crate::access::ring::RingError;
pub use crate::access::ring::fingerprint;

use serde::Deserialize;

use std::collections::BTreeSet;
use std::sync::Arc;

/// What somebody is here for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A hospital's HIS (医院信息系统): settles and undoes for its own facilities.
    His,
    /// A clerk's program (窗口): settles for its own facilities, and undoes nothing.
    Clerk,
    /// A supervisor's (主管): undoes too, for its own facilities.
    Supervisor,
    /// An insurer's back office (经办机构): registers, reconciliation, all facilities; settles nothing.
    Insurer,
    /// Whoever puts rule packs in force (政策维护).
    PolicyEditor,
    /// Reads everything, changes nothing (审计).
    Auditor,
    /// Runs the server (系统管理): sees no patient.
    Administrator,
}

/// All roles.
pub const ROLES: [Role; 7] = [
    Role::His,
    Role::Clerk,
    Role::Supervisor,
    Role::Insurer,
    Role::PolicyEditor,
    Role::Auditor,
    Role::Administrator,
];

/// How far a role's right to a call goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Nowhere.
    None,
    /// What belongs to the caller's own facilities.
    Own,
    /// Everything.
    All,
}

/// How far a role may use a call of the contract, by its path. A call that is not listed here is refused.
pub fn reach(role: Role, call: &str) -> Reach {
    use Role::Administrator;
    use Role::Auditor;
    use Role::Clerk;
    use Role::His;
    use Role::Insurer;
    use Role::PolicyEditor;
    use Role::Supervisor;
    let Some(call) = call.strip_prefix("/onestop.v1.") else { return Reach::None };
    let (own, all): (&[Role], &[Role]) = match call {
        "Settlement/Quote" | "Settlement/QuoteMany" => {
            (&[His, Clerk, Supervisor], &[Insurer, Auditor])
        }
        "Settlement/Settle" => (&[His, Clerk, Supervisor], &[]),
        "Settlement/Reverse" => (&[His, Supervisor], &[]),
        "Settlement/GetSettlement" | "Settlement/ListSettlements" => {
            (&[His, Clerk, Supervisor], &[Insurer, Auditor])
        }
        // A patient may come to any hospital, and a hospital must know what it will be paid.
        "Settlement/CheckEligibility" | "Settlement/GetAccumulators" => {
            (&[], &[His, Clerk, Supervisor, Insurer, Auditor])
        }
        "Settlement/LoadOpening"
        | "Registers/PutPersons"
        | "Registers/PutFacilities"
        | "Registers/PutItems"
        | "Office/Reconcile"
        | "Office/SignOff"
        | "Office/Clear" => (&[], &[Insurer]),
        "Registers/GetPerson"
        | "Registers/GetPersonHistory"
        | "Registers/ListRegisterWrites"
        | "Office/GetReconciliation"
        | "Office/ListReconciliations" => (&[], &[Insurer, Auditor]),
        "Registers/GetFacility" | "Registers/GetItem" | "Rules/ListPacks" | "Rules/GetPack" => {
            (&[], &ROLES)
        }
        "Rules/ReloadPacks" => (&[], &[PolicyEditor, Administrator]),
        _ => (&[], &[]),
    };
    if all.contains(&role) {
        Reach::All
    } else if own.contains(&role) {
        Reach::Own
    } else {
        Reach::None
    }
}

/// Somebody who is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The name under which logs know the key.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// The facilities that are its own.
    pub facilities: BTreeSet<String>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asker {
    /// Anybody: the server asks nobody who he is.
    Anybody,
    /// Somebody who is known.
    Known(Arc<Actor>),
}

impl Asker {
    /// Whether what belongs to a facility may be asked by this call.
    pub fn may(&self, call: &str, facility: &str) -> bool {
        match self {
            Asker::Anybody => true,
            Asker::Known(actor) => match reach(actor.role, call) {
                Reach::None => false,
                Reach::Own => actor.facilities.contains(facility),
                Reach::All => true,
            },
        }
    }
}
