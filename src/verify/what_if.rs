//! Settles what stands in a ledger again under other packs, in its order and with accumulators of their own. The ledger is not touched.
//!
//! What was reversed, and reversals, are left out: only the top of a year can be undone, so that they left nothing behind. Identities are
//! those that a settlement was made with. Settlements outside the period count for the year as they were recorded.

use crate::accumulators::AccumulatorKey;
use crate::accumulators::Accumulators;
use crate::accumulators::Sums;
use crate::admission::Referral;
use crate::calendar::Day;
use crate::calendar::Span;
use crate::money::Money;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::refusal::Lang;
use crate::register::Catalogue;
use crate::rules::RuleBook;
use crate::settle::Terms;
use crate::settle::added;
use crate::settle::settle;
use crate::statement::Statement;
use crate::store::apply::opening_key;
use crate::store::apply::settlement_key;
use crate::store::fault::Fault;
use crate::verify::Misfit;
use crate::verify::again;
use crate::whatif::Comparison;
use crate::whatif::Side;
use crate::whatif::Whose;
use crate::wire::from_proto;

use std::collections::BTreeMap;

/// A benefit year under the other packs.
#[derive(Debug, Default)]
struct Year {
    version: u64,
    sums: Sums,
}

/// Settles again what concerns the persons that it is given.
#[derive(Debug)]
pub struct WhatIf<'b> {
    book: &'b RuleBook,
    period: Span,
    /// As recorded, under the keys of the recorded packs.
    recorded: BTreeMap<AccumulatorKey, Sums>,
    /// As they would be, under the keys of the other packs.
    years: BTreeMap<AccumulatorKey, Year>,
    comparison: Comparison,
}

impl<'b> WhatIf<'b> {
    /// Under these packs, for discharges in this period.
    pub fn new(book: &'b RuleBook, period: Span) -> WhatIf<'b> {
        WhatIf {
            book,
            period,
            recorded: BTreeMap::new(),
            years: BTreeMap::new(),
            comparison: Comparison::default(),
        }
    }

    /// What has been compared.
    pub fn comparison(self) -> Comparison {
        self.comparison
    }

    /// The next entry that stands.
    pub fn next(&mut self, number: u64, entry: &proto::LedgerEntry) -> Result<(), Misfit> {
        match &entry.kind {
            Some(Kind::Settlement(record)) => self.settlement(number, record),
            Some(Kind::Opening(opening)) => {
                let Some(request) = &opening.request else { return Ok(()) };
                let key = opening_key(request)?;
                let balances = request.balances.as_ref();
                let added = from_proto::balances(balances).map_err(Fault::unreadable)?;
                self.stand(key, &added, opening.accumulators.as_ref())
            }
            Some(
                Kind::Reversal(_)
                | Kind::Register(_)
                | Kind::Visit(_)
                | Kind::Sign(_)
                | Kind::File(_)
                | Kind::Cancellation(_)
                | Kind::Office(_),
            )
            | None => Ok(()),
        }
    }

    /// An entry that counts as it was recorded.
    fn stand(
        &mut self,
        key: AccumulatorKey,
        added: &Sums,
        after: Option<&proto::Accumulators>,
    ) -> Result<(), Misfit> {
        self.follow(&key, after)?;
        let year = self.years.entry(key).or_default();
        year.sums.add(added);
        year.version += 1;
        Ok(())
    }

    /// What an entry added to its recorded year, which now stands where it says.
    fn follow(
        &mut self,
        key: &AccumulatorKey,
        after: Option<&proto::Accumulators>,
    ) -> Result<Sums, Misfit> {
        let after = after.cloned().unwrap_or_default();
        let after = from_proto::accumulators(&after).map_err(Fault::unreadable)?.sums;
        let before = self.recorded.insert(key.clone(), after.clone()).unwrap_or_default();
        Ok(after.since(&before))
    }

    fn settlement(&mut self, number: u64, record: &proto::SettlementRecord) -> Result<(), Misfit> {
        let missing = || Misfit::Unreadable("it is not whole".to_owned());
        let recorded = record.statement.as_ref().ok_or_else(missing)?;
        let request = record.request.as_ref().ok_or_else(missing)?;
        let admission = request.admission.as_ref().ok_or_else(missing)?;
        let facts = recorded.facts.as_ref().ok_or_else(missing)?;
        let key = settlement_key(record)?;
        let was_added = self.follow(&key, record.accumulators.as_ref())?;
        let discharged_on = Day::parse(&facts.discharged_on).ok_or_else(missing)?;
        if !self.period.has(discharged_on) {
            let year = self.years.entry(key).or_default();
            year.sums.add(&was_added);
            year.version += 1;
            return Ok(());
        }
        let place = crate::register::Place::parse(&facts.place).ok_or_else(missing)?;
        let Some(pack) = self.book.governing(place, &facts.insutype, discharged_on) else {
            let refusal = crate::refusal::Refusal::NoPack {
                place: facts.place.clone(),
                insutype: facts.insutype.clone(),
                on: discharged_on,
            };
            self.comparison.refuse((refusal.sentence(Lang::En), refusal.sentence(Lang::Zh)));
            return Ok(());
        };
        let mut situation = again::situation(pack, facts, record)?;
        situation.key.family.clone_from(&pack.id);
        situation.key.benefit_year = pack.benefit_year_start.benefit_year(discharged_on);
        let referred = situation.facts.referral != Referral::None;
        let locality = situation.facts.locality;
        situation.facts.compliant =
            locality.map(|locality| locality <= pack.compliant_within || referred);
        let year = self.years.entry(situation.key.clone()).or_default();
        let stands = Accumulators { version: year.version, sums: year.sums.clone() };
        let situation = situation.at(&stands);
        let bill = again::bill(request, recorded)?;
        let terms = Terms { account_pay: Money::ZERO, deposit: Money::ZERO, line_facts: true };
        match settle(&situation, &bill, &Catalogue::default(), &stands, terms) {
            Ok(statement) => {
                year.sums.add(&added(&situation, &statement));
                year.version += 1;
                let whose = Whose {
                    number,
                    facility: admission.facility.clone(),
                    admission: admission.id.clone(),
                    identities: facts.identities.iter().map(|one| one.key.clone()).collect(),
                };
                let before = recorded_side(recorded)?;
                self.comparison.add(&whose, &before, &side(&statement));
            }
            Err(refusal) => {
                self.comparison.refuse((refusal.sentence(Lang::En), refusal.sentence(Lang::Zh)));
            }
        }
        Ok(())
    }
}

fn side(statement: &Statement<'_>) -> Side {
    let paid = statement.steps.iter().filter(|result| !result.payment().is_zero());
    Side {
        payments: statement.summary.payments,
        patient_pay: statement.patient_pay,
        facility_borne: statement.summary.facility_borne,
        layers: paid
            .map(|result| {
                let step = result.step;
                let names = (step.payer.name().to_owned(), step.fund.clone(), step.id.clone());
                (names, result.payment())
            })
            .collect(),
    }
}

fn recorded_side(statement: &proto::Statement) -> Result<Side, Misfit> {
    let money = |text: &str| from_proto::money(text, "statement").map_err(Fault::unreadable);
    let mut layers = Vec::new();
    for step in &statement.steps {
        let payment = money(&step.payment)?;
        if !payment.is_zero() {
            layers.push(((step.payer.clone(), step.fund.clone(), step.id.clone()), payment));
        }
    }
    Ok(Side {
        payments: money(&statement.payments)?,
        patient_pay: money(&statement.patient_pay)?,
        facility_borne: money(&statement.facility_borne)?,
        layers,
    })
}
