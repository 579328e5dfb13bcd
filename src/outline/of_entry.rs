//! From a ledger entry to its outline.

use crate::extract::Kind;
use crate::money::Money;
use crate::money::Rate;
use crate::outline::OutlineError;
use crate::outline::entry;
use crate::outline::row::BreachRow;
use crate::outline::row::LayerRow;
use crate::outline::row::Row;
use crate::outline::row::SettledRow;
use crate::outline::row::number_of;
use crate::outline::row::number_of_day;
use crate::proto;
use crate::proto::ledger_entry::Kind as Content;
use crate::proto::office_record::Record;
use crate::proto::register_put::Put;
use crate::proto::step_result::Basis;
use crate::store::apply::writer;
use crate::store::journal::digest::Digest;

use std::collections::BTreeMap;

/// An entry's outline; a reversal's lacks what it undoes.
pub(super) struct Entry(Row);

/// Reads an entry.
pub(super) fn read(number: u64, digest: Digest, content: &[u8]) -> Result<Entry, OutlineError> {
    let entry = entry(number, content)?;
    let wrong = |why: &str| OutlineError::Entry { number, why: why.to_owned() };
    let (writer, content) = writer(&entry).ok_or_else(|| wrong("it has no content"))?;
    let mut row = Row {
        digest: digest.as_bytes().to_vec(),
        recorded_at: entry.recorded_at.clone(),
        writer: writer.facility.clone(),
        request_id: writer.request_id.clone(),
        operator: writer.operator.clone(),
        terminal: writer.terminal.clone(),
        ..Row::default()
    };
    match content {
        Content::Settlement(record) => {
            row.kind = number_of(Kind::Settlement);
            let settled = settled(record).ok_or_else(|| wrong("an amount cannot be read"))?;
            row.settled = Some(settled);
        }
        Content::Reversal(reversal) => {
            row.kind = number_of(Kind::Reversal);
            row.undoes = reversal.of_number;
            row.remark.clone_from(&reversal.reason);
        }
        Content::Opening(opening) => {
            row.kind = number_of(Kind::Opening);
            row.remark = opening.request.as_ref().map(|one| one.id.clone()).unwrap_or_default();
        }
        Content::Register(put) => {
            row.kind = number_of(Kind::Register);
            row.remark = register(put);
        }
        Content::Visit(_) => {
            row.kind = number_of(Kind::Interface);
            row.remark = "visit".to_owned();
        }
        Content::Sign(_) => {
            row.kind = number_of(Kind::Interface);
            row.remark = "sign".to_owned();
        }
        Content::File(_) => {
            row.kind = number_of(Kind::Interface);
            row.remark = "file".to_owned();
        }
        Content::Cancellation(taken) => {
            row.kind = number_of(Kind::Interface);
            row.remark = format!("cancellation of {}", taken.request_id);
        }
        Content::Office(record) => {
            row.kind = number_of(Kind::Office);
            row.remark = office(record);
        }
    }
    Ok(Entry(row))
}

impl Entry {
    /// What a reversal undoes.
    pub(super) fn undoes(&self) -> Option<u64> {
        Some(self.0.undoes).filter(|number| *number != 0)
    }

    /// The outline of an entry that is no reversal.
    pub(super) fn settled(&self) -> &Row {
        &self.0
    }

    /// The outline, with what it undoes.
    pub(super) fn row(self, undone: &BTreeMap<u64, Row>) -> Row {
        let mut row = self.0;
        if let Some(of) = undone.get(&row.undoes) {
            row.undone_on = number_of_day(&of.recorded_at);
            row.undone_by.clone_from(&of.operator);
            row.settled = of.settled.clone().map(SettledRow::reversed);
            if row.settled.is_none() {
                row.kind = number_of(Kind::Opening);
            }
        }
        row
    }
}

/// What a write to a register did.
fn register(put: &proto::RegisterPut) -> String {
    let (name, source) = match &put.put {
        Some(Put::Persons(put)) => ("persons", put.source.as_str()),
        Some(Put::Facilities(put)) => ("facilities", put.source.as_str()),
        Some(Put::Items(put)) => ("items", put.source.as_str()),
        None => ("", ""),
    };
    let reply = put.reply.unwrap_or_default();
    format!("{name} +{} ~{} {source}", reply.added, reply.changed).trim_end().to_owned()
}

/// What a record of the back office says.
fn office(record: &proto::OfficeRecord) -> String {
    match &record.record {
        Some(Record::Reconciliation(one)) => {
            let scope = one.scope.clone().unwrap_or_default();
            format!("reconciliation {} {}..{}", scope.facility, scope.from, scope.to)
        }
        Some(Record::SignOff(one)) => format!("sign-off of {}", one.number),
        Some(Record::Clearing(one)) => {
            let request = one.request.clone().unwrap_or_default();
            let of = [request.month, request.facility, request.place].join(" ");
            format!("clearing {of}").trim_end().to_owned()
        }
        Some(Record::Packs(one)) => {
            format!("packs {}: {} to {}", one.packs, one.digest_before, one.digest_after)
        }
        Some(Record::Account(one)) => {
            let of = [one.roles.join(","), one.facility.clone(), one.terminal.clone()].join(" ");
            format!("account {} {} {of}", one.name, one.what).trim_end().to_owned()
        }
        None => String::new(),
    }
}

fn fen(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    Money::parse_sum(text).ok().and_then(|money| i64::try_from(money.fen()).ok())
}

fn settled(record: &proto::SettlementRecord) -> Option<SettledRow> {
    let request = record.request.as_ref()?;
    let admission = request.admission.as_ref()?;
    let statement = record.statement.as_ref()?;
    let facts = statement.facts.as_ref()?;
    let pack = statement.pack.as_ref()?;
    let parts = statement.parts.as_ref()?;
    let amounts = [
        &statement.total,
        &parts.in_scope,
        &parts.copay_first,
        &parts.over_limit,
        &parts.own_expense,
        &parts.facility_borne,
        &statement.payments,
        &statement.patient_pay,
        &statement.facility_borne,
        &statement.account_pay,
    ];
    let measured = statement.checks.iter().filter(|check| check.measured);
    let drugs = measured.clone().find(|check| check.measure == "catalogue_drug_share");
    let drugs = match drugs {
        Some(check) => vec![fen(&check.part)?, fen(&check.whole)?],
        None => Vec::new(),
    };
    let mut breaches = Vec::new();
    for check in measured {
        let (excess, moved) = (fen(&check.excess)?, fen(&check.moved)?);
        if excess != 0 || moved != 0 {
            let (check, measure) = (check.id.clone(), check.measure.clone());
            breaches.push(BreachRow { check, measure, excess, moved });
        }
    }
    // Clearing goes by what the hospital said, where the interface read it as another code of the pack.
    let said = request.noted.iter().find(|one| one.name == "med_type" && !one.value.is_empty());
    let ran = statement.steps.iter().filter(|step| step.ran);
    Some(SettledRow {
        facility: admission.facility.clone(),
        admission: admission.id.clone(),
        person: admission.person.clone(),
        family: pack.id.clone(),
        effective_from: pack.effective_from.clone(),
        place: facts.place.clone(),
        insutype: facts.insutype.clone(),
        med_type: said.map_or(&facts.med_type, |said| &said.value).clone(),
        locality: facts.locality.clone(),
        tier: facts.tier.clone(),
        identities: facts.identities.iter().map(|one| one.key.clone()).collect(),
        age: facts.age,
        benefit_year: statement.benefit_year,
        admitted_on: number_of_day(&facts.admitted_on),
        discharged_on: number_of_day(&facts.discharged_on),
        amounts: amounts.into_iter().map(|text| fen(text)).collect::<Option<_>>()?,
        layers: ran.map(layer).collect::<Option<_>>()?,
        breaches,
        drugs,
    })
}

fn layer(step: &proto::StepResult) -> Option<LayerRow> {
    let mut layer = LayerRow {
        step: step.id.clone(),
        payer: step.payer.clone(),
        fund: step.fund.clone(),
        payment: fen(&step.payment)?,
        ..LayerRow::default()
    };
    for piece in &step.financing {
        layer.financed_by.push(piece.from.clone());
        layer.financed.push(fen(&piece.amount)?);
    }
    if let Some(cap) = &step.cap {
        layer.bound.clone_from(&cap.bound);
        if !cap.year.is_empty() {
            layer.year_cap = vec![fen(&cap.year)?, fen(&cap.paid_before)? + layer.payment];
        }
    }
    if let Some(Basis::Floor(trace)) = &step.basis
        && trace.matched
    {
        layer.guarantee =
            vec![fen(&trace.measured)?, fen(&trace.remaining)?, fen(&trace.shortfall)?];
        layer.ratio = ten_thousandths(&trace.ratio).map_or(0, |ratio| ratio + 1);
    }
    Some(layer)
}

/// A rate of at most four decimals in ten-thousandths; finer ones are cut.
fn ten_thousandths(rate: &str) -> Option<u32> {
    Rate::parse(rate).ok()?;
    let (whole, fraction) = rate.split_once('.').unwrap_or((rate, ""));
    let fraction: String = fraction.chars().chain("0000".chars()).take(4).collect();
    Some(whole.parse::<u32>().ok()? * 10_000 + fraction.parse::<u32>().ok()?)
}
