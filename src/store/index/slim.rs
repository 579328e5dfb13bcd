//! The contract's messages with only the fields that entries are found by: whatever else a message has is passed over undecoded.

use crate::proto::AccumulatorKey;

use prost::DecodeError;
use prost::bytes::Buf;
use prost::encoding::DecodeContext;
use prost::encoding::WireType;
use prost::encoding::decode_key;
use prost::encoding::decode_varint;
use prost::encoding::skip_field;

use std::ops::Range;

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct LedgerEntry {
    #[prost(uint32, tag = "1")]
    pub(in crate::store) version: u32,
    #[prost(string, tag = "2")]
    pub(in crate::store) recorded_at: String,
    #[prost(oneof = "Kind", tags = "3, 4, 5, 6, 7, 8, 9, 10, 20")]
    pub(in crate::store) kind: Option<Kind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(in crate::store) enum Kind {
    #[prost(message, tag = "3")]
    Settlement(SettlementRecord),
    #[prost(message, tag = "4")]
    Reversal(Reversal),
    #[prost(message, tag = "5")]
    Opening(Opening),
    #[prost(message, tag = "6")]
    Register(RegisterPut),
    #[prost(message, tag = "7")]
    Visit(VisitWrite),
    #[prost(message, tag = "8")]
    Sign(Written),
    #[prost(message, tag = "9")]
    File(Written),
    #[prost(message, tag = "10")]
    Cancellation(Cancellation),
    #[prost(message, tag = "20")]
    Office(Written),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Writer {
    #[prost(string, tag = "1")]
    pub(in crate::store) facility: String,
    #[prost(string, tag = "2")]
    pub(in crate::store) request_id: String,
}

/// Any message whose first field is its writer.
#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Written {
    #[prost(message, optional, tag = "1")]
    pub(in crate::store) writer: Option<Writer>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Cancellation {
    #[prost(message, optional, tag = "1")]
    pub(in crate::store) writer: Option<Writer>,
    #[prost(string, tag = "2")]
    pub(in crate::store) request_id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct SettlementRecord {
    #[prost(message, optional, tag = "4")]
    pub(in crate::store) request: Option<SettleRequest>,
    #[prost(message, optional, tag = "5")]
    pub(in crate::store) statement: Option<Statement>,
    #[prost(bytes = "vec", optional, tag = "6")]
    pub(in crate::store) accumulators: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct SettleRequest {
    #[prost(message, optional, tag = "1")]
    pub(in crate::store) writer: Option<Writer>,
    #[prost(message, optional, tag = "2")]
    pub(in crate::store) admission: Option<Admission>,
    #[prost(string, tag = "8")]
    pub(in crate::store) visit: String,
    #[prost(uint64, tag = "9")]
    pub(in crate::store) visit_version: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Admission {
    #[prost(string, tag = "1")]
    pub(in crate::store) id: String,
    #[prost(string, tag = "2")]
    pub(in crate::store) person: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Statement {
    #[prost(message, optional, tag = "1")]
    pub(in crate::store) pack: Option<Named>,
    #[prost(int32, tag = "2")]
    pub(in crate::store) benefit_year: i32,
    #[prost(message, optional, tag = "4")]
    pub(in crate::store) facts: Option<Facts>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Facts {
    #[prost(string, tag = "2")]
    pub(in crate::store) insutype: String,
}

/// The accumulators after an entry.
#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Accumulators {
    #[prost(uint64, tag = "1")]
    pub(in crate::store) version: u64,
}

/// Any message whose first field is its id or code.
#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Named {
    #[prost(string, tag = "1")]
    pub(in crate::store) id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Reversal {
    #[prost(message, optional, tag = "4")]
    pub(in crate::store) writer: Option<Writer>,
    #[prost(uint64, tag = "5")]
    pub(in crate::store) of_number: u64,
    #[prost(message, optional, tag = "7")]
    pub(in crate::store) key: Option<AccumulatorKey>,
    #[prost(bytes = "vec", optional, tag = "8")]
    pub(in crate::store) accumulators: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Opening {
    #[prost(message, optional, tag = "4")]
    pub(in crate::store) request: Option<LoadOpeningRequest>,
    #[prost(bytes = "vec", optional, tag = "5")]
    pub(in crate::store) accumulators: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct LoadOpeningRequest {
    #[prost(message, optional, tag = "1")]
    pub(in crate::store) writer: Option<Writer>,
    #[prost(string, tag = "2")]
    pub(in crate::store) id: String,
    #[prost(string, tag = "3")]
    pub(in crate::store) person: String,
    #[prost(string, tag = "4")]
    pub(in crate::store) insutype: String,
    #[prost(string, tag = "5")]
    pub(in crate::store) family: String,
    #[prost(int32, tag = "6")]
    pub(in crate::store) benefit_year: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct RegisterPut {
    #[prost(oneof = "Put", tags = "1, 2, 3")]
    pub(in crate::store) put: Option<Put>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(in crate::store) enum Put {
    #[prost(message, tag = "1")]
    Persons(Written),
    #[prost(message, tag = "2")]
    Facilities(Written),
    #[prost(message, tag = "3")]
    Items(Written),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Person {
    #[prost(string, tag = "1")]
    pub(in crate::store) id: String,
    #[prost(string, tag = "2")]
    pub(in crate::store) name: String,
    #[prost(string, tag = "3")]
    pub(in crate::store) certificate_no: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct VisitWrite {
    #[prost(message, optional, tag = "1")]
    pub(in crate::store) writer: Option<Writer>,
    #[prost(string, tag = "2")]
    pub(in crate::store) visit: String,
    #[prost(uint64, tag = "3")]
    pub(in crate::store) version: u64,
    #[prost(oneof = "Change", tags = "6, 7, 8")]
    pub(in crate::store) change: Option<Change>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(in crate::store) enum Change {
    #[prost(message, tag = "6")]
    Stands(Stands),
    #[prost(message, tag = "7")]
    Lines(FeeLines),
    #[prost(message, tag = "8")]
    Deletion(FeeDeletion),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct Stands {
    #[prost(string, tag = "1")]
    pub(in crate::store) person: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct FeeLines {
    #[prost(message, repeated, tag = "1")]
    pub(in crate::store) lines: Vec<FeeLine>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct FeeLine {
    #[prost(message, optional, tag = "1")]
    pub(in crate::store) line: Option<Named>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(in crate::store) struct FeeDeletion {
    #[prost(string, repeated, tag = "1")]
    pub(in crate::store) lines: Vec<String>,
}

impl LedgerEntry {
    /// Who wrote it.
    pub(in crate::store) fn writer(&self) -> Option<&Writer> {
        match self.kind.as_ref()? {
            Kind::Settlement(record) => record.request.as_ref()?.writer.as_ref(),
            Kind::Opening(opening) => opening.request.as_ref()?.writer.as_ref(),
            Kind::Reversal(reversal) => reversal.writer.as_ref(),
            Kind::Register(register) => match register.put.as_ref()? {
                Put::Persons(put) | Put::Facilities(put) | Put::Items(put) => put.writer.as_ref(),
            },
            Kind::Visit(write) => write.writer.as_ref(),
            Kind::Sign(of) | Kind::File(of) | Kind::Office(of) => of.writer.as_ref(),
            Kind::Cancellation(taken) => taken.writer.as_ref(),
        }
    }
}

impl SettlementRecord {
    /// The year that it is of.
    pub(in crate::store) fn key(&self) -> Option<AccumulatorKey> {
        let admission = self.request.as_ref()?.admission.as_ref()?;
        let statement = self.statement.as_ref()?;
        Some(AccumulatorKey {
            person: admission.person.clone(),
            insutype: statement.facts.as_ref()?.insutype.clone(),
            family: statement.pack.as_ref()?.id.clone(),
            benefit_year: statement.benefit_year,
        })
    }
}

impl LoadOpeningRequest {
    /// The year that it is of.
    pub(in crate::store) fn key(&self) -> AccumulatorKey {
        AccumulatorKey {
            person: self.person.clone(),
            insutype: self.insutype.clone(),
            family: self.family.clone(),
            benefit_year: self.benefit_year,
        }
    }
}

/// Which register a record is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Register {
    Person,
    Facility,
    Item,
}

/// Where the records of a write to a register stand in the content of its entry.
pub(in crate::store) fn register_parts(
    content: &[u8],
) -> Result<Vec<(Register, Range<usize>)>, DecodeError> {
    let mut parts = Vec::new();
    for (tag, register) in fields(content, 0..content.len())? {
        if tag != 6 {
            continue;
        }
        for (tag, put) in fields(content, register)? {
            let kind = match tag {
                1 => Register::Person,
                2 => Register::Facility,
                3 => Register::Item,
                _ => continue,
            };
            let records = fields(content, put)?.into_iter().filter(|(tag, _)| *tag == 2);
            parts.extend(records.map(|(_, part)| (kind, part)));
        }
    }
    Ok(parts)
}

/// The fields of a message that have a length, with their places in the whole.
fn fields(whole: &[u8], part: Range<usize>) -> Result<Vec<(u32, Range<usize>)>, DecodeError> {
    let mut rest = whole.get(part.clone()).unwrap_or_default();
    let mut found = Vec::new();
    while rest.has_remaining() {
        let (tag, wire_type) = decode_key(&mut rest)?;
        if wire_type == WireType::LengthDelimited {
            let length = usize::try_from(decode_varint(&mut rest)?).unwrap_or(usize::MAX);
            let start = part.end - rest.len();
            // A message that is cut short was refused when it was decoded.
            let Some((_, behind)) = rest.split_at_checked(length) else { return Ok(found) };
            found.push((tag, start..start + length));
            rest = behind;
        } else {
            skip_field(wire_type, tag, &mut rest, DecodeContext::default())?;
        }
    }
    Ok(found)
}
