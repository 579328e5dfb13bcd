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
pub mod cases;
pub mod worse_off;
pub mod proto;
pub mod wire;
pub mod store;
pub mod table;
pub mod folder;
pub mod service;
pub mod sheet;
pub mod rules_view;
pub mod grpc;
pub mod config;
pub mod vectors;
pub mod cli;
