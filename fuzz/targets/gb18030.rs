//! Text in GB18030 under a sound header.
#![no_main]

libfuzzer_sys::fuzz_target!(init: chengdang_fuzz::prepare(), |data: &[u8]| chengdang_fuzz::rows(data, true));
