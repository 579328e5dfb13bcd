//! Accounts (账户): who an operator is, what for, and from which window. Every change of one leaves a note of who made it, which
//! stays in the file until it is in the ledger. Pure.

use crate::access::Role;
use crate::id::is_id;
use crate::operators::password::Hashed;

use serde::Deserialize;
use serde::Serialize;

/// Most accounts.
const ACCOUNTS_MAX: usize = 10_000;

/// An operator's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The name (经办人), which entries of the ledger record.
    pub name: String,
    /// What the operator is here for.
    pub post: Post,
    /// What the password is known by.
    pub password: Hashed,
    /// Whether it has to be changed before anything else.
    pub must_change: bool,
    /// When it was set. Unit: milliseconds since 1970.
    pub password_set_ms: i64,
    /// Whether the operator is kept out.
    pub disabled: bool,
    /// The wrong passwords for which it has to wait, also after a restart; none where it need not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<Wrong>,
}

/// Wrong passwords in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wrong {
    /// How many.
    pub count: u32,
    /// When the last one was. Unit: milliseconds since 1970.
    pub last_ms: i64,
}

/// What an operator is here for, and where (岗位).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    /// The roles.
    pub roles: Vec<Role>,
    /// The operator's facility (定点医药机构编号); an insurer's office (经办机构编号). Empty for others.
    #[serde(default)]
    pub facility: String,
    /// The window or device (窗口、设备号).
    #[serde(default)]
    pub terminal: String,
}

impl Post {
    /// Whether somebody can have it.
    pub fn check(&self) -> Result<(), AccountError> {
        let has = |role: Role| self.roles.contains(&role);
        let at_window = has(Role::Clerk) || has(Role::Supervisor);
        if self.roles.is_empty() {
            return Err(AccountError::NoRole);
        }
        if has(Role::His) {
            return Err(AccountError::ForPrograms);
        }
        let alone = [Role::Auditor, Role::Administrator];
        if 1 < self.roles.len() && alone.into_iter().any(has) {
            return Err(AccountError::Alone);
        }
        if at_window && has(Role::Insurer) {
            return Err(AccountError::TwoSides);
        }
        let (facility, terminal) = (is_id(&self.facility), is_id(&self.terminal));
        match (at_window, has(Role::Insurer)) {
            (true, _) if !facility || !terminal => Err(AccountError::NoWindow),
            (_, true) if !facility => Err(AccountError::NoOffice),
            _ => Ok(()),
        }
    }

    /// The names of the roles, in a row.
    pub fn roles_text(&self) -> String {
        let names: Vec<&str> = self.roles.iter().map(|role| role.name()).collect();
        names.join(",")
    }
}

/// What was done to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    /// There is one more.
    Added,
    /// It is for something else now.
    Post,
    /// Its operator has changed the password.
    Password,
    /// Somebody else has set a password for one use.
    Reset,
    /// Its operator is kept out.
    Disabled,
    /// Its operator is no longer kept out.
    Enabled,
    /// It has to wait after wrong passwords.
    Locked,
}

impl What {
    /// The name in the ledger.
    pub fn name(self) -> &'static str {
        match self {
            What::Added => "added",
            What::Post => "post",
            What::Password => "password",
            What::Reset => "reset",
            What::Disabled => "disabled",
            What::Enabled => "enabled",
            What::Locked => "locked",
        }
    }
}

/// Who changes accounts: under which name, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The name.
    pub by: String,
    /// The address or machine.
    pub from: String,
    /// When, with the offset of Asia/Shanghai.
    pub at: String,
    /// An id that no other change has.
    pub id: String,
}

/// A change of an account that is not in the ledger yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// An id that no other change has.
    pub id: String,
    /// When.
    pub at: String,
    /// Who made it.
    pub by: String,
    /// From where.
    pub from: String,
    /// Whose account it is.
    pub name: String,
    /// What was done.
    pub what: What,
    /// What the account is for since then.
    pub post: Post,
}

/// Why an account is not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.said().1)]
pub enum AccountError {
    /// The name is none.
    Name,
    /// Somebody has the name.
    Taken,
    /// Nobody has it.
    Unknown,
    /// There are too many.
    TooMany,
    /// No role is given.
    NoRole,
    /// The role is one of programs.
    ForPrograms,
    /// A role that goes with no other.
    Alone,
    /// Both sides of a bill.
    TwoSides,
    /// A window's operator without a window.
    NoWindow,
    /// An insurer's operator without an office.
    NoOffice,
    /// There would be no administrator left.
    LastAdministrator,
}

impl AccountError {
    /// What is wrong, and what to do, in Chinese and English.
    pub fn said(self) -> (&'static str, &'static str) {
        match self {
            AccountError::Name => (
                "用户名须为 1 至 100 个字符，首尾无空格",
                "A name has 1 to 100 signs and no space at either end",
            ),
            AccountError::Taken => ("该用户名已存在", "Somebody has this name"),
            AccountError::Unknown => ("没有这个用户", "Nobody has this name"),
            AccountError::TooMany => ("用户数已达上限", "There are too many accounts"),
            AccountError::NoRole => ("至少要有一个角色", "Give at least one role"),
            AccountError::ForPrograms => (
                "his 角色只用于程序，请用 onestop key 生成密钥",
                "The role his is for programs; make a key with `onestop key`",
            ),
            AccountError::Alone => {
                ("审计与系统管理不得兼任其他角色", "An auditor or administrator has no other role")
            }
            AccountError::TwoSides => (
                "经办机构人员不得兼任医疗机构窗口人员",
                "Nobody works for an insurer and at a hospital's window",
            ),
            AccountError::NoWindow => (
                "窗口人员须填写医疗机构编号和窗口",
                "A clerk or supervisor needs a facility and a window",
            ),
            AccountError::NoOffice => (
                "经办机构人员须填写经办机构编号",
                "An insurer's operator needs an office as facility",
            ),
            AccountError::LastAdministrator => (
                "这是最后一位系统管理员，请先增加另一位",
                "This is the last administrator; add another first",
            ),
        }
    }
}

/// All accounts, and the changes that are not in the ledger yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    accounts: Vec<Account>,
    changes: Vec<Change>,
}

impl Accounts {
    /// All of them, in the order in which they were added.
    pub fn all(&self) -> &[Account] {
        &self.accounts
    }

    /// One by its name.
    pub fn get(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name == name)
    }

    /// The changes that are not in the ledger yet, oldest first.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Lets go of changes that are in the ledger.
    pub fn told(&mut self, ids: &[String]) {
        self.changes.retain(|change| !ids.contains(&change.id));
    }

    /// Adds one.
    pub fn add(&mut self, account: Account, author: &Author) -> Result<(), AccountError> {
        if !is_id(&account.name) {
            return Err(AccountError::Name);
        }
        account.post.check()?;
        // Names that differ in capitals alone would be taken for one another.
        let name = account.name.to_lowercase();
        if self.accounts.iter().any(|one| one.name.to_lowercase() == name) {
            return Err(AccountError::Taken);
        }
        if ACCOUNTS_MAX <= self.accounts.len() {
            return Err(AccountError::TooMany);
        }
        self.note(&account, What::Added, author);
        self.accounts.push(account);
        Ok(())
    }

    /// Gives somebody another post.
    pub fn post(&mut self, name: &str, post: Post, author: &Author) -> Result<(), AccountError> {
        post.check()?;
        self.change(name, What::Post, author, |account| account.post = post)
    }

    /// Sets a password: one's own, or one for one use.
    pub fn password(
        &mut self,
        (name, what): (&str, What),
        password: Hashed,
        set_ms: i64,
        author: &Author,
    ) -> Result<(), AccountError> {
        self.change(name, what, author, |account| {
            account.password = password;
            account.password_set_ms = set_ms;
            account.must_change = what == What::Reset;
            account.wrong = None;
        })
    }

    /// Keeps somebody out, or no longer.
    pub fn disable(
        &mut self,
        name: &str,
        disabled: bool,
        author: &Author,
    ) -> Result<(), AccountError> {
        let what = if disabled { What::Disabled } else { What::Enabled };
        self.change(name, what, author, |account| account.disabled = disabled)
    }

    /// Notes that somebody has to wait, and for which wrong passwords.
    pub fn locked(
        &mut self,
        name: &str,
        wrong: Option<Wrong>,
        author: &Author,
    ) -> Result<(), AccountError> {
        self.change(name, What::Locked, author, |account| account.wrong = wrong)
    }

    /// Lets go of somebody's wrong passwords: the right one came.
    pub fn unlocked(&mut self, name: &str) {
        if let Some(account) = self.accounts.iter_mut().find(|account| account.name == name) {
            account.wrong = None;
        }
    }

    fn change(
        &mut self,
        name: &str,
        what: What,
        author: &Author,
        change: impl FnOnce(&mut Account),
    ) -> Result<(), AccountError> {
        let mut changed = self.clone();
        let account = changed.accounts.iter_mut().find(|account| account.name == name);
        let account = account.ok_or(AccountError::Unknown)?;
        change(account);
        let account = account.clone();
        if self.has_administrator() && !changed.has_administrator() {
            return Err(AccountError::LastAdministrator);
        }
        changed.note(&account, what, author);
        *self = changed;
        Ok(())
    }

    fn has_administrator(&self) -> bool {
        self.accounts
            .iter()
            .any(|one| !one.disabled && one.post.roles.contains(&Role::Administrator))
    }

    fn note(&mut self, account: &Account, what: What, author: &Author) {
        let Author { by, from, at, id } = author.clone();
        let (name, post) = (account.name.clone(), account.post.clone());
        self.changes.push(Change { id, at, by, from, name, what, post });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn author(id: &str) -> Author {
        let text = |text: &str| text.to_owned();
        Author { by: text("root"), from: text("here"), at: text("now"), id: text(id) }
    }

    fn account(name: &str, roles: &[Role], facility: &str, terminal: &str) -> Account {
        let post = Post {
            roles: roles.to_vec(),
            facility: facility.to_owned(),
            terminal: terminal.to_owned(),
        };
        let password = Hashed::of("correct horse").unwrap();
        let name = name.to_owned();
        Account {
            name,
            post,
            password,
            must_change: true,
            password_set_ms: 0,
            disabled: false,
            wrong: None,
        }
    }

    #[test]
    fn an_account_that_nobody_can_have_is_refused() {
        use Role::Administrator;
        use Role::Auditor;
        use Role::Clerk;
        use Role::His;
        use Role::Insurer;
        use Role::PolicyEditor;
        use Role::Supervisor;
        for (name, roles, facility, terminal, expected) in [
            ("", &[Auditor][..], "", "", Err(AccountError::Name)),
            (" li", &[Auditor], "", "", Err(AccountError::Name)),
            ("li", &[], "", "", Err(AccountError::NoRole)),
            ("li", &[His], "H", "1", Err(AccountError::ForPrograms)),
            ("li", &[Auditor, Clerk], "H", "1", Err(AccountError::Alone)),
            ("li", &[Administrator, PolicyEditor], "", "", Err(AccountError::Alone)),
            ("li", &[Insurer, Clerk], "H", "1", Err(AccountError::TwoSides)),
            ("li", &[Clerk], "H", "", Err(AccountError::NoWindow)),
            ("li", &[Supervisor], "", "1", Err(AccountError::NoWindow)),
            ("li", &[Insurer], "", "", Err(AccountError::NoOffice)),
            ("li", &[Clerk, Supervisor, PolicyEditor], "H", "1", Ok(())),
        ] {
            let mut accounts = Accounts::default();
            let added = accounts.add(account(name, roles, facility, terminal), &author("1"));
            assert_eq!(added, expected, "{name} {roles:?}");
            assert_eq!(accounts.changes().len(), accounts.all().len());
        }
        let mut accounts = Accounts::default();
        accounts.add(account("Li", &[Role::Auditor], "", ""), &author("1")).unwrap();
        let again = accounts.add(account("li", &[Role::Auditor], "", ""), &author("2"));
        assert_eq!(again, Err(AccountError::Taken));
    }

    #[test]
    fn every_change_says_who_made_it_and_stays_until_it_is_told() {
        let mut accounts = Accounts::default();
        accounts.add(account("admin", &[Role::Administrator], "", ""), &author("1")).unwrap();
        accounts.add(account("li", &[Role::Clerk], "H", "1"), &author("2")).unwrap();
        let post = Post { roles: vec![Role::Auditor], ..Post::default() };
        accounts.post("li", post, &author("3")).unwrap();
        let hashed = Hashed::of("another horse").unwrap();
        accounts.password(("li", What::Reset), hashed, 5, &author("4")).unwrap();
        accounts.disable("li", true, &author("5")).unwrap();
        accounts.disable("li", false, &author("6")).unwrap();
        let wrong = Some(Wrong { count: 5, last_ms: 7 });
        accounts.locked("li", wrong, &author("7")).unwrap();
        assert_eq!(accounts.get("li").unwrap().wrong, wrong);
        accounts.unlocked("li");
        assert_eq!(accounts.get("li").unwrap().wrong, None);
        assert_eq!(accounts.disable("nobody", true, &author("8")), Err(AccountError::Unknown));
        let last = accounts.disable("admin", true, &author("9"));
        assert_eq!(last, Err(AccountError::LastAdministrator));
        let whats: Vec<&str> = accounts.changes().iter().map(|one| one.what.name()).collect();
        assert_eq!(whats, ["added", "added", "post", "reset", "disabled", "enabled", "locked"]);
        assert!(accounts.changes().iter().all(|one| one.by == "root" && one.from == "here"));
        assert_eq!(accounts.changes()[2].post.roles, [Role::Auditor]);
        let li = accounts.get("li").unwrap();
        assert!(li.must_change && li.password_set_ms == 5 && li.password.fits("another horse"));
        accounts.told(&["1".to_owned(), "2".to_owned()]);
        assert_eq!(accounts.changes().len(), 5);
    }
}
