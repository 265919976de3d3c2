//! One file of a catalogue; the first byte says which.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| chengdang_fuzz::catalogue_file(data));
