//! Languages and texts. Texts live in Fluent catalogues under `locales/`, never in code.

use std::borrow::Cow;
use std::collections::HashMap;

use domain::catalogue::Text;
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader, langid};

mod loader {
    fluent_templates::static_loader! {
        pub(super) static LOCALES = {
            locales: "./locales",
            fallback_language: "zh-CN",
            // Isolation marks would end up in titles and attributes; no text here mixes directions.
            customise: |bundle| bundle.set_use_isolating(false),
        };
    }
}

static ZH: LanguageIdentifier = langid!("zh-CN");
static EN: LanguageIdentifier = langid!("en");

/// A language of the pages. Chinese is the default and the authoritative one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Lang {
    /// zh-CN
    #[default]
    Zh,
    /// English
    En,
}

impl Lang {
    /// BCP 47 tag.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// Reads a tag or its short form; anything else is `None`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "zh-CN" | "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        }
    }

    fn id(self) -> &'static LanguageIdentifier {
        match self {
            Self::Zh => &ZH,
            Self::En => &EN,
        }
    }

    /// The text under `key`.
    pub(crate) fn text(self, key: &str) -> String {
        loader::LOCALES.lookup(self.id(), key)
    }

    /// The text under `key` with arguments.
    pub(crate) fn text_with(self, key: &str, args: &[(&'static str, FluentValue<'_>)]) -> String {
        let args: HashMap<Cow<'static, str>, FluentValue<'_>> = args
            .iter()
            .map(|(name, value)| (Cow::Borrowed(*name), value.clone()))
            .collect();
        loader::LOCALES.lookup_with_args(self.id(), key, &args)
    }

    /// Picks from a text of the catalogue.
    pub(crate) fn of(self, text: &Text) -> &str {
        match self {
            Self::Zh => &text.zh,
            Self::En => &text.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    fn keys_of(lang: &str) -> BTreeSet<String> {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(lang);
        let mut keys = BTreeSet::new();
        for entry in fs::read_dir(dir).unwrap() {
            for line in fs::read_to_string(entry.unwrap().path()).unwrap().lines() {
                if let Some((key, _)) = line.split_once(" =")
                    && key
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
                    && !key.is_empty()
                {
                    assert!(keys.insert(key.to_owned()), "{lang}: {key} twice");
                }
            }
        }
        keys
    }

    fn files(dir: &Path, out: &mut Vec<std::path::PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, out);
            } else {
                out.push(path);
            }
        }
    }

    #[test]
    fn both_languages_have_the_same_keys() {
        assert_eq!(keys_of("zh-CN"), keys_of("en"));
        assert!(keys_of("en").len() > 200);
    }

    #[test]
    fn every_key_that_templates_and_code_name_exists() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let keys = keys_of("zh-CN");
        let mut paths = Vec::new();
        files(&root.join("templates"), &mut paths);
        files(&root.join("src"), &mut paths);
        let mut seen = 0;
        for path in paths {
            let text = fs::read_to_string(&path).unwrap();
            for call in [
                "p.s(\"",
                "p.v(\"",
                "p.vv(\"",
                "p.n(\"",
                "p.nn(\"",
                ".text(\"",
                ".text_with(\"",
                "_key: \"",
            ] {
                for (at, _) in text.match_indices(call) {
                    let rest = &text[at + call.len()..];
                    let key = &rest[..rest.find('"').unwrap()];
                    assert!(keys.contains(key), "{} names {key}", path.display());
                    seen += 1;
                }
            }
        }
        assert!(seen > 200, "only {seen} keys found");
    }

    #[test]
    fn arguments_and_selectors_work_in_both_languages() {
        assert_eq!(Lang::Zh.text("sign-in"), "登录");
        assert_eq!(
            Lang::En.text_with("records-count", &[("count", 1.into())]),
            "1 record in all."
        );
        assert_eq!(Lang::Zh.text_with("state", &[("state", "held".into())]), "暂不提供");
        assert_eq!(Lang::En.text("error-prefix"), "Error: ");
    }
}
