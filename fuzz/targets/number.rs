//! Identity numbers, credit codes, names, documents, days.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| chengdang_fuzz::number(data));
