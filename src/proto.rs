//! The generated messages and services of `proto/onestop/v1`. Nothing is written by hand here.
#![allow(missing_docs, clippy::all, clippy::restriction, reason = "generated code")]
#![allow(
    clippy::as_conversions,
    clippy::disallowed_types,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    clippy::too_many_lines,
    reason = "generated code"
)]

tonic::include_proto!("onestop.v1");
include!(concat!(env!("OUT_DIR"), "/server/onestop.v1.rs"));
include!(concat!(env!("OUT_DIR"), "/onestop.v1.serde.rs"));

include!(concat!(env!("OUT_DIR"), "/calls.rs"));
include!(concat!(env!("OUT_DIR"), "/tags.rs"));

/// The descriptor set of the contract, for reflection.
pub const DESCRIPTOR: &[u8] = tonic::include_file_descriptor_set!("onestop_descriptor");
