//! What a reader of workbooks that was taken over could send.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| chengdang_fuzz::frames(data));
