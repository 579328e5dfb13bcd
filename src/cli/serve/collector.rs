//! Where traces go, from the configuration, and a last moment for them at the end.

use crate::cli::Exit;
use crate::cli::serve::Stopped;
use crate::config::TracesConfig;
use crate::store::fault::chain;
use crate::traces::Traces;

use tokio::task::JoinHandle;

use std::time::Duration;

/// How long the last spans may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The collector, if there is one.
pub(super) struct Collector {
    pub(super) traces: Traces,
    sending: Option<JoinHandle<()>>,
}

impl Collector {
    /// Begins to send; the collector itself may come later.
    pub(super) fn begin(config: &TracesConfig) -> Result<Collector, Stopped> {
        if config.endpoint.is_empty() {
            return Ok(Collector { traces: Traces::default(), sending: None });
        }
        let began = Traces::to(&config.endpoint, &config.ca);
        let (traces, sending) = began.map_err(|error| (Exit::Usage, chain(&error)))?;
        Ok(Collector { traces, sending: Some(sending) })
    }

    /// Sends what is left, unless the collector takes too long.
    pub(super) async fn end(self) {
        let Collector { traces, sending } = self;
        drop(traces);
        if let Some(sending) = sending {
            // Whoever waits longer for a collector keeps a server from stopping.
            let _ = tokio::time::timeout(PATIENCE, sending).await;
        }
    }
}
