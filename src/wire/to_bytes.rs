//! Statements as bytes of their message, without the message in between: a trace has some hundred texts, and a settlement would
//! write each three times, into a message, into the ledger and into the answer. Field numbers are the contract's.

mod facts;
mod out;
mod statement;
mod step;

pub use crate::wire::to_bytes::out::Out;

use crate::accumulators::Accumulators;
use crate::calendar::Day;
use crate::proto;
use crate::proto::tags::ledger_entry;
use crate::proto::tags::settlement_record;
use crate::situation::Situation;
use crate::statement::Statement;
use crate::wire::to_proto;

use prost::DecodeError;
use prost::Message;

/// How much of a statement is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// With the trace of lines and steps.
    Full,
    /// Amounts only.
    Amounts,
}

/// Most statements with their trace are shorter. Unit: bytes.
const STATEMENT_BYTES: usize = 8 * 1024;

/// A `Statement` with its trace, or only its amounts.
pub fn statement(
    statement: &Statement<'_>,
    situation: &Situation<'_>,
    admitted_on: Day,
    detail: Detail,
) -> Vec<u8> {
    let mut out = Out::with_capacity(STATEMENT_BYTES);
    statement::write(&mut out, statement, situation, admitted_on, detail);
    out.into_bytes()
}

/// A statement from its bytes.
pub fn read(statement: &[u8]) -> Result<proto::Statement, DecodeError> {
    proto::Statement::decode(statement)
}

/// The bytes of a statement that was read.
pub fn written(statement: &proto::Statement) -> Vec<u8> {
    statement.encode_to_vec()
}

/// The `Facts` of a situation.
pub fn facts(situation: &Situation<'_>, admitted_on: Day) -> Vec<u8> {
    let mut out = Out::default();
    facts::write(&mut out, situation, admitted_on);
    out.into_bytes()
}

/// A settlement on its way into the ledger.
#[derive(Debug)]
pub struct Settlement<'a> {
    /// The version of ledger entries.
    pub version: u32,
    /// When.
    pub recorded_at: &'a str,
    /// The request as bytes of its message.
    pub request: &'a [u8],
    /// What everybody pays.
    pub statement: &'a Statement<'a>,
    /// On what.
    pub situation: &'a Situation<'a>,
    /// The day of admission.
    pub admitted_on: Day,
    /// The year after it.
    pub after: &'a Accumulators,
}

impl Settlement<'_> {
    /// The `LedgerEntry`, and where in it the `SettlementRecord` begins, which is its end.
    pub fn entry(&self) -> (Vec<u8>, usize) {
        let Settlement { statement, situation, admitted_on, .. } = self;
        let mut out = Out::with_capacity(STATEMENT_BYTES + self.request.len());
        out.number(ledger_entry::VERSION, self.version.into());
        out.text(ledger_entry::RECORDED_AT, self.recorded_at);
        let mut bytes = 0;
        out.message(ledger_entry::SETTLEMENT, |out| {
            let start = out.length();
            out.element(settlement_record::REQUEST, self.request);
            out.message(settlement_record::STATEMENT, |out| {
                statement::write(out, statement, situation, *admitted_on, Detail::Full);
            });
            let after = to_proto::accumulators(self.after).encode_to_vec();
            out.element(settlement_record::ACCUMULATORS, &after);
            bytes = out.length() - start;
        });
        let start = out.length() - bytes;
        (out.into_bytes(), start)
    }
}
