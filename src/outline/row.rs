//! An outline as it is stored: one message an entry, amounts in fen, days as numbers.

use crate::bill::Part;
use crate::bill::Parts;
use crate::calendar::Day;
use crate::extract::Breach;
use crate::extract::Extract;
use crate::extract::Guarantee;
use crate::extract::Kind;
use crate::extract::Layer;
use crate::extract::Settled;
use crate::extract::Undone;
use crate::money::Money;
use crate::outline::OutlineError;

use prost::Message;

/// An outline. Fields are added, never renumbered; a change of meaning is another folder.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Row {
    #[prost(bytes = "vec", tag = "1")]
    pub(super) digest: Vec<u8>,
    #[prost(uint32, tag = "2")]
    pub(super) kind: u32,
    #[prost(string, tag = "3")]
    pub(super) recorded_at: String,
    #[prost(string, tag = "4")]
    pub(super) writer: String,
    #[prost(string, tag = "5")]
    pub(super) request_id: String,
    #[prost(string, tag = "6")]
    pub(super) operator: String,
    #[prost(string, tag = "7")]
    pub(super) terminal: String,
    #[prost(string, tag = "8")]
    pub(super) remark: String,
    #[prost(uint64, tag = "9")]
    pub(super) undoes: u64,
    #[prost(uint32, tag = "10")]
    pub(super) undone_on: u32,
    #[prost(string, tag = "11")]
    pub(super) undone_by: String,
    #[prost(message, optional, tag = "12")]
    pub(super) settled: Option<SettledRow>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SettledRow {
    #[prost(string, tag = "1")]
    pub(super) facility: String,
    #[prost(string, tag = "2")]
    pub(super) admission: String,
    #[prost(string, tag = "3")]
    pub(super) person: String,
    #[prost(string, tag = "4")]
    pub(super) family: String,
    #[prost(string, tag = "5")]
    pub(super) effective_from: String,
    #[prost(string, tag = "6")]
    pub(super) place: String,
    #[prost(string, tag = "7")]
    pub(super) insutype: String,
    #[prost(string, tag = "8")]
    pub(super) med_type: String,
    #[prost(string, tag = "9")]
    pub(super) locality: String,
    #[prost(string, tag = "10")]
    pub(super) tier: String,
    #[prost(string, repeated, tag = "11")]
    pub(super) identities: Vec<String>,
    #[prost(uint32, tag = "12")]
    pub(super) age: u32,
    #[prost(int32, tag = "13")]
    pub(super) benefit_year: i32,
    #[prost(uint32, tag = "14")]
    pub(super) admitted_on: u32,
    #[prost(uint32, tag = "15")]
    pub(super) discharged_on: u32,
    /// Bill, the five parts, payments, patient, facility, account.
    #[prost(sint64, repeated, tag = "16")]
    pub(super) amounts: Vec<i64>,
    #[prost(message, repeated, tag = "17")]
    pub(super) layers: Vec<LayerRow>,
    #[prost(message, repeated, tag = "18")]
    pub(super) breaches: Vec<BreachRow>,
    /// Class C drugs and all drugs, where they were measured.
    #[prost(sint64, repeated, tag = "19")]
    pub(super) drugs: Vec<i64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct LayerRow {
    #[prost(string, tag = "1")]
    pub(super) step: String,
    #[prost(string, tag = "2")]
    pub(super) payer: String,
    #[prost(string, tag = "3")]
    pub(super) fund: String,
    #[prost(sint64, tag = "4")]
    pub(super) payment: i64,
    #[prost(string, repeated, tag = "5")]
    pub(super) financed_by: Vec<String>,
    #[prost(sint64, repeated, tag = "6")]
    pub(super) financed: Vec<i64>,
    #[prost(string, tag = "7")]
    pub(super) bound: String,
    /// The cap of the year, and what it has paid with this.
    #[prost(sint64, repeated, tag = "8")]
    pub(super) year_cap: Vec<i64>,
    /// Measured, remaining, shortfall.
    #[prost(sint64, repeated, tag = "9")]
    pub(super) guarantee: Vec<i64>,
    /// In ten-thousandths, with one added; 0: none.
    #[prost(uint32, tag = "10")]
    pub(super) ratio: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct BreachRow {
    #[prost(string, tag = "1")]
    pub(super) check: String,
    #[prost(string, tag = "2")]
    pub(super) measure: String,
    #[prost(sint64, tag = "3")]
    pub(super) excess: i64,
    #[prost(sint64, tag = "4")]
    pub(super) moved: i64,
}

impl SettledRow {
    /// The same with a minus before every amount.
    pub(super) fn reversed(mut self) -> SettledRow {
        let negate = |amounts: &mut Vec<i64>| amounts.iter_mut().for_each(|one| *one = -*one);
        negate(&mut self.amounts);
        negate(&mut self.drugs);
        for layer in &mut self.layers {
            layer.payment = -layer.payment;
            negate(&mut layer.financed);
            negate(&mut layer.guarantee);
            layer.year_cap.clear();
        }
        for breach in &mut self.breaches {
            (breach.excess, breach.moved) = (-breach.excess, -breach.moved);
        }
        self
    }
}

impl Row {
    pub(super) fn read(number: u64, content: &[u8]) -> Result<Row, OutlineError> {
        Row::decode(content).map_err(|error| OutlineError::Entry { number, why: error.to_string() })
    }

    /// As the core has it.
    pub(super) fn extract(self, number: u64) -> Result<Extract, OutlineError> {
        self.extracted(number).ok_or_else(|| OutlineError::Entry {
            number,
            why: "its outline is not as it should be".to_owned(),
        })
    }

    fn extracted(self, number: u64) -> Option<Extract> {
        let undoes = match self.undoes {
            0 => None,
            undone => Some(Undone {
                number: undone,
                recorded_on: day(self.undone_on)?,
                operator: self.undone_by,
            }),
        };
        let settled = match self.settled {
            Some(settled) => Some(settled.settled()?),
            None => None,
        };
        Some(Extract {
            number,
            kind: kind(self.kind)?,
            recorded_on: Day::parse(self.recorded_at.get(..10)?)?,
            recorded_at: self.recorded_at,
            writer: self.writer,
            request_id: self.request_id,
            operator: self.operator,
            terminal: self.terminal,
            remark: self.remark,
            undoes,
            settled,
        })
    }
}

/// A kind's number in an outline.
pub(super) fn number_of(kind: Kind) -> u32 {
    match kind {
        Kind::Settlement => 1,
        Kind::Reversal => 2,
        Kind::Opening => 3,
        Kind::Register => 4,
        Kind::Office => 5,
        Kind::Interface => 6,
    }
}

fn kind(number: u32) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| number_of(*kind) == number)
}

/// A day as a number: 20180601.
pub(super) fn number_of_day(day: &str) -> u32 {
    let digits = |from, to| day.get(from..to).and_then(|text| text.parse::<u32>().ok());
    match (digits(0, 4), digits(5, 7), digits(8, 10)) {
        (Some(year), Some(month), Some(day)) => year * 10_000 + month * 100 + day,
        _ => 0,
    }
}

fn day(number: u32) -> Option<Day> {
    let year = i16::try_from(number / 10_000).ok()?;
    let month = i8::try_from(number / 100 % 100).ok()?;
    Day::new(year, month, i8::try_from(number % 100).ok()?)
}

impl SettledRow {
    fn settled(self) -> Option<Settled> {
        let [
            total,
            in_scope,
            copay_first,
            over_limit,
            own_expense,
            borne,
            payments,
            patient,
            facility_borne,
            account,
        ] = <[i64; 10]>::try_from(self.amounts).ok()?.map(Money::from_fen);
        let mut parts = Parts::default();
        parts[Part::InScope] = in_scope;
        parts[Part::CopayFirst] = copay_first;
        parts[Part::OverLimit] = over_limit;
        parts[Part::OwnExpense] = own_expense;
        parts[Part::FacilityBorne] = borne;
        let drugs = match self.drugs.as_slice() {
            [class_c, all] => Some((Money::from_fen(*class_c), Money::from_fen(*all))),
            _ => None,
        };
        Some(Settled {
            facility: self.facility,
            admission: self.admission,
            person: self.person,
            family: self.family,
            effective_from: self.effective_from,
            place: self.place,
            insutype: self.insutype,
            med_type: self.med_type,
            locality: self.locality,
            tier: self.tier,
            identities: self.identities,
            age: self.age,
            benefit_year: self.benefit_year,
            admitted_on: day(self.admitted_on)?,
            discharged_on: day(self.discharged_on)?,
            total,
            parts,
            payments,
            patient_pay: patient,
            facility_borne,
            account,
            layers: self.layers.into_iter().map(LayerRow::layer).collect(),
            breaches: self.breaches.into_iter().map(BreachRow::breach).collect(),
            drugs,
        })
    }
}

impl LayerRow {
    fn layer(self) -> Layer {
        let year_cap = match self.year_cap.as_slice() {
            [cap, paid] => Some((Money::from_fen(*cap), Money::from_fen(*paid))),
            _ => None,
        };
        let guarantee = match self.guarantee.as_slice() {
            [measured, remaining, shortfall] => Some(Guarantee {
                measured: Money::from_fen(*measured),
                ratio: self.ratio.checked_sub(1),
                remaining: Money::from_fen(*remaining),
                shortfall: Money::from_fen(*shortfall),
            }),
            _ => None,
        };
        let financed = self.financed.into_iter().map(Money::from_fen);
        Layer {
            step: self.step,
            payer: self.payer,
            fund: self.fund,
            payment: Money::from_fen(self.payment),
            financing: self.financed_by.into_iter().zip(financed).collect(),
            bound: self.bound,
            year_cap,
            guarantee,
        }
    }
}

impl BreachRow {
    fn breach(self) -> Breach {
        Breach {
            check: self.check,
            measure: self.measure,
            excess: Money::from_fen(self.excess),
            moved: Money::from_fen(self.moved),
        }
    }
}
