#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| onestop_fuzz::configuration(data));
