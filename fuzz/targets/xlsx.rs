//! Workbooks: the first byte says which part is fuzzed, or the archive itself.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| chengdang_fuzz::workbook(data));
