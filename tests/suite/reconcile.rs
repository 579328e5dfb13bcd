//! Reconciliation over generated books with known differences: every injected one is found, and none is invented.

mod generated;
