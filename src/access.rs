//! Who may do what (授权): call × role × facility → allowed or refused. The only place that decides; what is not listed is refused.

mod national;
mod page;
mod ring;

pub use crate::access::ring::Ring;
pub use crate::access::ring::RingError;
pub use crate::access::ring::fingerprint;

use serde::Deserialize;
use serde::Serialize;

use std::collections::BTreeSet;
use std::sync::Arc;

/// What somebody is here for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

impl Role {
    /// The name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Role::His => "his",
            Role::Clerk => "clerk",
            Role::Supervisor => "supervisor",
            Role::Insurer => "insurer",
            Role::PolicyEditor => "policy-editor",
            Role::Auditor => "auditor",
            Role::Administrator => "administrator",
        }
    }

    /// Takes a name.
    pub fn parse(name: &str) -> Option<Role> {
        ROLES.into_iter().find(|role| role.name() == name)
    }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Nowhere.
    None,
    /// What belongs to the caller's own facilities.
    Own,
    /// Everything.
    All,
}

/// The name of a transaction of the national interface as a call: its number behind this.
const NATIONAL: &str = "national/";

/// How far a role may use a call: of the contract by its path, of the pages by method and route, of the national interface by
/// `national/` and the number. A call that is not listed is refused.
pub fn reach(role: Role, call: &str) -> Reach {
    let (own, all) = if let Some(call) = call.strip_prefix("/onestop.v1.") {
        of_contract(call)
    } else if let Some(transaction) = call.strip_prefix(NATIONAL) {
        national::roles(transaction)
    } else {
        page::roles(call)
    };
    if all.contains(&role) {
        Reach::All
    } else if own.contains(&role) {
        Reach::Own
    } else {
        Reach::None
    }
}

/// Whether a role settles for anybody.
pub fn settles(role: Role) -> bool {
    reach(role, "/onestop.v1.Settlement/Settle") != Reach::None
}

/// Whether anybody may use a call.
pub fn is_listed(call: &str) -> bool {
    ROLES.into_iter().any(|role| reach(role, call) != Reach::None)
}

/// Whether a page is for those who have not said yet who they are.
pub fn is_open(call: &str) -> bool {
    page::OPEN.contains(&call)
}

/// The name of a transaction of the national interface as a call.
pub fn transaction(number: &str) -> String {
    format!("{NATIONAL}{number}")
}

/// The roles that may use a call of the contract for what is their own, and those that may for everything.
fn of_contract(call: &str) -> (&'static [Role], &'static [Role]) {
    use Role::Administrator;
    use Role::Auditor;
    use Role::Clerk;
    use Role::His;
    use Role::Insurer;
    use Role::PolicyEditor;
    use Role::Supervisor;
    match call {
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
    }
}

/// Somebody who is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The name under which logs know the key.
    pub name: String,
    /// What it is for.
    pub roles: Vec<Role>,
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

impl Actor {
    /// How far the actor may use a call: as far as the widest of the roles.
    pub fn reach(&self, call: &str) -> Reach {
        let each = self.roles.iter().map(|role| reach(*role, call));
        each.max().unwrap_or(Reach::None)
    }
}

impl Asker {
    /// Whether he settles for anybody.
    pub fn settles(&self) -> bool {
        match self {
            Asker::Anybody => true,
            Asker::Known(actor) => actor.roles.iter().any(|role| settles(*role)),
        }
    }

    /// Whether what belongs to a facility may be asked by this call.
    pub fn may(&self, call: &str, facility: &str) -> bool {
        match self {
            Asker::Anybody => true,
            Asker::Known(actor) => match actor.reach(call) {
                Reach::None => false,
                Reach::Own => actor.facilities.contains(facility),
                Reach::All => true,
            },
        }
    }
}
