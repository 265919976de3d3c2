//! Header rows, for every item.
#![no_main]

libfuzzer_sys::fuzz_target!(init: chengdang_fuzz::prepare(), |data: &[u8]| chengdang_fuzz::header(data));
