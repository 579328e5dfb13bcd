//! The contract's messages with only the fields that entries are found by: whatever else a message has is passed over undecoded.

use prost::DecodeError;
use prost::bytes::Buf;
use prost::encoding::DecodeContext;
use prost::encoding::WireType;
use prost::encoding::decode_key;
use prost::encoding::decode_varint;
use prost::encoding::skip_field;

use std::ops::Range;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct LedgerEntry {
    #[prost(uint32, tag = "1")]
    pub(super) version: u32,
    #[prost(string, tag = "2")]
    pub(super) recorded_at: String,
    #[prost(oneof = "Kind", tags = "3, 4, 5, 6, 7, 8, 9, 10, 20")]
    pub(super) kind: Option<Kind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Kind {
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
pub(super) struct Writer {
    #[prost(string, tag = "1")]
    pub(super) facility: String,
    #[prost(string, tag = "2")]
    pub(super) request_id: String,
}

/// Any message whose first field is its writer.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Written {
    #[prost(message, optional, tag = "1")]
    pub(super) writer: Option<Writer>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Cancellation {
    #[prost(message, optional, tag = "1")]
    pub(super) writer: Option<Writer>,
    #[prost(string, tag = "2")]
    pub(super) request_id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SettlementRecord {
    #[prost(message, optional, tag = "4")]
    pub(super) request: Option<SettleRequest>,
    #[prost(message, optional, tag = "5")]
    pub(super) statement: Option<Statement>,
    #[prost(bytes = "vec", optional, tag = "6")]
    pub(super) accumulators: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct SettleRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) writer: Option<Writer>,
    #[prost(message, optional, tag = "2")]
    pub(super) admission: Option<Admission>,
    #[prost(string, tag = "8")]
    pub(super) visit: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Admission {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(string, tag = "2")]
    pub(super) person: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Statement {
    #[prost(message, optional, tag = "1")]
    pub(super) pack: Option<Named>,
    #[prost(int32, tag = "2")]
    pub(super) benefit_year: i32,
    #[prost(message, optional, tag = "4")]
    pub(super) facts: Option<Facts>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Facts {
    #[prost(string, tag = "2")]
    pub(super) insutype: String,
}

/// Any message whose first field is its id or code.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Named {
    #[prost(string, tag = "1")]
    pub(super) id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Reversal {
    #[prost(message, optional, tag = "4")]
    pub(super) writer: Option<Writer>,
    #[prost(uint64, tag = "5")]
    pub(super) of_number: u64,
    #[prost(message, optional, tag = "7")]
    pub(super) key: Option<crate::proto::AccumulatorKey>,
    #[prost(bytes = "vec", optional, tag = "8")]
    pub(super) accumulators: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Opening {
    #[prost(message, optional, tag = "4")]
    pub(super) request: Option<LoadOpeningRequest>,
    #[prost(bytes = "vec", optional, tag = "5")]
    pub(super) accumulators: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct LoadOpeningRequest {
    #[prost(message, optional, tag = "1")]
    pub(super) writer: Option<Writer>,
    #[prost(string, tag = "2")]
    pub(super) id: String,
    #[prost(string, tag = "3")]
    pub(super) person: String,
    #[prost(string, tag = "4")]
    pub(super) insutype: String,
    #[prost(string, tag = "5")]
    pub(super) family: String,
    #[prost(int32, tag = "6")]
    pub(super) benefit_year: i32,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct RegisterPut {
    #[prost(oneof = "Put", tags = "1, 2, 3")]
    pub(super) put: Option<Put>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Put {
    #[prost(message, tag = "1")]
    Persons(Written),
    #[prost(message, tag = "2")]
    Facilities(Written),
    #[prost(message, tag = "3")]
    Items(Written),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Person {
    #[prost(string, tag = "1")]
    pub(super) id: String,
    #[prost(string, tag = "2")]
    pub(super) name: String,
    #[prost(string, tag = "3")]
    pub(super) certificate_no: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct VisitWrite {
    #[prost(message, optional, tag = "1")]
    pub(super) writer: Option<Writer>,
    #[prost(string, tag = "2")]
    pub(super) visit: String,
    #[prost(oneof = "Change", tags = "6, 7, 8")]
    pub(super) change: Option<Change>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Change {
    #[prost(message, tag = "6")]
    Stands(Stands),
    #[prost(message, tag = "7")]
    Lines(FeeLines),
    #[prost(message, tag = "8")]
    Deletion(FeeDeletion),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Stands {
    #[prost(string, tag = "1")]
    pub(super) person: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FeeLines {
    #[prost(message, repeated, tag = "1")]
    pub(super) lines: Vec<FeeLine>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FeeLine {
    #[prost(message, optional, tag = "1")]
    pub(super) line: Option<Named>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct FeeDeletion {
    #[prost(string, repeated, tag = "1")]
    pub(super) lines: Vec<String>,
}

/// Which register a record is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Register {
    Person,
    Facility,
    Item,
}

/// Where the records of a write to a register stand in the content of its entry.
pub(super) fn register_parts(content: &[u8]) -> Result<Vec<(Register, Range<usize>)>, DecodeError> {
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
