//! The operators of the pages: who there is at a first start, and changes of accounts on their way into the ledger.

use crate::cli::Exit;
use crate::cli::output;
use crate::cli::serve::Stopped;
use crate::config::Config;
use crate::oidc::Oidc;
use crate::operators::FIRST;
use crate::operators::Operators;
use crate::operators::OperatorsError;
use crate::service::Service;
use crate::service::now;
use crate::store::fault::chain;

use tokio::task::AbortHandle;

use std::sync::Arc;
use std::time::Duration;

/// How often changes that the command line made are looked for.
const LOOKED_FOR: Duration = Duration::from_secs(5);

/// The operators, where pages ask; the first of them is made at the first start, and its password printed this once.
fn open(config: &Config) -> Result<Option<Arc<Operators>>, Stopped> {
    if !config.access.asks_at_pages(config.http.listen) {
        return Ok(None);
    }
    let failed = |error: OperatorsError| (Exit::Failed, chain(&error));
    let operators = Operators::open(&config.store.path, config.access.terms()).map_err(failed)?;
    if let Some(password) = operators.first(now()).map_err(failed)? {
        // Standard output is no log: whoever installs the server reads it once.
        output::print(&format!(
            "系统管理员 Administrator: {FIRST}\n一次性口令(只显示这一次) Password for one use, shown this once: {password}"
        ));
    }
    Ok(Some(Arc::new(operators)))
}

/// Who may work at the pages.
pub(super) struct Staff {
    pub(super) operators: Option<Arc<Operators>>,
    pub(super) oidc: Option<Arc<Oidc>>,
    /// What brings changes of accounts into the ledger.
    pub(super) noting: AbortHandle,
}

/// The operators, and what brings changes of their accounts into the ledger.
pub(super) fn begin(config: &Config, service: &Arc<Service>) -> Result<Staff, Stopped> {
    let operators = open(config)?;
    let oidc = if operators.is_none() || config.oidc.issuer.is_empty() {
        None
    } else {
        let oidc = Oidc::new(config.oidc.clone());
        Some(Arc::new(oidc.map_err(|error| (Exit::Usage, chain(&error)))?))
    };
    let noting = match operators.clone() {
        Some(operators) => tokio::spawn(note(Arc::clone(service), operators)),
        None => tokio::spawn(async {}),
    };
    Ok(Staff { operators, oidc, noting: noting.abort_handle() })
}

/// Brings changes of accounts into the ledger: at once what an earlier run left, later what the command line changes.
async fn note(service: Arc<Service>, operators: Arc<Operators>) {
    let mut ticks = tokio::time::interval(LOOKED_FOR);
    loop {
        ticks.tick().await;
        if let Err(error) = service.note_accounts(&operators).await {
            tracing::error!(error = chain(&error), "a change of accounts is not in the ledger yet");
        }
    }
}
