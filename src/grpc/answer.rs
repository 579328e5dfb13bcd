//! The answers of the contract that are given most, with their statement or record as the bytes that it was written as: a message
//! within a message is written as its length and its bytes, as bytes are.

use crate::proto;

use prost::Message;
use prost::bytes::Bytes;

/// `QuoteReply`.
#[derive(Clone, PartialEq, Message)]
pub struct QuoteReply {
    /// A `Statement`.
    #[prost(bytes = "bytes", tag = "1")]
    pub statement: Bytes,
}

/// `QuoteManyReply`: one of both.
#[derive(Clone, PartialEq, Message)]
pub struct QuoteManyReply {
    /// A `Statement`.
    #[prost(bytes = "bytes", tag = "1")]
    statement: Bytes,
    /// A refusal.
    #[prost(message, optional, tag = "2")]
    refusal: Option<proto::Refusal>,
}

impl QuoteManyReply {
    /// What was computed.
    pub fn statement(statement: Vec<u8>) -> QuoteManyReply {
        QuoteManyReply { statement: statement.into(), refusal: None }
    }

    /// Why nothing was computed.
    pub fn refusal(refusal: proto::Refusal) -> QuoteManyReply {
        QuoteManyReply { statement: Bytes::new(), refusal: Some(refusal) }
    }
}

/// `SettleReply`.
#[derive(Clone, PartialEq, Message)]
pub struct SettleReply {
    /// A `SettlementRecord`.
    #[prost(bytes = "bytes", tag = "1")]
    pub settlement: Bytes,
}
