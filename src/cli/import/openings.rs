//! Opening balances, each a ledger entry of its own; those that are refused are named with their row.

use crate::cli::Context;
use crate::cli::Exit;
use crate::cli::client::Trouble;
use crate::cli::client::ask;
use crate::cli::client::connect;
use crate::cli::output;
use crate::cli::progress;
use crate::grpc;
use crate::proto;
use crate::proto::settlement_client::SettlementClient;
use crate::refusal::Lang;

use tokio::task::JoinSet;
use tonic::Status;

/// How many are on their way at once: they share syncs.
const ON_THE_WAY: usize = 64;

type Loaded = (u64, Result<proto::LoadOpeningReply, Status>);

/// What loading came to.
#[derive(Default)]
struct Outcome {
    loaded: u64,
    /// Rows whose year had entries before.
    had_entries: Vec<u64>,
    refused: Vec<(u64, proto::Refusal)>,
}

/// Loads opening balances; sent again, the same file loads nothing twice.
pub(super) fn load(
    context: &Context,
    url: &str,
    openings: Vec<(u64, proto::LoadOpeningRequest)>,
    dry_run: bool,
) -> Exit {
    let lang = context.lang;
    if dry_run {
        let count = openings.len();
        output::print(&match lang {
            Lang::Zh => format!("试运行:表格无误,将导入期初余额 {count} 笔"),
            Lang::En => format!(
                "dry run: the table is well formed; {count} opening balances would be loaded"
            ),
        });
        return Exit::Done;
    }
    let mut outcome = Outcome::default();
    let exit = ask(lang, async {
        let client = SettlementClient::new(connect(url, &context.config.client).await?);
        let bar = progress::count(u64::try_from(openings.len()).unwrap_or_default());
        let mut on_the_way: JoinSet<Loaded> = JoinSet::new();
        for (row, request) in openings {
            if ON_THE_WAY <= on_the_way.len()
                && let Some(done) = on_the_way.join_next().await
            {
                outcome.take(done)?;
                bar.inc(1);
            }
            let mut client = client.clone();
            on_the_way.spawn(async move {
                (row, client.load_opening(request).await.map(tonic::Response::into_inner))
            });
        }
        while let Some(done) = on_the_way.join_next().await {
            outcome.take(done)?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    });
    outcome.say(lang);
    let is_refused = exit == Exit::Done && !outcome.refused.is_empty();
    if is_refused { Exit::Refused } else { exit }
}

impl Outcome {
    fn take(&mut self, done: Result<Loaded, tokio::task::JoinError>) -> Result<(), Trouble> {
        let (row, reply) = done.map_err(|error| Trouble::Server(error.to_string()))?;
        match reply {
            Ok(reply) => {
                self.loaded += 1;
                if reply.year_had_entries {
                    self.had_entries.push(row);
                }
                Ok(())
            }
            Err(status) => match grpc::refusal_of(&status) {
                Some(refusal) => {
                    self.refused.push((row, refusal));
                    Ok(())
                }
                None => Err(Trouble::Status(status)),
            },
        }
    }

    fn say(&mut self, lang: Lang) {
        self.had_entries.sort_unstable();
        self.refused.sort_by_key(|(row, _)| *row);
        for row in &self.had_entries {
            output::say(&match lang {
                Lang::Zh => format!("第 {row} 行:该人员该年度此前已有业务,请核对是否重复计入"),
                Lang::En => format!(
                    "row {row}: the year had entries before; make sure that nothing is counted twice"
                ),
            });
        }
        for (row, refusal) in &self.refused {
            output::say(&match lang {
                Lang::Zh => format!("第 {row} 行:"),
                Lang::En => format!("row {row}:"),
            });
            output::refuse(refusal, lang);
        }
        let (loaded, refused) = (self.loaded, self.refused.len());
        output::print(&match lang {
            Lang::Zh => format!("已导入 {loaded} 笔,拒绝 {refused} 笔"),
            Lang::En => format!("{loaded} loaded, {refused} refused"),
        });
    }
}
