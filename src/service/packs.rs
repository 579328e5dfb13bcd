//! Reading the pack folder again: all or nothing, and in the ledger before it counts.

use crate::metrics;
use crate::proto;
use crate::proto::office_record::Record;
use crate::rules::RuleBook;
use crate::service::Onlooker;
use crate::service::RulesError;
use crate::service::Service;
use crate::service::now;
use crate::service::read_rules;
use crate::store::fault::Fault;

use std::sync::Arc;
use std::sync::PoisonError;

/// Under whose name reloads stand in the ledger.
const WRITER: &str = "onestop";

impl Service {
    /// Reads the pack folder again, all or nothing; who asked for it, from where, and the digests before and after are recorded.
    pub async fn reload_rules(&self, by: Onlooker) -> Result<Arc<RuleBook>, RulesError> {
        let outcome = self.taken_over(by).await;
        metrics::reloaded(outcome.is_ok());
        outcome
    }

    async fn taken_over(&self, by: Onlooker) -> Result<Arc<RuleBook>, RulesError> {
        let folder = self.rules.clone();
        let reading = tokio::task::spawn_blocking(move || read_rules(&folder)).await;
        let stopped = |_| RulesError::Record(Box::new(Fault::Stopped.into()));
        let book = Arc::new(reading.map_err(stopped)??);
        let _turn = self.office_lock.lock().await;
        let record = proto::PackReload {
            digest_before: self.book().digest(),
            digest_after: book.digest(),
            packs: u32::try_from(book.packs().len()).unwrap_or(u32::MAX),
        };
        let writer = proto::Writer {
            facility: WRITER.to_owned(),
            request_id: format!("packs-{}", now().unix_millis()),
            operator: by.who,
            terminal: by.from,
        };
        let failed = |why| RulesError::Record(Box::new(why));
        self.write(writer, Record::Packs(record)).await.map_err(failed)?;
        *self.book.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&book);
        Ok(book)
    }
}
