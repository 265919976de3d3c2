//! Who asks, when a department's system asks: the key or session behind a signed request, and the officer behind the
//! system (AB-03, ASVS 8.3.3). What the signature covers is read from HTTP by the edge; whether it holds is decided here.
//!
//! Nothing is cached: key, session, account and nonce are read from the store at every request, so that a revocation binds
//! every node at once (G-36) and a restart forgets no nonce.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Moment;
use policy::{Caller, CallerKind};
use store::{Account, AccountKind, ActKind, Client, ClientKey, ClientSession, KeyAlgorithm, StoreError};
use uuid::Uuid;
use vault::RequestAlgorithm;
use zeroize::Zeroizing;

use crate::administrators::write_act;
use crate::{App, AppError};

/// How far the clock of a request may be from ours, either way.
pub const WINDOW_MS: i64 = 60 * 1000;
/// A nonce is remembered so much longer than its window, for the clocks of two nodes may differ.
const NONCE_MARGIN_MS: i64 = 60 * 1000;
/// Fewest and most characters of a nonce.
const NONCE_CHARS: std::ops::RangeInclusive<usize> = 16..=128;
/// How long a session of a department's system lasts.
const SESSION_MS: i64 = 15 * 60 * 1000;
/// How long an officer's assertion lasts.
const ASSERTION_MS: i64 = 10 * 60 * 1000;
/// One refusal of a kind is written down for a key in this time, however many there are.
const REFUSALS_MS: i64 = 60 * 1000;
/// Name of the algorithm of a session's messages (RFC 9421 §6.2.2).
const SESSION_ALGORITHM: &str = "hmac-sha256";
/// Bytes of an assertion: account, client, end, code.
const ASSERTION_BYTES: usize = 16 + 16 + 8 + 32;

/// What the edge read from a signed request.
#[derive(Debug, Clone)]
pub struct SignedRequest<'a> {
    /// Parameter `keyid`: a key or a session.
    pub key: &'a str,
    /// Parameter `alg`.
    pub algorithm: &'a str,
    /// Parameter `created`, in seconds.
    pub created: i64,
    /// Parameter `expires`, in seconds.
    pub expires: Option<i64>,
    /// Parameter `nonce`.
    pub nonce: &'a str,
    /// The signature base (RFC 9421 §2.5).
    pub base: &'a [u8],
    /// The signature, or the code.
    pub signature: &'a [u8],
    /// The officer's assertion, covered by the signature.
    pub officer: Option<&'a str>,
}

/// A department's system that proved who it is, and the officer whom it named and who is verified, too.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The system.
    pub client: Client,
    /// Its key: also behind a session.
    pub key: Uuid,
    /// Whether a session was used and not the key itself.
    pub is_session: bool,
    /// The officer behind the request.
    pub officer: Option<Officer>,
}

impl Asker {
    /// For policy questions: the system, and the officer behind it.
    #[must_use]
    pub fn caller(&self) -> Caller {
        Caller {
            account: self.client.uuid,
            kind: CallerKind::System,
            organisation: Some(self.client.organisation.clone()),
            second_factor: false,
            behind: self.officer.as_ref().map(|officer| officer.account),
        }
    }
}

/// SHA-256 of a body, as `Content-Digest` names it (RFC 9530).
#[must_use]
pub fn body_digest(body: &[u8]) -> [u8; 32] {
    vault::digest(&[body])
}

/// An officer behind a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Officer {
    /// Account.
    pub account: Uuid,
    /// Login name.
    pub login: String,
}

/// Why a signed request was not looked at.
#[derive(Debug, thiserror::Error)]
pub enum AskFault {
    /// The headers are not those of a signed request.
    #[error("the signature cannot be read: {what}")]
    Unreadable {
        /// What, without contents.
        what: &'static str,
    },
    /// Something that must be signed is not.
    #[error("the signature does not cover {what}")]
    NotCovered {
        /// What is missing.
        what: &'static str,
    },
    /// A parameter that must be there is not.
    #[error("the signature lacks the parameter {what}")]
    NoParameter {
        /// Which.
        what: &'static str,
    },
    /// The time of the request is too far from ours.
    #[error("the time of the request is more than sixty seconds from ours, or its end has passed")]
    OutOfTime,
    /// The nonce was used.
    #[error("the nonce was used before")]
    Replayed,
    /// Nobody has this key or session.
    #[error("the key is not registered, or the session is over")]
    KeyUnknown,
    /// The key was revoked, is not good yet or no longer.
    #[error("the key was revoked or is out of its time")]
    KeyEnded,
    /// The algorithm is not the key's.
    #[error("the algorithm is not that of the key")]
    Algorithm,
    /// The signature does not fit.
    #[error("the signature does not fit the request")]
    Signature,
    /// The body is not the one that was signed.
    #[error("the body is not the one whose digest was signed")]
    Body,
    /// The officer's assertion is not good.
    #[error("the officer's assertion is not good for this system now")]
    Officer,
    /// Token and signature at once.
    #[error("a request comes with a token or with a signature, not with both")]
    TwoWays,
    /// The system failed.
    #[error(transparent)]
    App(#[from] AppError),
}

impl AskFault {
    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "ASK-0001",
            Self::NotCovered { .. } => "ASK-0002",
            Self::NoParameter { .. } => "ASK-0003",
            Self::OutOfTime => "ASK-0004",
            Self::Replayed => "ASK-0005",
            Self::KeyUnknown => "ASK-0006",
            Self::KeyEnded => "ASK-0007",
            Self::Algorithm => "ASK-0008",
            Self::Signature => "ASK-0009",
            Self::Body => "ASK-0010",
            Self::Officer => "ASK-0011",
            Self::TwoWays => "ASK-0012",
            Self::App(error) => error.code(),
        }
    }
}

impl From<StoreError> for AskFault {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

/// Whose request this is. Refusals of whoever held the key or a copy of it are written down as acts, too; those that anybody
/// can provoke stand in the log of the process only.
///
/// # Errors
///
/// [`AskFault`]; the request is not to be looked at then.
pub async fn verify(app: &App, asked: &SignedRequest<'_>) -> Result<Asker, AskFault> {
    // Every signed request passes here: keys that were rotated meanwhile are taken up.
    app.vault().refresh().map_err(AppError::from)?;
    let now = app.now();
    let created = asked.created.saturating_mul(1000);
    if (now.0.saturating_sub(created)).abs() > WINDOW_MS {
        return Err(AskFault::OutOfTime);
    }
    if asked.expires.is_some_and(|end| end.saturating_mul(1000) <= now.0) {
        return Err(AskFault::OutOfTime);
    }
    if !NONCE_CHARS.contains(&asked.nonce.len()) {
        return Err(AskFault::Unreadable {
            what: "a nonce has 16 to 128 characters",
        });
    }
    let id = Uuid::try_parse(asked.key).map_err(|_| AskFault::KeyUnknown)?;
    let (key, client, session) = proven(app, id, asked).await?;
    let known = Asker {
        client,
        key: key.uuid,
        is_session: session.is_some(),
        officer: None,
    };
    // From here on the caller holds the key, or had it.
    let result = admit(app, &key, session, asked, &known.client, now).await;
    match result {
        Ok(officer) => Ok(Asker { officer, ..known }),
        Err(fault) => {
            refused(app, &known, &fault).await?;
            Err(fault)
        }
    }
}

/// Key, client and session whose signature or code stands under the request.
async fn proven(
    app: &App,
    id: Uuid,
    asked: &SignedRequest<'_>,
) -> Result<(ClientKey, Client, Option<ClientSession>), AskFault> {
    if asked.algorithm == SESSION_ALGORITHM {
        let session = app.store().find_client_session(id).await?.ok_or(AskFault::KeyUnknown)?;
        let (key, client) = app
            .store()
            .find_client_key(session.key)
            .await?
            .ok_or(AskFault::KeyUnknown)?;
        let secret = app
            .vault()
            .client_session_key(session.uuid, key.uuid, session.expires_at.0);
        vault::verify_code(secret.as_slice(), asked.base, asked.signature).map_err(|_| AskFault::Signature)?;
        return Ok((key, client, Some(session)));
    }
    let (key, client) = app.store().find_client_key(id).await?.ok_or(AskFault::KeyUnknown)?;
    // Never the caller's choice: an algorithm that is not the key's is refused before anything is computed (RFC 9421 §7.3.6).
    if KeyAlgorithm::parse(asked.algorithm) != Some(key.algorithm) {
        return Err(AskFault::Algorithm);
    }
    vault::verify_request(
        request_algorithm(key.algorithm),
        &key.public_key,
        asked.base,
        asked.signature,
    )
    .map_err(|_| AskFault::Signature)?;
    Ok((key, client, None))
}

/// What is asked of whoever proved a key: that it is good now, that the nonce is fresh, that the officer is verified.
async fn admit(
    app: &App,
    key: &ClientKey,
    session: Option<ClientSession>,
    asked: &SignedRequest<'_>,
    client: &Client,
    now: Moment,
) -> Result<Option<Officer>, AskFault> {
    let is_good = key.is_good(now);
    if !is_good || session.is_some_and(|session| session.expires_at <= now) {
        return Err(AskFault::KeyEnded);
    }
    let id = session.map_or(key.uuid, |session| session.uuid);
    let nonce = vault::digest(&[b"chengdang nonce 1\0", id.as_bytes(), asked.nonce.as_bytes()]);
    let until = Moment(asked.created.saturating_mul(1000) + WINDOW_MS + NONCE_MARGIN_MS);
    if !app.store().use_nonce(&nonce, now, until).await? {
        return Err(AskFault::Replayed);
    }
    match asked.officer {
        Some(assertion) => officer(app, client, assertion, now).await.map(Some),
        None => Ok(None),
    }
}

/// Writes down that somebody who proved a key was refused: once a minute for a key and a reason.
///
/// # Errors
///
/// If the store fails; the request is refused all the same.
pub async fn refused(app: &App, asker: &Asker, fault: &AskFault) -> Result<(), AppError> {
    let code = fault.code();
    tracing::warn!(error.code = code, client.key = %asker.key, "a department's system proved its key and was refused");
    let now = app.now();
    let counted = vault::digest(&[b"chengdang refusal 1\0", asker.key.as_bytes(), code.as_bytes()]);
    let since = Moment(now.0 - REFUSALS_MS);
    if app.store().count_attempt(&counted, now, since).await? > 1 {
        return Ok(());
    }
    write_act(
        app,
        ActKind::ClientRefused,
        asker.client.uuid,
        format!("{code} {}", asker.key),
    )
    .await
}

/// The officer whom an assertion names, if it is whole, not over, for this client, and the account lives.
async fn officer(app: &App, client: &Client, assertion: &str, now: Moment) -> Result<Officer, AskFault> {
    let bytes = URL_SAFE_NO_PAD.decode(assertion).map_err(|_| AskFault::Officer)?;
    let bytes: [u8; ASSERTION_BYTES] = bytes.try_into().map_err(|_| AskFault::Officer)?;
    let parts = bytes.split_first_chunk::<16>().and_then(|(account, rest)| {
        let (named, rest) = rest.split_first_chunk::<16>()?;
        let (end, code) = rest.split_first_chunk::<8>()?;
        Some((
            Uuid::from_bytes(*account),
            Uuid::from_bytes(*named),
            i64::from_be_bytes(*end),
            code,
        ))
    });
    let (account, named, end, code) = parts.ok_or(AskFault::Officer)?;
    if !app.vault().is_officer_code(account, named, end, code) || named != client.uuid || end <= now.0 {
        return Err(AskFault::Officer);
    }
    let account = app.store().find_account(account).await?.ok_or(AskFault::Officer)?;
    if !is_officer_of(&account, client) {
        return Err(AskFault::Officer);
    }
    Ok(Officer {
        account: account.uuid,
        login: account.login,
    })
}

fn is_officer_of(account: &Account, client: &Client) -> bool {
    account.kind == AccountKind::Officer
        && account.ended_at.is_none()
        && account.organisation.as_ref() == Some(&client.organisation)
}

/// An officer's assertion, to be put into requests of one system.
#[derive(Debug)]
pub struct Assertion {
    /// The header's value.
    pub text: String,
    /// End.
    pub expires_at: Moment,
}

/// Asserts to one system of the officer's own organisation that the officer, logged in with both factors, stands behind its
/// requests for the next minutes.
///
/// # Errors
///
/// [`AppError::NotFound`] if there is no such system of the officer's organisation.
pub async fn assert_officer(
    app: &App,
    session: &crate::accounts::LiveSession,
    client: Uuid,
) -> Result<Assertion, AppError> {
    let account = app
        .store()
        .find_account(session.account)
        .await?
        .ok_or(AppError::NotFound)?;
    let client = app.store().find_client(client).await?.ok_or(AppError::NotFound)?;
    if !session.is_verified || !is_officer_of(&account, &client) {
        return Err(AppError::NotFound);
    }
    let end = app.now().0 + ASSERTION_MS;
    let code = app.vault().officer_code(account.uuid, client.uuid, end);
    let bytes = [
        account.uuid.as_bytes().as_slice(),
        client.uuid.as_bytes(),
        &end.to_be_bytes(),
        &code,
    ]
    .concat();
    Ok(Assertion {
        text: URL_SAFE_NO_PAD.encode(bytes),
        expires_at: Moment(end),
    })
}

/// A session that a department's system asked for.
#[derive(Debug)]
pub struct OpenedSession {
    /// Its id: the `keyid` of its messages.
    pub uuid: Uuid,
    /// The key of its messages.
    pub key: Zeroizing<[u8; 32]>,
    /// End.
    pub expires_at: Moment,
}

/// Begins a session, so that not every request costs a signature. It ends with the key that asked for it.
///
/// # Errors
///
/// [`AppError::Invalid`] if a session asks for a session; otherwise if the store fails.
pub async fn open_session(app: &App, asker: &Asker) -> Result<OpenedSession, AppError> {
    if asker.is_session {
        return Err(AppError::Invalid {
            what: "a session is begun with the key itself",
        });
    }
    let now = app.now();
    let session = ClientSession {
        uuid: app.fresh_uuid(),
        key: asker.key,
        created_at: now,
        expires_at: Moment(now.0 + SESSION_MS),
    };
    app.store().begin_client_session(&session).await?;
    Ok(OpenedSession {
        uuid: session.uuid,
        key: app
            .vault()
            .client_session_key(session.uuid, session.key, session.expires_at.0),
        expires_at: session.expires_at,
    })
}

pub(crate) const fn request_algorithm(algorithm: KeyAlgorithm) -> RequestAlgorithm {
    match algorithm {
        KeyAlgorithm::Ed25519 => RequestAlgorithm::Ed25519,
        KeyAlgorithm::Sm2 => RequestAlgorithm::Sm2,
    }
}
