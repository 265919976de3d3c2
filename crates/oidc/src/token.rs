//! Verifying what the provider signed. Everything that a token must be is demanded here; nothing of it is left to a default.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use domain::Moment;
use openidconnect::core::{
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm as Algorithm,
};
use openidconnect::{
    AdditionalClaims, ClaimsVerificationError, ClientId, IdToken, IdTokenClaims, IdTokenVerifier, IssuerUrl,
    JsonWebKeySet, JsonWebTokenType, Nonce, SignatureVerificationError,
};
use serde::{Deserialize, Serialize};

use crate::fault::ProviderFault;
use crate::settings::SecondFactor;

/// Signatures by a key pair only. Neither `none` nor a code under our secret (`HS…`): who holds what verifies those could make them.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
];

/// How far the provider's clock may be from ours.
const SKEW_MS: i64 = 60_000;
/// How old a token may be: it was made for the question just asked.
const TOKEN_AGE_MAX_MS: i64 = 5 * 60_000;
/// Back-Channel Logout 1.0 §2.4.
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The claims that are read beside the standard ones.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct More {
    sid: Option<String>,
    jti: Option<String>,
    events: Option<BTreeMap<String, serde_json::Value>>,
}

impl AdditionalClaims for More {}

pub(crate) type Token = IdToken<More, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, Algorithm>;
type Claims = IdTokenClaims<More, CoreGenderClaim>;

/// Who signed in, as the provider says it.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The provider's lasting name for the person.
    pub subject: String,
    /// Until when the second factor counts; `None` if the provider did not say that there was one.
    pub second_factor_until: Option<Moment>,
    /// The provider's name for its session, if it gave one.
    pub session: Option<String>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("second_factor_until", &self.second_factor_until)
            .finish_non_exhaustive()
    }
}

/// Whose session ended at the provider.
#[derive(Clone, PartialEq, Eq)]
pub struct LoggedOut {
    /// Whose.
    pub subject: String,
    /// Which; all of the subject's if none is named.
    pub session: Option<String>,
}

impl fmt::Debug for LoggedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoggedOut(masked)")
    }
}

/// What a token is verified against.
pub(crate) struct Verifying<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) issuer: &'a IssuerUrl,
    pub(crate) keys: &'a JsonWebKeySet<CoreJsonWebKey>,
    pub(crate) now: Moment,
}

/// Why a token is not good, and whether a newer set of keys might change that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rejected {
    pub(crate) what: &'static str,
    pub(crate) may_be_rotation: bool,
}

impl From<Rejected> for ProviderFault {
    fn from(rejected: Rejected) -> Self {
        Self::Token { what: rejected.what }
    }
}

impl Rejected {
    const fn of(what: &'static str) -> Self {
        Self {
            what,
            may_be_rotation: false,
        }
    }
}

impl Verifying<'_> {
    /// An ID token as the answer to one question (Core §3.1.3.7).
    pub(crate) fn identity(&self, token: &Token, nonce: &Nonce, factor: &SecondFactor) -> Result<Identity, Rejected> {
        let verifier = self.verifier(&["JWT"])?;
        let claims = token.claims(&verifier, nonce).map_err(|error| told(&error))?;
        self.check_party(claims)?;
        if claims.additional_claims().events.is_some() {
            return Err(Rejected::of("it is a security event and no ID token"));
        }
        Ok(Identity {
            subject: subject_of(claims)?,
            second_factor_until: self.second_factor_until(claims, factor),
            session: claims.additional_claims().sid.clone(),
        })
    }

    /// A logout token (Back-Channel Logout 1.0 §2.6).
    pub(crate) fn logged_out(&self, token: &Token) -> Result<LoggedOut, Rejected> {
        let verifier = self.verifier(&["JWT", "logout+jwt"])?;
        let none = |nonce: Option<&Nonce>| nonce.map_or(Ok(()), |_| Err(String::new()));
        let claims = token.claims(&verifier, none).map_err(|error| told(&error))?;
        self.check_party(claims)?;
        let more = claims.additional_claims();
        let is_logout = more
            .events
            .as_ref()
            .and_then(|events| events.get(LOGOUT_EVENT))
            .is_some_and(serde_json::Value::is_object);
        if !is_logout || more.jti.is_none() {
            return Err(Rejected::of("it is no logout token"));
        }
        Ok(LoggedOut {
            subject: subject_of(claims)?,
            session: more.sid.clone(),
        })
    }

    fn verifier(&self, types: &[&str]) -> Result<IdTokenVerifier<'static, CoreJsonWebKey>, Rejected> {
        let named = |name: &&str| JsonWebTokenType::new((*name).to_owned()).normalize();
        let types: Result<Vec<_>, _> = types.iter().map(named).collect();
        let types = types.map_err(|_| Rejected::of("its type is not that of a token"))?;
        let now = self.now.0;
        let client_id = ClientId::new(self.client_id.to_owned());
        let verifier = IdTokenVerifier::new_public_client(client_id, self.issuer.clone(), self.keys.clone())
            .set_allowed_algs(ALGORITHMS)
            .set_allowed_jose_types(types)
            .set_time_fn(move || at(now.saturating_sub(SKEW_MS)).into())
            .set_issue_time_verifier_fn(move |issued| {
                let issued = issued.timestamp_millis();
                let is_fresh = issued <= now.saturating_add(SKEW_MS)
                    && issued >= now.saturating_sub(TOKEN_AGE_MAX_MS.saturating_add(SKEW_MS));
                if is_fresh { Ok(()) } else { Err(String::new()) }
            });
        Ok(verifier)
    }

    /// Whom the token was made for. Other audiences are refused by the verifier; an authorized party must be us (Core §2, `azp`).
    fn check_party(&self, claims: &Claims) -> Result<(), Rejected> {
        match claims.authorized_party() {
            Some(party) if party.as_str() != self.client_id => Err(Rejected::of("it was made for another party")),
            _ => Ok(()),
        }
    }

    /// Counts from `auth_time`, so that a long session at the provider lends nothing to a new one here.
    fn second_factor_until(&self, claims: &Claims, factor: &SecondFactor) -> Option<Moment> {
        let by_context = claims
            .auth_context_ref()
            .is_some_and(|acr| factor.acr.iter().any(|known| known == acr.as_str()));
        let by_method = claims.auth_method_refs().is_some_and(|methods| {
            methods
                .iter()
                .any(|method| factor.amr.iter().any(|known| known == method.as_str()))
        });
        let at = claims
            .auth_time()
            .filter(|_| by_context || by_method)?
            .timestamp_millis();
        if at > self.now.0.saturating_add(SKEW_MS) {
            return None;
        }
        let until = Moment(at.min(self.now.0).saturating_add(i64::from(factor.minutes) * 60_000));
        Some(until).filter(|until| *until > self.now)
    }
}

/// Core §2: at most 255 ASCII characters.
fn subject_of(claims: &Claims) -> Result<String, Rejected> {
    let subject = claims.subject().as_str();
    if subject.is_empty() || subject.len() > 255 || !subject.is_ascii() {
        return Err(Rejected::of("its subject is not 1 to 255 ASCII characters"));
    }
    Ok(subject.to_owned())
}

fn at(ms: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or_default())
}

/// The library's messages repeat what was sent; ours do not.
fn told(error: &ClaimsVerificationError) -> Rejected {
    let what = match error {
        ClaimsVerificationError::Expired(_) => "it is expired, or not of now",
        ClaimsVerificationError::InvalidAudience(_) => "it was made for somebody else",
        ClaimsVerificationError::InvalidIssuer(_) => "it is of another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "it answers another question",
        ClaimsVerificationError::SignatureVerification(fault) => return told_signature(fault),
        ClaimsVerificationError::Unsupported(_) => "it is of a form that is not taken",
        _ => "its claims are not good",
    };
    Rejected::of(what)
}

fn told_signature(fault: &SignatureVerificationError) -> Rejected {
    let (what, may_be_rotation) = match fault {
        SignatureVerificationError::NoSignature => ("it is not signed", false),
        SignatureVerificationError::DisallowedAlg(_) | SignatureVerificationError::UnsupportedAlg(_) => {
            ("its algorithm is not taken", false)
        }
        SignatureVerificationError::NoMatchingKey => ("its key is not the provider's", true),
        SignatureVerificationError::CryptoError(_) => ("its signature does not fit", true),
        _ => ("its signature cannot be checked", false),
    };
    Rejected { what, may_be_rotation }
}
