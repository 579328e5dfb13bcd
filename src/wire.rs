//! The only conversions between the contract's messages and the core's types, in files named after the direction, and the
//! comparison of messages.

pub mod compare;
pub mod office;
pub mod from_proto;
pub mod to_bytes;
pub mod to_json;
pub mod to_proto;
mod warning;
