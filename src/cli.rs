//! The command line. Results go to standard output, everything else to standard error; exit codes mean something.

mod client;
mod demo;
mod import;
mod key;
mod ledger;
mod operator;
mod output;
mod progress;
mod quote;
mod reconcile;
mod clear;
mod survey;
mod whatif;
mod rules;
mod serve;
mod vectors;

use crate::config::Config;
use crate::refusal::Lang;
use crate::store::seal::Seal;

use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;

use std::path::PathBuf;
use std::process::ExitCode;

/// One-stop medical settlement (一站式结算).
#[derive(Debug, Parser)]
#[command(name = "onestop", version, about, after_help = EXIT_CODES)]
struct Arguments {
    /// Configuration file; without it, defaults. Environment variables `ONESTOP_<SECTION>_<KEY>` overlay it.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Language of what people read.
    #[arg(long, global = true, value_enum, default_value = "zh")]
    lang: Language,
    /// Print the contract's JSON form instead of a sheet.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done; 1 refused, or something to mend was found; \
    2 wrong arguments, configuration or input file; 3 the server or the store failed";

/// The language of sheets and sentences.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Language {
    /// 中文
    Zh,
    /// English
    En,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve gRPC on the embedded store.
    Serve(serve::ServeArguments),
    /// Quote one bill, or JSON lines by the million, without a server.
    Quote(quote::QuoteArguments),
    /// Settle an admission at a server.
    Settle(client::SettleArguments),
    /// Undo a settlement or opening balance at a server.
    Reverse(client::ReverseArguments),
    /// Show settlements, a year's accumulators, eligibility, packs or register records of a server.
    Show(client::ShowArguments),
    /// Put a register table (CSV) into a server's registers.
    Import(import::ImportArguments),
    /// Check, test and show rule packs.
    #[command(subcommand)]
    Rules(rules::RulesCommand),
    /// Verify, pin, export, import and back up the ledger.
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Compare a hospital's list of settlements with the ledger: totals, and every difference.
    Reconcile(reconcile::ReconcileArguments),
    /// Sign a kept reconciliation off.
    SignOff(reconcile::SignOffArguments),
    /// The statement of a month for a facility, or for an insured place over all facilities.
    Clear(clear::ClearArguments),
    /// Show where the money of a period went: layers, patients, identities, guarantees, caps, facilities.
    Survey(survey::SurveyArguments),
    /// List who did what, and the reversals that should be looked at.
    Audit(survey::AuditArguments),
    /// Settle a period again under other packs, and compare: who would pay what, who would gain and lose.
    Whatif(whatif::WhatIfArguments),
    /// Make a key for a caller of gRPC: print its secret, once, and what to put into the file of keys.
    Key(key::KeyArguments),
    /// Add, list and change the operators of the pages.
    #[command(subcommand)]
    Operator(operator::OperatorCommand),
    /// Run scenarios with known answers against this engine.
    Vectors(vectors::VectorsArguments),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    Done,
    /// Refused by a rule, or something to mend was found.
    Refused,
    /// Arguments, configuration or an input file are wrong.
    Usage,
    /// The server or the store failed.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Refused => 1,
            Exit::Usage => 2,
            Exit::Failed => 3,
        })
    }
}

/// What every command needs.
struct Context {
    config: Config,
    lang: Lang,
    json: bool,
}

impl Context {
    /// What stores are sealed with. Complains where the keys cannot be read.
    fn seal(&self) -> Result<Seal, Exit> {
        let store = &self.config.store;
        Seal::of(&store.key_file, store.key.text()).map_err(|error| {
            output::complain(&crate::store::fault::chain(&error));
            Exit::Usage
        })
    }
}

/// Runs the command that the arguments name.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    let config = match Config::read(arguments.config.as_deref(), std::env::vars()) {
        Ok(config) => config,
        Err(error) => {
            output::complain(&crate::store::fault::chain(&error));
            return Exit::Usage.into();
        }
    };
    let lang = match arguments.lang {
        Language::Zh => Lang::Zh,
        Language::En => Lang::En,
    };
    let context = Context { config, lang, json: arguments.json };
    let exit = match arguments.command {
        Command::Serve(arguments) => serve::run(&context, arguments),
        Command::Quote(arguments) => quote::run(&context, &arguments),
        Command::Settle(arguments) => client::settle(&context, &arguments),
        Command::Reverse(arguments) => client::reverse(&context, &arguments),
        Command::Show(arguments) => client::show(&context, &arguments),
        Command::Import(arguments) => import::run(&context, &arguments),
        Command::Rules(command) => rules::run(&context, &command),
        Command::Ledger(command) => ledger::run(&context, &command),
        Command::Reconcile(arguments) => reconcile::run(&context, &arguments),
        Command::SignOff(arguments) => reconcile::sign_off(&context, &arguments),
        Command::Clear(arguments) => clear::run(&context, &arguments),
        Command::Survey(arguments) => survey::survey(&context, &arguments),
        Command::Audit(arguments) => survey::audit(&context, &arguments),
        Command::Whatif(arguments) => whatif::run(&context, &arguments),
        Command::Key(arguments) => key::run(arguments),
        Command::Operator(command) => operator::run(&context, &command),
        Command::Vectors(arguments) => vectors::run(&arguments),
    };
    exit.into()
}
