//! Register tables in CSV: taken whole, or every bad row named.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onestop::table;

fuzz_target!(|bytes: &[u8]| {
    let _ = table::persons(bytes);
    let _ = table::facilities(bytes);
    let _ = table::catalogue(bytes);
    let _ = table::openings(bytes);
    let _ = table::bill_lines(bytes);
});
