//! Restarts of all kinds, and the verification of the ledger when it is closed.

use crate::files::copy;
use crate::simulation::auditor::answer::YearKey;
use crate::simulation::auditor::sums::same;
use crate::simulation::run::Outcome;
use crate::simulation::run::Run;

use onestop::proto;
use onestop::service;
use onestop::store::fault::Fault;
use onestop::store::journal::Head;
use onestop::store::journal::walk::walk;
use onestop::verify::Verifier;
use onestop::wire::to_proto;
use prost::Message;

use std::fs;

impl Run {
    pub(super) async fn restart(&mut self) -> Outcome {
        let kind = self.random.below(5);
        self.finish_hanging().await?;
        let indexed = self.indexed;
        let what = match kind {
            0 => "restart",
            1 => "restart without the index",
            2 => "restart without closing",
            3 => "restart without closing and without the index",
            _ => "restart on a copy of the open store",
        };
        self.count(what);
        let index = self.directory.join("index");
        match kind {
            0 | 1 => self.close()?,
            2 | 3 => self.service = None,
            _ => {
                // What a copy of a running machine's disk holds. The old store goes on until it is dropped.
                let to = self.directory.with_extension(self.operation.to_string());
                copy(&self.directory, &to);
                self.close()?;
                fs::remove_dir_all(&self.directory).unwrap();
                self.directory = to;
                self.indexed = indexed;
            }
        }
        if kind == 3 {
            // Whoever was dropped has to be through before its files can go.
            self.open()?;
            self.close()?;
        }
        if kind == 1 || kind == 3 {
            fs::remove_dir_all(&index).unwrap();
            self.indexed = 0;
        }
        let report = self.open().map_err(|complaint| format!("{what}: {complaint}"))?;
        same("torn tail", report.torn.as_ref().map(|torn| torn.bytes), None)?;
        same("index set aside", report.set_aside.is_some(), false)?;
        // The index is written when the store is closed; what comes later is read from the journal.
        let replayed = match kind {
            0 => 0,
            1 | 3 => report.head.sequence,
            _ => report.head.sequence - indexed,
        };
        same("entries that the index followed at start", report.replayed, replayed)?;
        let service = self.service();
        self.auditor.compare(&service, false)
    }

    /// Verifies the closed ledger and compares what comes out with the books.
    pub(super) fn verify(&self, head: Head) -> Outcome {
        let book = service::read_rules(&self.rules).map_err(|error| error.to_string())?;
        let mut verifier = Verifier::new(&book);
        let mut contents: Vec<Vec<u8>> = Vec::new();
        let mut last = Head::EMPTY;
        for record in walk(&self.directory.join("journal"), &self.seal, 1)
            .map_err(|error| error.to_string())?
        {
            let (record, _) = record.map_err(|error| error.to_string())?;
            let number = record.sequence;
            last = Head { sequence: number, digest: record.digest };
            let entry = proto::LedgerEntry::decode(record.content.as_slice()).unwrap();
            let fetch = |number: u64| {
                let content = &contents[usize::try_from(number - 1).unwrap()];
                proto::LedgerEntry::decode(content.as_slice()).map_err(|_| Fault::Stopped)
            };
            let fits = verifier.next(number, &entry, &fetch);
            fits.map_err(|misfit| format!("verify: entry {number}: {misfit}"))?;
            if let Some(noted) = self.auditor.entries.get(&number) {
                same("digest", &record.digest.to_string(), &noted.digest)?;
            } else if !self.auditor.registers.contains(&number)
                && !self.auditor.reloads.contains(&number)
            {
                return Err(format!("the ledger has an entry {number} that nobody knows of"));
            }
            contents.push(record.content);
        }
        same("head", last, head)?;
        let mut years = 0;
        for (key, accumulators) in verifier.accumulators() {
            let key = YearKey {
                person: key.person.as_str().to_owned(),
                year: i32::from(key.benefit_year),
            };
            let own = self.auditor.years.get(&key).cloned().unwrap_or_default();
            own.sums()
                .check(own.version(), Some(&to_proto::accumulators(&accumulators)))
                .map_err(|complaint| format!("verify: year {key:?}: {complaint}"))?;
            years += 1;
        }
        let own = self.auditor.years.values().filter(|year| !year.entries.is_empty()).count();
        same("verify: years", years, own)?;
        let verified = verifier.verified();
        let count = |is: fn(&crate::simulation::auditor::Noted) -> bool| {
            u64::try_from(self.auditor.entries.values().filter(|one| is(one)).count()).unwrap()
        };
        let registers = u64::try_from(self.auditor.registers.len()).unwrap();
        same("verify: registers", verified.registers, registers)?;
        same("verify: settlements", verified.settlements, count(|one| one.is_settlement))?;
        same("verify: reversals", verified.reversals, count(|one| one.is_reversal))?;
        let openings = count(|one| !one.is_settlement && !one.is_reversal);
        same("verify: openings", verified.openings, openings)
    }
}
