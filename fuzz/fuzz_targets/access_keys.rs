#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| onestop_fuzz::access_keys(data));
