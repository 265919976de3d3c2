//! Text files: as they are, and as rows under a sound header.
#![no_main]

libfuzzer_sys::fuzz_target!(init: chengdang_fuzz::prepare(), |data: &[u8]| { chengdang_fuzz::file(data, "a.csv"); chengdang_fuzz::rows(data, false); });
