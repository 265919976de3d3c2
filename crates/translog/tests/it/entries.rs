//! The hash by which the log knows an entry.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use translog::entry_hash;

#[test]
fn entry_hashes_keep_labels_and_parts_apart() {
    let hashes = [
        entry_hash("trace", &[b"ab", b"c"]),
        entry_hash("trace", &[b"a", b"bc"]),
        entry_hash("trace", &[b"abc"]),
        entry_hash("trace", &[b"abc", b""]),
        entry_hash("trac", &[b"eabc"]),
        entry_hash("chunk", &[b"abc"]),
        entry_hash("trace", &[]),
    ];
    assert_eq!(hashes.iter().collect::<BTreeSet<_>>().len(), hashes.len());
    // Computed by Python's `hashlib` and `struct`: what a verifier elsewhere must get.
    let known = "b41c19cf6e42cb55113054c2db7a5c2bb3a690faaf86c7a3d57fd95bf599c02e";
    let mut digits = String::new();
    for byte in entry_hash("trace", &[b"ab", b"c"]) {
        write!(digits, "{byte:02x}").unwrap();
    }
    assert_eq!(digits, known);
}
