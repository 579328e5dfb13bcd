//! What a window did on a day: its settlements and reversals, and what they come to.

use crate::calendar::Day;
use crate::id::FacilityId;
use crate::money::Money;
use crate::pages::counter::record::person_of;
use crate::pages::visit::Visit;
use crate::pages::visit::Window;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::service::Failure;
use crate::service::Service;
use crate::service::national::DayEntry;
use crate::sheet::figures;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Something that a window did.
#[derive(Debug)]
pub(super) struct Done {
    /// Its ledger number.
    pub(super) number: u64,
    pub(super) recorded_at: String,
    /// The settlement, or the one that was undone.
    pub(super) settlement: proto::SettlementRecord,
    /// The reversal, if it is one.
    pub(super) reversal: Option<proto::Reversal>,
}

impl Done {
    fn of(entry: DayEntry) -> Done {
        let settlement = entry.settlement;
        match entry.reversal {
            Some(appended) => {
                let reversal = if let Kind::Reversal(reversal) = appended.kind {
                    Some(reversal)
                } else {
                    None
                };
                let (number, recorded_at) = (appended.number, appended.recorded_at);
                Done { number, recorded_at, settlement, reversal }
            }
            None => {
                let (number, recorded_at) = (settlement.number, settlement.recorded_at.clone());
                Done { number, recorded_at, settlement, reversal: None }
            }
        }
    }

    /// Who did it.
    pub(super) fn by(&self) -> proto::Writer {
        match &self.reversal {
            Some(reversal) => reversal.writer.clone().unwrap_or_default(),
            None => self.settled_by(),
        }
    }

    /// Who settled what it is about.
    pub(super) fn settled_by(&self) -> proto::Writer {
        let request = self.settlement.request.as_ref();
        request.and_then(|request| request.writer.clone()).unwrap_or_default()
    }

    /// An amount of the settlement; taken back by a reversal.
    pub(super) fn amount(&self, of: impl Fn(&proto::Statement) -> &str) -> Money {
        let statement = self.settlement.statement.clone().unwrap_or_default();
        let amount = money(of(&statement));
        if self.reversal.is_some() { Money::default() - amount } else { amount }
    }

    /// What went into the till: less than nothing where it came out.
    pub(super) fn cash(&self) -> Money {
        self.amount(|one| &one.cash_due) - self.amount(|one| &one.refund)
    }
}

fn money(text: &str) -> Money {
    Money::parse_sum(figures::or_zero(text)).unwrap_or_default()
}

/// A day of a window.
#[derive(Debug, Default)]
pub(super) struct WindowDay {
    /// What it did, oldest first.
    pub(super) done: Vec<Done>,
    /// What others undid of what it had settled.
    pub(super) undone_by_others: Vec<Done>,
}

impl WindowDay {
    /// Reads a day of a window, or of all windows of its facility.
    pub(super) fn read(
        service: &Service,
        window: &Window,
        day: Day,
        all: bool,
    ) -> Result<WindowDay, Failure> {
        let Some(facility) = FacilityId::parse(&window.facility) else {
            return Ok(WindowDay::default());
        };
        let mut read = WindowDay::default();
        let is_here = |writer: &proto::Writer| {
            writer.facility == window.facility && (all || writer.terminal == window.terminal)
        };
        for entry in service.entries_of_days(&facility, day, day)? {
            let done = Done::of(entry);
            if is_here(&done.by()) {
                read.done.push(done);
            } else if done.reversal.is_some() && is_here(&done.settled_by()) {
                read.undone_by_others.push(done);
            }
        }
        Ok(read)
    }

    /// Records that the patients of a list are looked at, each once.
    pub(super) async fn seen(
        &self,
        service: &Service,
        visit: &Visit,
        page: &str,
    ) -> Result<(), Failure> {
        let persons: BTreeSet<&str> =
            self.done.iter().filter_map(|done| person_of(&done.settlement)).collect();
        let persons = persons.into_iter().map(str::to_owned).collect();
        service.looked(&visit.onlooker(), page, persons).await
    }

    /// The sum of an amount.
    pub(super) fn sum(&self, of: impl Fn(&proto::Statement) -> &str) -> Money {
        self.done.iter().map(|done| done.amount(&of)).sum()
    }

    /// What must be in the till: cash taken less cash given.
    pub(super) fn cash(&self) -> Money {
        self.done.iter().map(Done::cash).sum()
    }

    /// What each payer owes for it.
    pub(super) fn by_payer(&self) -> Vec<(String, Money)> {
        let mut sums: BTreeMap<String, Money> = BTreeMap::new();
        for done in &self.done {
            let statement = done.settlement.statement.as_ref();
            for one in statement.iter().flat_map(|statement| &statement.by_payer) {
                let amount = money(&one.amount);
                let sum = sums.entry(one.payer.clone()).or_default();
                *sum = if done.reversal.is_some() { *sum - amount } else { *sum + amount };
            }
        }
        sums.into_iter().filter(|(_, sum)| !sum.is_zero()).collect()
    }
}
