//! Prints what one seal, one tag and their company cost on this machine, in both suites, beside what OpenSSL says of its own
//! algorithms: `cargo run --release -p vault --example vault-speed`.

use std::hint::black_box;
use std::io::{self, Write};
use std::time::Instant;

use domain::{DocumentKind, IdentityDocument, Name};
use uuid::Uuid;
use vault::suite::{SUITES, Suite};
use vault::{Place, SecretOwner, StagedWriter, Vault};

/// Calls per round: short enough that many rounds pass without another process taking the processor.
const CALLS: u32 = 500;
/// Rounds; the best and the median are printed, since others may share the machine.
const ROUNDS: usize = 301;

fn measure(what: &str, mut call: impl FnMut()) -> io::Result<()> {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..CALLS).for_each(|_| call());
            start.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    let (best, median) = (rounds.first().copied(), rounds.get(ROUNDS / 2).copied());
    let text = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:8.3}"));
    writeln!(
        io::stdout(),
        "{what:<44} best {} µs, median {} µs",
        text(best),
        text(median)
    )
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for suite in SUITES {
        writeln!(io::stdout(), "\n{}", suite.name())?;
        of_suite(suite)?;
    }
    openssl()
}

/// Bytes of the blocks whose rates are printed: those of OpenSSL's longest.
const BLOCK: u16 = 16 * 1024;

/// Megabytes a second of `call`, which takes a block, over some time; the best of several rounds.
fn rate(mut call: impl FnMut()) -> f64 {
    let seconds = |_| {
        let start = Instant::now();
        (0..CALLS).for_each(|_| call());
        start.elapsed().as_secs_f64()
    };
    let best = (0..9).map(seconds).fold(f64::INFINITY, f64::min);
    f64::from(CALLS) * f64::from(BLOCK) / best / 1e6
}

/// What OpenSSL's own speed test says, if the program is there: the peer of the rates above.
fn openssl() -> Result<(), Box<dyn std::error::Error>> {
    writeln!(io::stdout(), "\nopenssl speed, blocks of 16 KiB")?;
    for algorithm in ["sm3", "sha256", "sm4-ctr", "sm4-cbc", "aes-256-gcm"] {
        let arguments = ["speed", "-seconds", "2", "-bytes", "16384", "-mr", "-evp", algorithm];
        let output = std::process::Command::new("openssl").args(arguments).output()?;
        let text = String::from_utf8(output.stdout)?;
        let rate = text.lines().rev().find_map(|line| {
            let rate = line.strip_prefix("+F:")?.rsplit(':').next()?;
            rate.parse::<f64>().ok()
        });
        writeln!(
            io::stdout(),
            "{algorithm:<44} {:.0} MB/s",
            rate.unwrap_or_default() / 1e6
        )?;
    }
    for algorithm in ["sm2", "ed25519"] {
        let output = std::process::Command::new("openssl")
            .args(["speed", "-seconds", "2", algorithm])
            .output()?;
        let text = String::from_utf8(output.stdout)?;
        let line = text.lines().last().unwrap_or_default().to_owned();
        writeln!(
            io::stdout(),
            "{algorithm:<44} {line} (seconds a sign, a verify; a second)"
        )?;
    }
    Ok(())
}

fn of_suite(suite: &'static dyn Suite) -> Result<(), Box<dyn std::error::Error>> {
    let vault = Vault::ephemeral_with(suite)?;
    let (key, block) = ([7; 32], vec![7_u8; BLOCK.into()]);
    let mut sealed = Vec::with_capacity(usize::from(BLOCK) + 16);
    let sealing = rate(|| {
        sealed.clear();
        sealed.extend_from_slice(&block);
        suite.seal(&key, &[0; 12], &[], &mut sealed).ok();
    });
    let hashing = rate(|| {
        black_box(suite.hash(&[black_box(&block)]));
    });
    let signer = suite.signing_key(&key)?;
    let signature = signer.sign(&block)?;
    writeln!(
        io::stdout(),
        "seal 16 KiB {sealing:.0} MB/s, hash 16 KiB {hashing:.0} MB/s"
    )?;
    measure("sign 32 bytes", || {
        black_box(signer.sign(black_box(&key))).ok();
    })?;
    let public = signer.public_key();
    measure("verify 16 KiB", || {
        black_box(suite.verify(&public, black_box(&block), &signature)).ok();
    })?;
    let id = Uuid::from_u128(1);
    let (secret, wrapped) = vault.new_secret(SecretOwner::Person, id)?;
    let place = Place {
        table: "record",
        column: "content",
        row: id,
    };
    let plain = [7_u8; 1000];
    let sealed = secret.seal(&place, &plain)?;
    let document = IdentityDocument::parse(DocumentKind::Passport, "E12345678")?;
    let name = Name::parse("测试甲")?;

    measure("seal 1000 bytes", || {
        black_box(secret.seal(&place, black_box(&plain))).ok();
    })?;
    measure("open 1000 bytes", || {
        black_box(secret.open(&place, &sealed.salt, black_box(&sealed.ciphertext))).ok();
    })?;
    measure("blind tag of a number (B1)", || {
        black_box(vault.number_tags(black_box(&document)));
    })?;
    measure("blind tag of number and name (B2)", || {
        black_box(vault.name_tags(black_box(&document), black_box(&name)));
    })?;
    measure("new secret, wrapped", || {
        black_box(vault.new_secret(SecretOwner::Person, id)).ok();
    })?;
    measure("unwrap a secret", || {
        black_box(vault.unwrap_secret(SecretOwner::Person, id, black_box(&wrapped))).ok();
    })?;
    measure("fact tag (prepared key)", || {
        black_box(secret.fact_tag(black_box(b"item\x1fdocument\x1forgan")));
    })?;
    measure("content tag of 1000 bytes (prepared key)", || {
        black_box(secret.content_tag(black_box(&plain)));
    })?;

    let megabytes = 256_u32;
    let block = vec![7_u8; 1 << 20];
    let start = Instant::now();
    let mut writer = StagedWriter::new(&secret, id, io::sink())?;
    for _ in 0..megabytes {
        writer.write_all(&block)?;
    }
    writer.finish()?;
    let rate = f64::from(megabytes) / start.elapsed().as_secs_f64();
    writeln!(io::stdout(), "staged writer: {rate:.0} MiB/s")?;
    Ok(())
}
