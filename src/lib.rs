//! One-stop medical settlement (一站式结算).

pub mod money;
pub mod calendar;
pub mod id;
pub mod bill;
pub mod refusal;
pub mod register;
pub mod admission;
pub mod rules;
pub mod accumulators;
pub mod situation;
pub mod statement;
pub mod settle;
pub mod proto;
pub mod wire;
