//! `onestop ledger`: verify, pin, export, import and back up the ledger.

mod backup;
mod corrections;
mod export;
mod pin;
mod seal;
mod verify;

use crate::cli::Context;
use crate::cli::Exit;
use crate::cli::output;
use crate::store::fault::chain;
use crate::store::journal::error::JournalError;
use crate::store::seal::Place;
use crate::store::seal::Seal;

use clap::Subcommand;

use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// Walk the digest chain, settle every entry again, fold all accumulators again; also while a server runs.
    Verify {
        /// The store; by default the configured one.
        #[arg(long, value_name = "DIRECTORY")]
        data: Option<PathBuf>,
        /// Folder with the packs that entries name; by default the configured one.
        #[arg(long, value_name = "FOLDER")]
        rules: Option<PathBuf>,
    },
    /// List settlements whose person's identities were corrected afterwards for the days concerned, with what they would be
    /// today; also while a server runs.
    Corrections {
        /// The store; by default the configured one.
        #[arg(long, value_name = "DIRECTORY")]
        data: Option<PathBuf>,
        /// Folder with the packs that entries name; by default the configured one.
        #[arg(long, value_name = "FOLDER")]
        rules: Option<PathBuf>,
    },
    /// Print number and digest of the last entry, for an auditor to pin.
    Head {
        /// The store; by default the configured one.
        #[arg(long, value_name = "DIRECTORY")]
        data: Option<PathBuf>,
    },
    /// Prove that a pinned number and digest lie on the chain that leads to the last entry.
    Prove {
        /// The pinned number; 0 of an empty ledger.
        #[arg(long)]
        number: u64,
        /// The pinned digest.
        #[arg(long)]
        digest: String,
        /// The store; by default the configured one.
        #[arg(long, value_name = "DIRECTORY")]
        data: Option<PathBuf>,
    },
    /// Write the whole ledger as JSON lines.
    Export {
        /// The file to write; `-` is standard output.
        file: PathBuf,
        /// The store; by default the configured one.
        #[arg(long, value_name = "DIRECTORY")]
        data: Option<PathBuf>,
    },
    /// Restore an export into an empty store, with the same digests.
    Import {
        /// The file to read; `-` is standard input.
        file: PathBuf,
        /// The store; by default the configured one.
        #[arg(long, value_name = "DIRECTORY")]
        data: Option<PathBuf>,
    },
    /// Copy the ledger into another directory, also while a server runs; a second time only what is new.
    Backup {
        /// Where to.
        to: PathBuf,
        /// The store; by default the configured one.
        #[arg(long, value_name = "DIRECTORY")]
        data: Option<PathBuf>,
    },
    /// Print a new key to seal a store with, as a line of a key file.
    Key {
        /// Which cipher it is for.
        #[arg(long, default_value = "aes-256-gcm")]
        cipher: KeyCipher,
    },
    /// Seal what a store has under another key, or none, with the first key of the key file; while no server runs on it.
    Reseal {
        /// The store; by default the configured one.
        #[arg(long, value_name = "DIRECTORY")]
        data: Option<PathBuf>,
    },
}

/// Which cipher a key is for.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum KeyCipher {
    /// AES with 256 bits.
    #[value(name = "aes-256-gcm")]
    Aes,
    /// SM4 (国密).
    #[value(name = "sm4-gcm")]
    Sm4,
}

/// Why a command stopped.
enum Stopped {
    /// Something to mend was found.
    Found(String),
    /// The arguments or a file are wrong.
    Usage(String),
    /// The store failed.
    Failed(String),
}

impl From<JournalError> for Stopped {
    fn from(error: JournalError) -> Stopped {
        match &error {
            JournalError::Damaged { .. } => Stopped::Found(chain(&error)),
            JournalError::NoKey { .. } => Stopped::Usage(chain(&error)),
            JournalError::Locked { .. }
            | JournalError::Seal(_)
            | JournalError::ContentEmpty { .. }
            | JournalError::ContentTooLong { .. }
            | JournalError::GroupTooLong
            | JournalError::NoSpace(_)
            | JournalError::Write(_)
            | JournalError::NotCutOff(_)
            | JournalError::Segment { .. }
            | JournalError::Sync(_)
            | JournalError::Poisoned
            | JournalError::Io { .. } => Stopped::Failed(chain(&error)),
        }
    }
}

pub(super) fn run(context: &Context, command: &LedgerCommand) -> Exit {
    // Whoever makes the first key has none yet, or an empty file where it is going to be.
    let makes_a_key = matches!(command, LedgerCommand::Key { .. });
    let read = if makes_a_key { Ok(Seal::NONE) } else { context.seal() };
    let seal = match read {
        Ok(seal) => seal,
        Err(exit) => return exit,
    };
    let configured = (&context.config.store.path, &seal);
    let done = match command {
        LedgerCommand::Verify { data, rules } => {
            let rules = rules.as_ref().unwrap_or(&context.config.rules.path);
            verify::verify(store(data, configured), rules, context.lang)
        }
        LedgerCommand::Corrections { data, rules } => {
            let rules = rules.as_ref().unwrap_or(&context.config.rules.path);
            corrections::corrections(store(data, configured), rules, context.lang)
        }
        LedgerCommand::Head { data } => pin::head(store(data, configured)),
        LedgerCommand::Prove { number, digest, data } => {
            pin::prove(store(data, configured), *number, digest, context.lang)
        }
        LedgerCommand::Export { file, data } => {
            export::export(store(data, configured), file, context.lang)
        }
        LedgerCommand::Import { file, data } => {
            export::import(store(data, configured), file, context.lang)
        }
        LedgerCommand::Backup { to, data } => {
            backup::backup(store(data, configured), to, context.lang)
        }
        LedgerCommand::Key { cipher } => seal::key(*cipher),
        LedgerCommand::Reseal { data } => seal::reseal(store(data, configured), context.lang),
    };
    match done {
        Ok(said) => {
            // An export to standard output says nothing beside the entries.
            if !said.is_empty() {
                output::print(&said);
            }
            Exit::Done
        }
        Err(Stopped::Found(what)) => {
            output::complain(&what);
            Exit::Refused
        }
        Err(Stopped::Usage(what)) => {
            output::complain(&what);
            Exit::Usage
        }
        Err(Stopped::Failed(what)) => {
            output::complain(&what);
            Exit::Failed
        }
    }
}

/// The store that was named, or the configured one.
fn store<'p>(data: &'p Option<PathBuf>, (configured, seal): (&'p PathBuf, &'p Seal)) -> Place<'p> {
    Place { directory: data.as_ref().unwrap_or(configured), seal }
}

/// The journal of a store that is there.
fn journal_of(store: Place<'_>) -> Result<PathBuf, Stopped> {
    let journal = store.directory.join("journal");
    if journal.is_dir() {
        return Ok(journal);
    }
    Err(Stopped::Usage(format!("`{}` holds no store", store.directory.display())))
}
