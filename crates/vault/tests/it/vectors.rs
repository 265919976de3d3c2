//! Known answers of the standards, asked through the suite.

use vault::suite::{International, Suite};

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

/// `McGrew` and Viega, "The Galois/Counter Mode of Operation", appendix B, cases 13, 14 and 16 (AES-256, 96-bit nonce).
#[test]
fn aes_256_gcm() {
    let zero = "0".repeat(64);
    let key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
    let plain = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72\
                 1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
    let sealed = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa\
                  8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662\
                  76fc6ece0f4e1768cddf8853bb2d551b";
    let aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2";
    let cases = [
        (
            zero.as_str(),
            "000000000000000000000000",
            "",
            "",
            "530f8afbc74536b9a963b4f1c4cb738b",
        ),
        (
            zero.as_str(),
            "000000000000000000000000",
            "",
            "00000000000000000000000000000000",
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
        ),
        (key, "cafebabefacedbaddecaf888", aad, plain, sealed),
    ];
    for (key, nonce, aad, plain, sealed) in cases {
        let (key, nonce, aad) = (bytes(key), bytes(nonce).try_into().unwrap(), bytes(aad));
        let mut buffer = bytes(plain);
        International.seal(&key, &nonce, &aad, &mut buffer).unwrap();
        assert_eq!(hex::encode(&buffer), sealed);
        International.open(&key, &nonce, &aad, &mut buffer).unwrap();
        assert_eq!(hex::encode(&buffer), plain);
    }
    assert!(
        International.seal(&[0; 16], &[0; 12], &[], &mut Vec::new()).is_err(),
        "a key of another length"
    );
}

/// RFC 4231, cases 1, 2 and 6 (HMAC-SHA-256); the message in one part and in two.
#[test]
fn hmac() {
    let long = b"Test Using Larger Than Block-Size Key - Hash Key First";
    let cases: [(&[u8], &[u8], &str); 3] = [
        (
            &[0x0b; 20],
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            &[0xaa; 131],
            long,
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ];
    for (key, message, want) in cases {
        let key = International.mac_key(key);
        let (head, tail) = message.split_at(3);
        assert_eq!(hex::encode(key.mac(&[message])), want);
        assert_eq!(hex::encode(key.mac(&[head, tail])), want);
        assert_eq!(hex::encode(key.mac(&[message])), want, "a prepared key serves again");
    }
}

/// FIPS 180-4, the message `abc`.
#[test]
fn sha_256() {
    let want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(hex::encode(International.hash(&[b"abc"])), want);
    assert_eq!(hex::encode(International.hash(&[b"a", b"", b"bc"])), want);
}

/// RFC 8032 §7.1, test 2.
#[test]
fn ed25519() {
    let seed = bytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    let key = International.signing_key(&seed).unwrap();
    assert_eq!(
        hex::encode(key.public_key()),
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    );
    let signature = key.sign(&[0x72]);
    assert_eq!(
        hex::encode(signature),
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    );
    assert!(International.verify(&key.public_key(), &[0x72], &signature).is_ok());
    assert!(International.verify(&key.public_key(), &[0x73], &signature).is_err());
}
