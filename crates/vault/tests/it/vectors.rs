//! Known answers of the standards, asked through the suite.

use vault::suite::{International, Sm, Suite};

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
    let signature = key.sign(&[0x72]).unwrap();
    assert_eq!(
        hex::encode(signature),
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    );
    assert!(International.verify(&key.public_key(), &[0x72], &signature).is_ok());
    assert!(International.verify(&key.public_key(), &[0x73], &signature).is_err());
}

/// RFC 8998, appendix A.1.
#[test]
fn sm4_gcm() {
    let key = bytes("0123456789abcdeffedcba9876543210");
    let nonce = bytes("00001234567800000000abcd").try_into().unwrap();
    let aad = bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    let plain = "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd\
                 eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa";
    let sealed = "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735\
                  d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d\
                  83de3541e4c2b58177e065a9bf7b62ec";
    let mut buffer = bytes(plain);
    Sm.seal(&key, &nonce, &aad, &mut buffer).unwrap();
    assert_eq!(hex::encode(&buffer), sealed);
    // A derived key is longer, and its first half is the key.
    let longer = [key.as_slice(), &[7; 16]].concat();
    Sm.open(&longer, &nonce, &aad, &mut buffer).unwrap();
    assert_eq!(hex::encode(&buffer), plain);
    assert!(Sm.seal(&[0; 24], &nonce, &[], &mut Vec::new()).is_err());
}

/// The counter mode in GCM begins at 2 (NIST SP 800-38D §7.1), so that zeros under the nonce zero become SM4 of the block
/// 00…02, which `openssl enc -sm4-ecb -nopad` gives, too. The examples of GB/T 32907-2016 are in the test with OpenSSL.
#[test]
fn sm4_counter() {
    let key = bytes("0123456789abcdeffedcba9876543210");
    let mut stream = vec![0; 16];
    Sm.seal(&key, &[0; 12], &[], &mut stream).unwrap();
    assert_eq!(hex::encode(&stream[..16]), "b3136c044e95482d4f652e694f2741cd");
}

/// GB/T 32905-2016, appendix A.1 and A.2.
#[test]
fn sm3() {
    let one = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
    assert_eq!(hex::encode(Sm.hash(&[b"abc"])), one);
    assert_eq!(hex::encode(Sm.hash(&[b"a", b"", b"bc"])), one);
    let two = "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732";
    assert_eq!(hex::encode(Sm.hash(&[&b"abcd".repeat(16)])), two);
}

/// The inputs of RFC 4231, cases 2 and 6, with SM3; the values are those of OpenSSL 3 (`openssl dgst -sm3 -mac HMAC`).
#[test]
fn hmac_sm3() {
    let key = Sm.mac_key(b"Jefe");
    let want = "2e87f1d16862e6d964b50a5200bf2b10b764faa9680a296a2405f24bec39f882";
    assert_eq!(hex::encode(key.mac(&[b"what do ya want for nothing?"])), want);
    assert_eq!(hex::encode(key.mac(&[b"what do ya want ", b"for nothing?"])), want);
    let long = Sm.mac_key(&[0xaa; 131]);
    let want = "b4fd844e13342002f0b2e0690ea7741f1497d993a70494cea601e657bedf67a0";
    assert_eq!(
        hex::encode(long.mac(&[b"Test Using Larger Than Block-Size Key - Hash Key First"])),
        want
    );
}

/// GB/T 32918.5-2017, appendix A.2: the signature of `message digest` on the recommended curve under the id
/// 1234567812345678 verifies; one bit elsewhere does not.
#[test]
fn sm2() {
    let seed = bytes("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");
    let public = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020\
                  ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
    let signature = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3\
                     b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
    let key = Sm.signing_key(&seed).unwrap();
    assert_eq!(hex::encode(key.public_key()), public);
    let (public, signature) = (bytes(public), bytes(signature));
    assert!(Sm.verify(&public, b"message digest", &signature).is_ok());
    assert!(Sm.verify(&public, b"message digesu", &signature).is_err());
    for at in 0..signature.len() {
        let mut altered = signature.clone();
        altered[at] ^= 1;
        assert!(Sm.verify(&public, b"message digest", &altered).is_err(), "byte {at}");
    }
    let own = key.sign(b"message digest").unwrap();
    assert!(Sm.verify(&public, b"message digest", &own).is_ok());
    // r or s of zero, or not below the order, a point off the curve and one at infinity, and cut ones.
    for wrong in [[0; 64], [0xff; 64]] {
        assert!(Sm.verify(&public, b"message digest", &wrong).is_err());
    }
    let mut off = public.clone();
    off[64] ^= 1;
    assert!(Sm.verify(&off, b"message digest", &signature).is_err());
    assert!(Sm.verify(&[0], b"message digest", &signature).is_err());
    assert!(Sm.verify(&public[..64], b"message digest", &signature).is_err());
    assert!(Sm.verify(&public, b"message digest", &signature[..63]).is_err());
    // Neither zero nor the order is a private key (GB/T 32918.1 §6.1: from 1 to n - 2).
    assert!(Sm.signing_key(&[0; 32]).is_err());
    let order = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
    assert!(Sm.signing_key(&bytes(order)).is_err());
}
