//! `onestop operator`: the operators of the pages. Works on the file of accounts, with or without a server that runs on it: a server
//! sees the change at once, and it is in the ledger a few seconds later, or when the server starts.

use crate::access::Role;
use crate::cli::Context;
use crate::cli::Exit;
use crate::cli::output;
use crate::operators::Operators;
use crate::operators::OperatorsError;
use crate::operators::account::Account;
use crate::operators::account::Post;
use crate::operators::author;
use crate::refusal::Lang;
use crate::service::now;

use clap::Args;
use clap::Subcommand;
use serde_json::json;

use std::path::PathBuf;

/// From where, in the ledger.
const FROM: &str = "command line";

#[derive(Debug, Subcommand)]
pub(super) enum OperatorCommand {
    /// Add an operator, and print the password for the first login, once.
    Add(PostArguments),
    /// List the operators.
    List(StoreArguments),
    /// Give an operator other roles, or another window.
    Role(PostArguments),
    /// Set a password for one use, and print it, once; the sessions of the operator end with the next request.
    Reset(NameArguments),
    /// Keep an operator out, from the next request on.
    Disable(NameArguments),
    /// Let an operator in again.
    Enable(NameArguments),
}

#[derive(Debug, Args)]
pub(super) struct StoreArguments {
    /// Directory of the store.
    #[arg(long, value_name = "DIRECTORY")]
    data: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct NameArguments {
    /// The operator's name.
    name: String,
    #[command(flatten)]
    store: StoreArguments,
}

#[derive(Debug, Args)]
pub(super) struct PostArguments {
    /// The operator's name, which the ledger records.
    name: String,
    /// What the operator is here for: clerk, supervisor, insurer, policy-editor, auditor or administrator; may be given several
    /// times.
    #[arg(long, required = true)]
    role: Vec<String>,
    /// The facility of a clerk or supervisor; the office of an insurer's operator.
    #[arg(long, value_name = "CODE", default_value = "")]
    facility: String,
    /// The window of a clerk or supervisor.
    #[arg(long, value_name = "NAME", default_value = "")]
    window: String,
    #[command(flatten)]
    store: StoreArguments,
}

impl PostArguments {
    fn post(&self) -> Result<Post, String> {
        let role = |name: &String| {
            Role::parse(name).ok_or_else(|| format!("没有这个角色 no such role: {name}"))
        };
        Ok(Post {
            roles: self.role.iter().map(role).collect::<Result<_, _>>()?,
            facility: self.facility.clone(),
            terminal: self.window.clone(),
        })
    }
}

pub(super) fn run(context: &Context, command: &OperatorCommand) -> Exit {
    let store = match command {
        OperatorCommand::Add(one) | OperatorCommand::Role(one) => &one.store,
        OperatorCommand::List(one) => one,
        OperatorCommand::Reset(one)
        | OperatorCommand::Disable(one)
        | OperatorCommand::Enable(one) => &one.store,
    };
    let path = store.data.as_ref().unwrap_or(&context.config.store.path);
    let done = Operators::open(path, context.config.access.terms())
        .map_err(|error| said(&error, context.lang))
        .and_then(|operators| do_it(context, command, &operators));
    match done {
        Ok(text) => {
            output::print(&text);
            Exit::Done
        }
        Err((exit, why)) => {
            output::complain(&why);
            exit
        }
    }
}

fn do_it(
    context: &Context,
    command: &OperatorCommand,
    operators: &Operators,
) -> Result<String, (Exit, String)> {
    let by = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER"));
    let by = by.unwrap_or_else(|_| "console".to_owned());
    let (who, lang) = ((by.as_str(), FROM), context.lang);
    let failed = |error: OperatorsError| said(&error, lang);
    let author = author(&by, FROM, now()).map_err(failed)?;
    let password = match command {
        OperatorCommand::List(_) => {
            return operators.accounts().map_err(failed).map(|accounts| {
                if context.json { as_json(accounts.all()) } else { as_text(accounts.all(), lang) }
            });
        }
        OperatorCommand::Add(one) => {
            let post = one.post().map_err(|why| (Exit::Usage, why))?;
            Some(operators.add(&one.name, post, who, now()).map_err(failed)?)
        }
        OperatorCommand::Reset(one) => {
            Some(operators.reset(&one.name, who, now()).map_err(failed)?)
        }
        OperatorCommand::Role(one) => {
            let post = one.post().map_err(|why| (Exit::Usage, why))?;
            let change = operators.change(|all| Ok(all.post(&one.name, post, &author)?));
            change.map_err(failed).map(|()| None)?
        }
        OperatorCommand::Disable(one) | OperatorCommand::Enable(one) => {
            let disabled = matches!(command, OperatorCommand::Disable(_));
            let change = operators.change(|all| Ok(all.disable(&one.name, disabled, &author)?));
            change.map_err(failed).map(|()| None)?
        }
    };
    Ok(match (password, lang) {
        (Some(password), Lang::Zh) => {
            format!("一次性口令(只显示这一次,首次登录须修改): {password}")
        }
        (Some(password), Lang::En) => {
            format!(
                "Password for one use, shown this once; to be changed at the first login: {password}"
            )
        }
        (None, Lang::Zh) => "已办理".to_owned(),
        (None, Lang::En) => "Done".to_owned(),
    })
}

/// What went wrong, and how the command then ends.
fn said(error: &OperatorsError, lang: Lang) -> (Exit, String) {
    let of = |(zh, en): (&str, &str)| match lang {
        Lang::Zh => zh.to_owned(),
        Lang::En => en.to_owned(),
    };
    match error {
        OperatorsError::Account(error) => (Exit::Refused, of(error.said())),
        OperatorsError::Weak(weak) => (Exit::Refused, of(weak.said())),
        OperatorsError::File(_) | OperatorsError::Wrong | OperatorsError::NoRandomness => {
            (Exit::Failed, crate::store::fault::chain(error))
        }
    }
}

fn as_text(accounts: &[Account], lang: Lang) -> String {
    let state = |account: &Account| match (account.disabled, account.must_change, lang) {
        (true, _, Lang::Zh) => "停用",
        (true, _, Lang::En) => "kept out",
        (false, true, Lang::Zh) => "待改口令",
        (false, true, Lang::En) => "must change the password",
        (false, false, Lang::Zh) => "在用",
        (false, false, Lang::En) => "in use",
    };
    let lines = accounts.iter().map(|one| {
        let (roles, post) = (one.post.roles_text(), &one.post);
        [one.name.as_str(), &roles, &post.facility, &post.terminal, state(one)].join("\t") + "\n"
    });
    lines.collect()
}

fn as_json(accounts: &[Account]) -> String {
    let each = accounts.iter().map(|one| {
        json!({
            "name": one.name, "roles": one.post.roles, "facility": one.post.facility,
            "window": one.post.terminal, "disabled": one.disabled, "mustChange": one.must_change,
        })
    });
    serde_json::Value::from_iter(each).to_string()
}
