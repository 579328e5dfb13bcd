#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| onestop_fuzz::case_file(data));
