//! HTTP message signatures (RFC 9421) and digests of bodies (RFC 9530), as far as a request of a department's system needs
//! them: what was signed is read here and nothing is computed; `vault` checks it by way of `app::asking`.
//!
//! The signatures of what this system sends ([`to_be_signed`]) are written by the same construction.
//!
//! Left out on purpose, so refused: several signatures on one request, parameters of components, `@query-param`,
//! `@request-target`, trailers and responses.

use app::asking::{AskFault, SignedRequest};
use axum::http::{HeaderMap, HeaderName, Method, Uri, header};
use sfv::{BareItem, Dictionary, InnerList, Item, KeyRef, ListEntry, ListSerializer, Parser, StringRef};

/// The header with the parameters of a signature.
pub(crate) const SIGNATURE_INPUT: HeaderName = HeaderName::from_static("signature-input");
/// The header with the signature.
pub(crate) const SIGNATURE: HeaderName = HeaderName::from_static("signature");
/// The header with the digest of the body.
pub(crate) const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");
/// The header with the assertion of the officer behind a request.
pub(crate) const OFFICER: HeaderName = HeaderName::from_static("chengdang-officer");

/// Headers that must be signed where they are sent: each changes what a request means.
const MEANT: [HeaderName; 4] = [
    header::CONTENT_TYPE,
    CONTENT_DIGEST,
    OFFICER,
    HeaderName::from_static("idempotency-key"),
];

/// Components of a signature at most: more are no request of ours.
const COMPONENTS_MAX: usize = 32;

/// What the headers say about the signature.
#[derive(Debug)]
pub(crate) struct Signature {
    /// Names of the covered components, in their order.
    components: Vec<String>,
    /// Components with parameters, written as `@signature-params` demands.
    written: String,
    key: String,
    algorithm: String,
    created: i64,
    expires: Option<i64>,
    nonce: String,
    bytes: Vec<u8>,
}

/// The address of a request as its sender wrote it.
pub(crate) struct Target<'a> {
    /// Method.
    pub(crate) method: &'a Method,
    /// `http`, or `https` in front of the operator's proxy.
    pub(crate) scheme: &'a str,
    /// Path and query.
    pub(crate) uri: &'a Uri,
}

impl Signature {
    /// Reads the headers.
    pub(crate) fn read(headers: &HeaderMap) -> Result<Self, AskFault> {
        let (label, list) = the_input(headers)?;
        let signature = the_signature(headers, &label)?;
        let mut components = Vec::with_capacity(list.items.len());
        for item in &list.items {
            let name = item.bare_item.as_string().map(sfv::StringRef::as_str);
            match name {
                Some(name) if item.params.is_empty() && !components.iter().any(|seen| seen == name) => {
                    components.push(name.to_owned());
                }
                _ => {
                    return Err(AskFault::Unreadable {
                        what: "a component is no plain name, has parameters or comes twice",
                    });
                }
            }
        }
        if components.len() > COMPONENTS_MAX {
            return Err(AskFault::Unreadable {
                what: "there are too many components",
            });
        }
        Self::of(&list, components, signature)
    }

    fn of(list: &InnerList, components: Vec<String>, signature: Vec<u8>) -> Result<Self, AskFault> {
        let text = |name: &'static str| {
            list.params
                .get(name)
                .and_then(BareItem::as_string)
                .map(|text| text.as_str().to_owned())
                .ok_or(AskFault::NoParameter { what: name })
        };
        let seconds = |name: &str| list.params.get(name).and_then(BareItem::as_integer).map(i64::from);
        Ok(Self {
            components,
            written: written(list)?,
            key: text("keyid")?,
            algorithm: text("alg")?,
            created: seconds("created").ok_or(AskFault::NoParameter { what: "created" })?,
            expires: seconds("expires"),
            nonce: text("nonce")?,
            bytes: signature,
        })
    }

    fn covers(&self, name: &str) -> bool {
        self.components.iter().any(|covered| covered == name)
    }

    /// Whether all is signed that must be: method, address, the body by its digest and type, and every header that changes
    /// what the request means.
    pub(crate) fn check_cover(&self, headers: &HeaderMap, has_body: bool) -> Result<(), AskFault> {
        let missing = |what: &'static str| Err(AskFault::NotCovered { what });
        if !self.covers("@method") {
            return missing("the method");
        }
        let has_parts = self.covers("@authority") && self.covers("@path") && self.covers("@query");
        if !self.covers("@target-uri") && !has_parts {
            return missing("the whole address");
        }
        if has_body && !self.covers("content-digest") {
            return missing("the digest of the body");
        }
        if has_body && !self.covers("content-type") {
            return missing("the type of the body");
        }
        for name in MEANT {
            if headers.contains_key(&name) && !self.covers(name.as_str()) {
                return missing("a header that changes what the request means");
            }
        }
        Ok(())
    }

    /// The signature base, RFC 9421 §2.5.
    pub(crate) fn base(&self, target: &Target<'_>, headers: &HeaderMap) -> Result<String, AskFault> {
        base(&self.components, &self.written, target, headers)
    }

    /// For `app::asking`.
    pub(crate) fn request<'a>(&'a self, base: &'a str, officer: Option<&'a str>) -> SignedRequest<'a> {
        SignedRequest {
            key: &self.key,
            algorithm: &self.algorithm,
            created: self.created,
            expires: self.expires,
            nonce: &self.nonce,
            base: base.as_bytes(),
            signature: &self.bytes,
            officer,
        }
    }
}

/// Parameters of a signature that this system makes; its algorithm is Ed25519.
pub(crate) struct Parameters<'a> {
    pub(crate) key: &'a str,
    pub(crate) created: i64,
    pub(crate) expires: i64,
    pub(crate) nonce: &'a str,
    pub(crate) tag: &'a str,
}

/// What is to be signed of a request to be sent: the signature base, and the value of `Signature-Input`.
pub(crate) fn to_be_signed(
    components: &[&str],
    parameters: &Parameters<'_>,
    target: &Target<'_>,
    headers: &HeaderMap,
) -> Result<(String, String), AskFault> {
    let unwritable = || AskFault::Unreadable {
        what: "a parameter cannot be written",
    };
    let text = |text: &str| {
        let text = StringRef::from_str(text).map_err(|_| unwritable())?;
        Ok::<BareItem, AskFault>(BareItem::String(text.to_owned()))
    };
    let seconds = |seconds: i64| {
        let seconds = sfv::Integer::try_from(seconds).map_err(|_| unwritable())?;
        Ok::<BareItem, AskFault>(BareItem::Integer(seconds))
    };
    let mut items = Vec::with_capacity(components.len());
    for name in components {
        items.push(Item::new(text(name)?));
    }
    let mut list = InnerList::new(items);
    for (name, value) in [
        ("created", seconds(parameters.created)?),
        ("expires", seconds(parameters.expires)?),
        ("keyid", text(parameters.key)?),
        ("alg", text("ed25519")?),
        ("nonce", text(parameters.nonce)?),
        ("tag", text(parameters.tag)?),
    ] {
        let name = KeyRef::from_str(name).map_err(|_| unwritable())?;
        list.params.insert(name.to_owned(), value);
    }
    let input = written(&list)?;
    let names = components.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    Ok((base(&names, &input, target, headers)?, input))
}

/// The signature base, RFC 9421 §2.5.
fn base(components: &[String], written: &str, target: &Target<'_>, headers: &HeaderMap) -> Result<String, AskFault> {
    let mut base = String::new();
    for name in components {
        let value = component(name, target, headers)?;
        base.extend(["\"", name, "\": ", &value, "\n"]);
    }
    base.extend(["\"@signature-params\": ", written]);
    Ok(base)
}

/// The one entry of `Signature-Input`.
fn the_input(headers: &HeaderMap) -> Result<(String, InnerList), AskFault> {
    let what = "Signature-Input must have exactly one list of components";
    let mut entries = dictionary(headers, &SIGNATURE_INPUT)?.into_iter();
    match (entries.next(), entries.next()) {
        (Some((label, ListEntry::InnerList(list))), None) => Ok((label.as_str().to_owned(), list)),
        _ => Err(AskFault::Unreadable { what }),
    }
}

/// The bytes under `label` in `Signature`, and nothing beside them.
fn the_signature(headers: &HeaderMap, label: &str) -> Result<Vec<u8>, AskFault> {
    let what = "Signature must have exactly the bytes for the list of components";
    let mut entries = dictionary(headers, &SIGNATURE)?.into_iter();
    match (entries.next(), entries.next()) {
        (Some((name, ListEntry::Item(item))), None) if name.as_str() == label => item
            .bare_item
            .as_byte_sequence()
            .map(<[u8]>::to_vec)
            .ok_or(AskFault::Unreadable { what }),
        _ => Err(AskFault::Unreadable { what }),
    }
}

/// Components and parameters in the one form that is signed (RFC 9421 §2.3).
fn written(list: &InnerList) -> Result<String, AskFault> {
    let mut writer = ListSerializer::new();
    writer.members([&ListEntry::InnerList(list.clone())]);
    writer.finish().ok_or(AskFault::Unreadable {
        what: "there are no components",
    })
}

fn dictionary(headers: &HeaderMap, name: &HeaderName) -> Result<Dictionary, AskFault> {
    let what = "a header of the signature is no structured field";
    let text = field(headers, name).ok_or(AskFault::Unreadable { what })?;
    Parser::new(&text).parse().map_err(|_| AskFault::Unreadable { what })
}

/// All lines of a field, joined (RFC 9421 §2.1).
fn field(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let mut lines = Vec::new();
    for value in headers.get_all(name) {
        lines.push(value.to_str().ok()?.trim());
    }
    (!lines.is_empty()).then(|| lines.join(", "))
}

/// The value of a component, RFC 9421 §2.1 and §2.2.
fn component(name: &str, target: &Target<'_>, headers: &HeaderMap) -> Result<String, AskFault> {
    let path = match target.uri.path() {
        "" => "/",
        path => path,
    };
    let query = target.uri.query();
    match name {
        "@method" => Ok(target.method.as_str().to_owned()),
        "@scheme" => Ok(target.scheme.to_owned()),
        "@authority" => authority(target, headers),
        "@path" => Ok(path.to_owned()),
        "@query" => Ok(format!("?{}", query.unwrap_or_default())),
        "@target-uri" => {
            let query = query.map_or_else(String::new, |query| format!("?{query}"));
            Ok(format!(
                "{}://{}{path}{query}",
                target.scheme,
                authority(target, headers)?
            ))
        }
        _ if name.starts_with('@') => Err(AskFault::Unreadable {
            what: "a derived component is not known here",
        }),
        _ => {
            let unknown = AskFault::Unreadable {
                what: "a covered header is not there",
            };
            // Names are signed in lower case (RFC 9421 §2.1); another form is another component.
            let header = HeaderName::from_lowercase(name.as_bytes()).ok();
            header.and_then(|name| field(headers, &name)).ok_or(unknown)
        }
    }
}

/// Host and port as the sender meant them, in lower case, without the scheme's own port (RFC 9421 §2.2.3).
fn authority(target: &Target<'_>, headers: &HeaderMap) -> Result<String, AskFault> {
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .or_else(|| target.uri.authority().map(axum::http::uri::Authority::as_str))
        .ok_or(AskFault::Unreadable {
            what: "the request names no host",
        })?
        .to_ascii_lowercase();
    let own_port = if target.scheme == "https" { ":443" } else { ":80" };
    Ok(host.strip_suffix(own_port).unwrap_or(&host).to_owned())
}

/// The SHA-256 that `Content-Digest` names (RFC 9530 §2); weaker ones beside it say nothing.
pub(crate) fn content_digest(headers: &HeaderMap) -> Result<[u8; 32], AskFault> {
    let unreadable = AskFault::Unreadable {
        what: "Content-Digest has no sha-256",
    };
    let digests = dictionary(headers, &CONTENT_DIGEST)?;
    match digests.get("sha-256") {
        Some(ListEntry::Item(item)) => item
            .bare_item
            .as_byte_sequence()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(unreadable),
        _ => Err(unreadable),
    }
}

#[cfg(test)]
mod tests;
