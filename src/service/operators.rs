//! Changes of operators' accounts, from their file into the ledger: each once, however often it is tried.

use crate::operators::Operators;
use crate::operators::OperatorsError;
use crate::operators::account::Change;
use crate::proto;
use crate::proto::office_record::Record;
use crate::service::Failure;
use crate::service::Service;
use crate::store::fault::Fault;
use crate::store::fault::chain;
use crate::wire::from_proto;

/// Who writes them, in the place of a facility.
const WRITER: &str = "operators";

impl From<OperatorsError> for Failure {
    fn from(error: OperatorsError) -> Failure {
        Failure::Fault(Fault::Unreadable(chain(&error)))
    }
}

impl Service {
    /// Writes every change of accounts that is not in the ledger yet, and lets go of it in the file. Whoever is interrupted between
    /// the two finds the change in the ledger the next time, under its own id.
    pub async fn note_accounts(&self, operators: &Operators) -> Result<(), Failure> {
        let accounts = operators.accounts()?;
        let mut told = Vec::new();
        for change in accounts.changes() {
            self.note_account(change).await?;
            told.push(change.id.clone());
        }
        if !told.is_empty() {
            operators.change(|accounts| {
                accounts.told(&told);
                Ok(())
            })?;
        }
        Ok(())
    }

    async fn note_account(&self, change: &Change) -> Result<(), Failure> {
        let writer = proto::Writer {
            facility: WRITER.to_owned(),
            request_id: change.id.clone(),
            operator: change.by.clone(),
            terminal: change.from.clone(),
        };
        let name = from_proto::writer(Some(&writer))?;
        let _turn = self.office_lock.lock().await;
        if self.made_by(&name)?.is_some() {
            return Ok(());
        }
        let record = proto::AccountChange {
            name: change.name.clone(),
            what: change.what.name().to_owned(),
            roles: change.post.roles.iter().map(|role| role.name().to_owned()).collect(),
            facility: change.post.facility.clone(),
            terminal: change.post.terminal.clone(),
            at: change.at.clone(),
        };
        self.write(writer, Record::Account(record)).await?;
        Ok(())
    }
}
