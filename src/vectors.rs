//! Runs scenarios with known answers (`tests/vectors`) against this engine, through the service and an empty store each, and
//! names scenario, operation and field of every difference.

mod ask;
mod shape;

use crate::rules::PackFile;
use crate::rules::RuleBook;
use crate::service::Failure;
use crate::service::Service;
use crate::store::Store;
use crate::store::StoreOptions;
use crate::store::seal::Seal;

use serde_json::Value;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// What running scenarios came to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Scenarios run.
    pub scenarios: usize,
    /// Operations run.
    pub operations: usize,
    /// Every difference, as a sentence.
    pub differences: Vec<String>,
}

/// Why scenarios cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum VectorsError {
    /// A file cannot be read or a directory not be made.
    #[error("`{}`", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A line is no scenario.
    #[error("line {line}: {problem}")]
    Line {
        /// Which line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
}

/// Runs every line of a file; packs lie in `packs/` beside it. `progress` is told after each scenario.
pub async fn run(file: &Path, mut progress: impl FnMut()) -> Result<Outcome, VectorsError> {
    let text = fs::read_to_string(file)
        .map_err(|source| VectorsError::File { path: file.to_owned(), source })?;
    let packs = file.parent().unwrap_or(Path::new(".")).join("packs");
    let scratch = std::env::temp_dir().join(format!("onestop-vectors-{}", std::process::id()));
    let mut outcome = Outcome::default();
    for (index, line) in text.lines().enumerate() {
        let wrong = |problem: String| VectorsError::Line { line: index + 1, problem };
        let scenario: Value = serde_json::from_str(line).map_err(|e| wrong(e.to_string()))?;
        let directory = scratch.join(index.to_string());
        let ran = scenario_in(&scenario, &packs, &directory, &mut outcome).await;
        // What cannot be removed is only left over.
        let _ = fs::remove_dir_all(&directory);
        ran.map_err(wrong)?;
        outcome.scenarios += 1;
        progress();
    }
    let _ = fs::remove_dir_all(&scratch);
    Ok(outcome)
}

/// One scenario on an empty store. An error means that the scenario itself cannot be understood.
async fn scenario_in(
    scenario: &Value,
    packs: &Path,
    directory: &Path,
    outcome: &mut Outcome,
) -> Result<(), String> {
    let mut files = Vec::new();
    for name in ask::texts(&scenario["packs"]) {
        let path = packs.join(format!("{name}.toml"));
        let text = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        files.push(PackFile { path: path.to_string_lossy().into_owned(), text });
    }
    let book = RuleBook::read(&files).map_err(|errors| format!("{}", errors[0]))?;
    let options =
        StoreOptions { segment_bytes_max: 1 << 20, cache_bytes: 1 << 20, seal: Seal::NONE };
    let (store, _) = Store::open(directory, options).map_err(|e| e.to_string())?;
    let line_facts = scenario["line_facts"].as_bool().unwrap_or(false);
    let service = Service::new(store, book, packs.to_owned(), line_facts);
    ask::fill_registers(&service, scenario).await?;
    let id = scenario["id"].as_str().unwrap_or("?");
    let mut openings = BTreeSet::new();
    let operations = scenario["operations"].as_array().map_or(&[][..], Vec::as_slice);
    for (index, operation) in operations.iter().enumerate() {
        let kind = operation["op"].as_str().unwrap_or("?");
        let place = format!("{id} operation {index} ({kind})");
        let got = answer(&service, operation, &mut openings).await?;
        outcome.operations += 1;
        for difference in shape::differences(&operation["expect"], &got) {
            outcome.differences.push(format!("{place}: {difference}"));
        }
    }
    service.close().map_err(|error| error.to_string())
}

/// Runs an operation and puts the answer in the scenario's shape.
async fn answer(
    service: &Service,
    operation: &Value,
    openings: &mut BTreeSet<String>,
) -> Result<Value, String> {
    let outcome = match operation["op"].as_str() {
        Some("quote") => service.quote(&ask::quote(operation)).map(|one| shape::quote(&one)),
        Some("eligibility") => {
            service.eligibility(&ask::eligibility(operation)).map(|one| shape::eligibility(&one))
        }
        Some("settle") => {
            service.settle(ask::settle(operation)).await.map(|record| shape::settlement(&record))
        }
        Some("reverse") => {
            let of = ask::text(&operation["of"]);
            let is_opening = openings.contains(&of);
            service
                .reverse(ask::reverse(operation, of, is_opening))
                .await
                .map(|one| shape::reversal(&one))
        }
        Some("opening") => {
            openings.insert(ask::text(&operation["id"]));
            service.load_opening(ask::opening(operation)).await.map(|one| shape::opening(&one))
        }
        other => return Err(format!("unknown operation {other:?}")),
    };
    match outcome {
        Ok(answer) => Ok(answer),
        Err(Failure::Refusal(refusal)) => {
            Ok(shape::refusal(&crate::wire::to_proto::refusal(&refusal)))
        }
        Err(Failure::Fault(fault)) => Err(fault.to_string()),
    }
}
