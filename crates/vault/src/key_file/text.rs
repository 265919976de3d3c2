//! The key file as text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use domain::Moment;
use zeroize::Zeroizing;

use super::disk::FILE_BYTES_MAX;
use super::{Former, KeyFile, LOG_SECRETS_MAX, Material, Versioned};
use crate::VaultError;
use crate::hash::first;
use crate::secret::KeyBytes;
use crate::suite::{International, Suite, suite_named};

/// Line one; the number is the version of the format. Version 1 knew one version of each key but the index key, no token
/// and one suite; whatever it could say means the same here.
const TITLE: &str = "chengdang key file, version 2";
const TITLE_BEFORE: &str = "chengdang key file, version 1";
/// What whoever finds the file must know.
const NOTE: &str = "# SECRET. These keys open every person's records of this installation and sign its log.\n\
    # Who reads this file can read and forge them; if it is lost, every record is lost.\n\
    # Mode 0600, owned by the service user; backed up apart from the database; never mailed, printed or committed.\n\
    # Not to be edited: use `chengdang`, or restore it from its backup.\n";
/// Base64 of 32 bytes; the decoder asks for room in whole groups.
const DECODE_BYTES: usize = 33;
/// Stands for a key that is in the token.
const IN_TOKEN: &str = "token";
/// Before a key that the token has wrapped.
const WRAPPED: &str = "wrapped:";
/// Before the kind of a signing key of which only the public half is left.
const FORMER: &str = "former-";

impl KeyFile {
    pub(super) fn render(&self) -> Zeroizing<String> {
        let capacity = usize::try_from(FILE_BYTES_MAX).unwrap_or(0);
        let mut text = Zeroizing::new(String::with_capacity(capacity));
        text.push_str(TITLE);
        text.push('\n');
        text.push_str(NOTE);
        text.push_str("suite ");
        text.push_str(self.suite.name());
        text.push('\n');
        let kinds = [
            ("kek", &self.kek),
            ("log-secret", &self.log),
            ("signing-key", &self.signing),
            ("sm2-key", &self.sm2),
            ("index-key", &self.index),
        ];
        for (name, keys) in kinds {
            for Versioned { version, material } in keys {
                text.push_str(name);
                text.push(' ');
                text.push_str(&version.to_string());
                text.push(' ');
                match material {
                    Material::Here(key) => STANDARD.encode_string(key.as_slice(), &mut text),
                    Material::InToken => text.push_str(IN_TOKEN),
                    Material::Wrapped(bytes) => {
                        text.push_str(WRAPPED);
                        STANDARD.encode_string(bytes, &mut text);
                    }
                }
                text.push('\n');
            }
        }
        for former in &self.former {
            let kind = if former.is_sm2 { "sm2-key" } else { "signing-key" };
            let (version, until, public) = (former.version, former.until.0, STANDARD.encode(&former.public));
            for part in [
                FORMER,
                kind,
                " ",
                &version.to_string(),
                " ",
                &until.to_string(),
                " ",
                &public,
                "\n",
            ] {
                text.push_str(part);
            }
        }
        let check = check_of(&text);
        text.push_str("check ");
        text.push_str(&check);
        text.push('\n');
        text
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, VaultError> {
        let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is not text"))?;
        let title = text.lines().next().unwrap_or_default();
        if title != TITLE && title != TITLE_BEFORE {
            return Err(match title.strip_prefix("chengdang key file, version ") {
                Some(_) => VaultError::Unsupported {
                    what: "version of its format",
                },
                None => damaged("its first line does not say that it is a key file"),
            });
        }
        let (body, check) = text
            .rsplit_once("check ")
            .ok_or_else(|| damaged("its check line is missing"))?;
        if check.strip_suffix('\n') != Some(check_of(body).as_str()) {
            return Err(damaged("its check line does not fit"));
        }
        let mut found = Found::default();
        for line in body.lines().skip(1).filter(|line| !line.starts_with('#')) {
            found.take(line)?;
        }
        found.finish()
    }
}

/// Lines met so far.
#[derive(Default)]
struct Found {
    suite: Option<&'static dyn Suite>,
    kek: Vec<Versioned>,
    log: Vec<Versioned>,
    signing: Vec<Versioned>,
    sm2: Vec<Versioned>,
    index: Vec<Versioned>,
    former: Vec<Former>,
}

impl Found {
    fn take(&mut self, line: &str) -> Result<(), VaultError> {
        let misshapen = || damaged("a line is not of the form `name version key`");
        if let Some(name) = line.strip_prefix("suite ") {
            self.suite = Some(suite_named(name).ok_or(VaultError::Unsupported {
                what: "its suite of ciphers",
            })?);
            return Ok(());
        }
        if let Some(line) = line.strip_prefix(FORMER) {
            self.former.push(former(line).ok_or_else(misshapen)?);
            return Ok(());
        }
        let mut words = line.split(' ');
        let (Some(name), Some(version), Some(key), None) = (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(misshapen());
        };
        let version = version.parse().ok().filter(|version| *version > 0);
        let version = version.ok_or_else(misshapen)?;
        let material = match (key, key.strip_prefix(WRAPPED)) {
            (IN_TOKEN, _) => Material::InToken,
            (_, Some(wrapped)) => Material::Wrapped(STANDARD.decode(wrapped).map_err(|_| misshapen())?),
            _ => Material::Here(decode(key)?),
        };
        let list = match name {
            "kek" => &mut self.kek,
            "log-secret" => &mut self.log,
            "signing-key" => &mut self.signing,
            "sm2-key" => &mut self.sm2,
            "index-key" => &mut self.index,
            _ => {
                return Err(VaultError::Unsupported {
                    what: "a kind of key in it",
                });
            }
        };
        list.push(Versioned { version, material });
        Ok(())
    }

    fn finish(self) -> Result<KeyFile, VaultError> {
        let suite = self.suite.ok_or_else(|| damaged("its suite is missing"))?;
        let file = KeyFile {
            suite,
            kek: self.kek,
            index: self.index,
            log: self.log,
            signing: self.signing,
            sm2: self.sm2,
            former: self.former,
        };
        let numbers = |keys: &[Versioned]| keys.iter().map(|key| key.version).collect::<Vec<_>>();
        let of_two = [&file.kek, &file.index, &file.signing];
        let is_whole = of_two.into_iter().all(|keys| follow(keys, 2)) && follow(&file.log, LOG_SECRETS_MAX);
        let sm2 = if super::is_sm(suite) {
            numbers(&file.signing)
        } else {
            Vec::new()
        };
        if !is_whole || numbers(&file.sm2) != sm2 {
            return Err(damaged(
                "a key is missing or in it twice, or its versions do not follow each other",
            ));
        }
        Ok(file)
    }
}

/// Whether these are the versions of one key: at least one, at most `most`, the newest first and without a gap.
fn follow(keys: &[Versioned], most: usize) -> bool {
    let is_next = |(newer, older): (&Versioned, &Versioned)| older.version.checked_add(1) == Some(newer.version);
    !keys.is_empty() && keys.len() <= most && keys.iter().zip(keys.iter().skip(1)).all(is_next)
}

/// Reads `kind version until public`.
fn former(line: &str) -> Option<Former> {
    let mut words = line.split(' ');
    let (kind, version, until, public) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let is_sm2 = match kind {
        "signing-key" => false,
        "sm2-key" => true,
        _ => return None,
    };
    Some(Former {
        version: version.parse().ok()?,
        is_sm2,
        until: Moment(until.parse().ok()?),
        public: STANDARD.decode(public).ok()?,
    })
}

pub(crate) fn decode(text: &str) -> Result<KeyBytes, VaultError> {
    let misshapen = || damaged("a key is not 32 bytes in base64");
    let mut room = Zeroizing::new([0; DECODE_BYTES]);
    let length = STANDARD
        .decode_slice(text, room.as_mut_slice())
        .map_err(|_| misshapen())?;
    let mut key = KeyBytes::default();
    if length != key.len() {
        return Err(misshapen());
    }
    **key = first(room.as_slice());
    Ok(key)
}

/// Against cuts and slips, not against an attacker, who has the keys anyway: 64 bits of SHA-256 in hex.
pub(crate) fn check_of(body: &str) -> String {
    hex::encode(first::<8>(&International.hash(&[body.as_bytes()])))
}

const fn damaged(what: &'static str) -> VaultError {
    VaultError::Damaged { what }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::{SUITES, Sm};

    #[test]
    fn every_altered_byte_of_a_key_file_is_noticed() {
        for suite in SUITES {
            let text = KeyFile::generate(suite, None).unwrap().render();
            assert!(KeyFile::parse(text.as_bytes()).is_ok());
            for position in 0..text.len() {
                let mut bytes = text.as_bytes().to_vec();
                bytes[position] ^= 1;
                assert!(KeyFile::parse(&bytes).is_err(), "byte {position}");
                assert!(
                    KeyFile::parse(&text.as_bytes()[..position]).is_err(),
                    "cut at {position}"
                );
            }
        }
    }

    /// A body with a check line that fits, as a careful forger or a later version would write it.
    fn with_check(body: &str) -> Vec<u8> {
        format!("{body}check {}\n", check_of(body)).into_bytes()
    }

    #[test]
    fn unknown_kinds_versions_and_doubles_are_refused() {
        let text = KeyFile::generate(&International, None).unwrap().render();
        let body = text.rsplit_once("check ").unwrap().0;
        let key = body.lines().find_map(|line| line.strip_prefix("kek 1 ")).unwrap();
        assert!(KeyFile::parse(&with_check(body)).is_ok());
        let former = format!("{body}former-signing-key 1 1700000000000 {key}\n");
        assert!(KeyFile::parse(&with_check(&former)).is_ok());
        let refused = [
            body.replace("version 2", "version 3"),
            body.replace("aes256gcm", "rot13"),
            body.replace("aes256gcm-sha256-ed25519", Sm.name()),
            format!("{body}sm2-key 1 {key}\n"),
            format!("{body}kek 2 {key}\n"),
            format!("{body}index-key 3 {key}\n"),
            format!("{body}index-key 0 {key}\n"),
            format!("{body}index-key 2 {key}\nindex-key 3 {key}\n"),
            format!("{body}novel-key 1 {key}\n"),
            format!("{body}former-kek 1 0 {key}\n"),
            format!("{body}former-signing-key 1 {key}\n"),
            body.replace(key, "AAAA"),
            body.replace("log-secret 1", "# log-secret 1"),
        ];
        for body in refused {
            assert!(KeyFile::parse(&with_check(&body)).is_err(), "{body}");
        }
    }

    #[test]
    fn a_file_of_the_first_format_is_read() {
        let text = KeyFile::generate(&International, None).unwrap().render();
        let body = text.rsplit_once("check ").unwrap().0.replace(TITLE, TITLE_BEFORE);
        assert!(KeyFile::parse(&with_check(&body)).is_ok());
    }
}
