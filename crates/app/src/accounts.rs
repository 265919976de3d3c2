//! Accounts and sessions: password (argon2id), then a one-time code (RFC 6238); lock-out, idle end, leaver's end.
//!
//! GB/T 22239-2019, 8.1.4.1: two factors, handling of failed logins, end of idle sessions.

use std::net::IpAddr;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{IdentityDocument, Moment, Name, Uscc};
use policy::{Caller, CallerKind};
use sha2::{Digest, Sha256};
use store::{Account, AccountKind, EXTERNAL_LOGIN, ProviderSession, Sealed, Session, StoreError};
use totp_rs::{Builder, Totp};
use uuid::Uuid;
use vault::{Secret, SecretOwner};

use crate::keys::{self, ACCOUNT_IDENTITY, ACCOUNT_TOTP};
use crate::{App, AppError};

/// Failed attempts for one login name, or from one address, before the lock.
const ATTEMPTS_MAX_LOGIN: u32 = 5;
pub(crate) const ATTEMPTS_MAX_ADDRESS: u32 = 300;
/// How long attempts count, in minutes: the lock ends by itself.
pub(crate) const LOCK_MINUTES: u32 = 15;
/// A session ends after this idle time, and at the latest after the other.
const IDLE_MS: i64 = 20 * 60 * 1000;
pub(crate) const SESSION_MS: i64 = 8 * 3600 * 1000;
/// Time between first and second factor.
const HALF_SESSION_MS: i64 = 5 * 60 * 1000;
/// A session's last use is written at most this often, so that reading costs no write.
const TOUCH_MS: i64 = 60 * 1000;

/// What the browser or client holds. Debug is masked.
#[derive(Clone)]
pub struct SessionToken(String);

impl SessionToken {
    /// The cookie or bearer value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionToken(masked)")
    }
}

/// A session that is alive now.
#[derive(Debug, Clone)]
pub struct LiveSession {
    /// Account.
    pub account: Uuid,
    /// Kind of account.
    pub kind: AccountKind,
    /// Login name.
    pub login: String,
    /// Organisation of an officer.
    pub organisation: Option<Uscc>,
    /// Whether the second factor was given, and still counts.
    pub is_verified: bool,
    /// Whether the identity provider's word began it: then a second factor is confirmed there.
    pub by_provider: bool,
    /// Until when a second factor of the identity provider counts.
    pub second_factor_until: Option<Moment>,
    /// CSRF token of the session, hex.
    pub csrf: String,
    /// For policy questions.
    pub caller: Caller,
}

/// Why a login did not work.
#[derive(Debug, thiserror::Error)]
pub enum LoginFault {
    /// Login name or password is wrong; which of them is not said.
    #[error("login name or password is wrong")]
    Wrong,
    /// Too many attempts.
    #[error("too many failed attempts; try again in {minutes} minutes")]
    LockedOut {
        /// Minutes until attempts are taken again, at most.
        minutes: u32,
    },
    /// The one-time code is wrong, or was used before.
    #[error("the one-time code is wrong or was used before")]
    CodeWrong,
    /// The first step is too long ago.
    #[error("the login took too long; begin again")]
    TooLate,
    /// The system failed.
    #[error(transparent)]
    App(#[from] AppError),
}

impl LoginFault {
    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Wrong => "LOGIN-0001",
            Self::LockedOut { .. } => "LOGIN-0002",
            Self::CodeWrong => "LOGIN-0003",
            Self::TooLate => "LOGIN-0004",
            Self::App(error) => error.code(),
        }
    }
}

impl From<StoreError> for LoginFault {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

/// An account to be created.
pub struct NewAccount {
    /// Login name: 3 to 32 of `a-z 0-9 . -`; never an identity number.
    pub login: String,
    /// Password, at least ten characters.
    pub password: String,
    /// Kind.
    pub kind: AccountKind,
    /// Organisation, for officers and the centre.
    pub organisation: Option<Uscc>,
    /// Verified identity, for residents.
    pub identity: Option<(IdentityDocument, Name)>,
    /// Secret of the one-time codes in base32; a fresh one if `None`.
    pub totp_secret: Option<String>,
    /// Staff number (工号) of the human who holds it, unique in the city; administrators must have one. Its hash is kept,
    /// so that nobody holds two accounts.
    pub holder: Option<String>,
}

/// What the creator hands to the account's owner.
#[derive(Debug)]
pub struct CreatedAccount {
    /// Account.
    pub uuid: Uuid,
    /// Secret of the one-time codes in base32.
    pub totp_secret_base32: String,
    /// The same for an authenticator's QR code.
    pub otpauth_url: String,
}

/// Creates an account of a resident, an officer or the centre.
///
/// # Errors
///
/// [`AppError::Invalid`] if login name or password is not acceptable; [`AppError::Conflict`] if the name is taken or its holder
/// has an account.
pub async fn create(app: &App, new: NewAccount) -> Result<CreatedAccount, AppError> {
    if new.kind.is_administrator() {
        // Their creation is an act, written with it: `administrators::create_first` and `administrators::create_account`.
        return Err(AppError::Invalid {
            what: "an administrator's account is created by an act",
        });
    }
    let (account, created) = prepare(app, new).await?;
    or_conflict(app.store().create_account(&account).await)?;
    Ok(created)
}

/// A conflict of the store as the caller's.
pub(crate) fn or_conflict(result: Result<(), StoreError>) -> Result<(), AppError> {
    match result {
        Err(StoreError::Conflict { .. }) => Err(AppError::Conflict),
        other => Ok(other?),
    }
}

/// The account that `new` describes, and what its owner is handed.
pub(crate) async fn prepare(app: &App, new: NewAccount) -> Result<(Account, CreatedAccount), AppError> {
    check(&new)?;
    if new.password.chars().count() < 10 {
        return Err(AppError::Invalid {
            what: "a password has at least ten characters",
        });
    }
    let password = new.password.clone();
    let password_hash = blocking(move || {
        Argon2::default()
            .hash_password(password.as_bytes())
            .map(|hash| hash.to_string())
    })
    .await?
    .map_err(|_| AppError::Damaged { what: "password hash" })?;

    let totp_secret = match &new.totp_secret {
        Some(text) => totp_rs::Secret::try_from_base32(text).map_err(|_| AppError::Invalid {
            what: "the secret of the one-time codes is not base32",
        })?,
        None => totp_rs::Secret::generate(),
    };
    let totp_secret_base32 = totp_secret.to_base32();
    let otpauth_url = totp(totp_secret, &new.login)?.to_url().map_err(|_| AppError::Invalid {
        what: "login name does not fit an otpauth address",
    })?;
    let account = assemble(app, new, password_hash, Some(&totp_secret_base32))?;
    let created = CreatedAccount {
        uuid: account.uuid,
        totp_secret_base32,
        otpauth_url,
    };
    Ok((account, created))
}

/// The account that `new` describes, without password and codes: its login is the identity provider's.
pub(crate) fn prepare_external(app: &App, new: NewAccount) -> Result<Account, AppError> {
    check(&new)?;
    assemble(app, new, EXTERNAL_LOGIN.to_owned(), None)
}

/// What holds of every account.
fn check(new: &NewAccount) -> Result<(), AppError> {
    let has_organisation = matches!(new.kind, AccountKind::Officer | AccountKind::Centre);
    if has_organisation != new.organisation.is_some() {
        return Err(AppError::Invalid {
            what: "officers have an organisation, residents and administrators have none",
        });
    }
    if new.holder.is_none() && new.kind.is_administrator() {
        return Err(AppError::Invalid {
            what: "an administrator's account needs the staff number of its holder",
        });
    }
    let login_good = (3..=32).contains(&new.login.len())
        && new
            .login
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-')
        && new.login.bytes().filter(u8::is_ascii_digit).count() < 8;
    if !login_good {
        return Err(AppError::Invalid {
            what: "a login name has 3 to 32 of a-z, 0-9, dot and hyphen, and is not a number",
        });
    }
    Ok(())
}

fn assemble(app: &App, new: NewAccount, password_hash: String, totp_secret: Option<&str>) -> Result<Account, AppError> {
    let holder = new.holder.as_deref().map(holder_tag).transpose()?;
    let uuid = app.fresh_uuid();
    let (secret, key) = app.vault().new_secret(SecretOwner::Account, uuid)?;
    let identity = match &new.identity {
        Some((document, name)) => keys::seal(
            &secret,
            ACCOUNT_IDENTITY,
            uuid,
            &keys::identity_bytes(document, name.expose()),
        )?,
        None => Sealed::default(),
    };
    let totp_secret = match totp_secret {
        Some(base32) => keys::seal(&secret, ACCOUNT_TOTP, uuid, base32.as_bytes())?,
        None => Sealed::default(),
    };
    Ok(Account {
        uuid,
        kind: new.kind,
        login: new.login,
        password_hash,
        totp_secret,
        organisation: new.organisation,
        identity,
        key,
        created_at: app.now(),
        holder,
        ended_at: None,
    })
}

/// Under what a human holds one account: a hash of the staff number, of 3 to 32 letters, digits and hyphens and no identity
/// number. It is not keyed, since it must outlive every key; a staff number is no secret, and login names stand beside it.
pub(crate) fn holder_tag(staff_number: &str) -> Result<[u8; 32], AppError> {
    let number = staff_number.trim().to_ascii_uppercase();
    let is_good = (3..=32).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && domain::ResidentId::parse(&number).is_err();
    if !is_good {
        return Err(AppError::Invalid {
            what: "a staff number has 3 to 32 letters, digits and hyphens, and is not an identity number",
        });
    }
    Ok(vault::digest(&[b"chengdang holder 1\0", number.as_bytes()]))
}

/// The first factor. The session that comes back is good for the second factor only.
///
/// # Errors
///
/// [`LoginFault::Wrong`] or [`LoginFault::LockedOut`]; an unknown login name costs the same work as a wrong password.
pub async fn login(app: &App, login: &str, password: &str, address: IpAddr) -> Result<SessionToken, LoginFault> {
    let now = app.now();
    let keys = [
        attempt_key(app, "login", login),
        attempt_key(app, "address", &address.to_string()),
    ];
    for (key, max) in keys.iter().zip([ATTEMPTS_MAX_LOGIN, ATTEMPTS_MAX_ADDRESS]) {
        // Counted before the password is looked at, so that racing attempts cannot slip past the limit.
        if app.store().count_attempt(key, now, lock_start(now)).await? > max {
            return Err(LoginFault::LockedOut { minutes: LOCK_MINUTES });
        }
    }
    // An account that ended, or whose login is an identity provider's, has no password that could be right.
    let mut account = app.store().find_account_by_login(login).await?;
    if let Some(found) = &account
        && (found.ended_at.is_some()
            || found.password_hash == EXTERNAL_LOGIN
            || app.store().find_binding_of(found.uuid).await?.is_some())
    {
        account = None;
    }
    let hash = account
        .as_ref()
        .map_or_else(|| DECOY_HASH.to_owned(), |account| account.password_hash.clone());
    let password = password.to_owned();
    let is_right = blocking(move || {
        PasswordHash::new(&hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    })
    .await?;
    let Some(account) = account.filter(|_| is_right) else {
        return Err(LoginFault::Wrong);
    };
    Ok(begin_session(app, account.uuid, false, HALF_SESSION_MS, None).await?)
}

/// An argon2id hash of nothing anybody knows, so that an unknown login name costs the same work (R12).
const DECOY_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu8";

/// The second factor. The old session ends; the new one is verified.
///
/// # Errors
///
/// [`LoginFault::CodeWrong`] for a wrong or used code, [`LoginFault::LockedOut`] after five of them.
pub async fn second_factor(app: &App, token: &str, code: &str) -> Result<SessionToken, LoginFault> {
    let now = app.now();
    let read = read_session(app, token).await?;
    // A session of the identity provider is confirmed there.
    let Some((session, account)) = read.filter(|(session, _)| session.provider.is_none()) else {
        return Err(LoginFault::TooLate);
    };
    let key = attempt_key(app, "code", &account.login);
    if app.store().count_attempt(&key, now, lock_start(now)).await? > ATTEMPTS_MAX_LOGIN {
        return Err(LoginFault::LockedOut { minutes: LOCK_MINUTES });
    }
    let secret = account_secret(app, &account)?;
    let base32 = keys::open(&secret, ACCOUNT_TOTP, account.uuid, &account.totp_secret)?
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or(AppError::Damaged {
            what: "secret of the one-time codes",
        })?;
    let totp_secret = totp_rs::Secret::try_from_base32(base32).map_err(|_| AppError::Damaged {
        what: "secret of the one-time codes",
    })?;
    let seconds = u64::try_from(now.0 / 1000).unwrap_or_default();
    let step = totp(totp_secret, &account.login)?
        .check(code.trim(), seconds)
        .ok_or(LoginFault::CodeWrong)?;
    // RFC 6238 §5.2: a code is accepted once.
    if !app.store().use_totp_step(account.uuid, step).await? {
        return Err(LoginFault::CodeWrong);
    }
    app.store().clear_attempts(&key).await?;
    app.store()
        .clear_attempts(&attempt_key(app, "login", &account.login))
        .await?;
    app.store().delete_session(&session.token_hash).await?;
    if account.kind != AccountKind::Resident {
        app.store().note_account_use(account.uuid, now).await?;
    }
    Ok(begin_session(app, account.uuid, true, SESSION_MS, None).await?)
}

/// The live session behind a token; `None` if there is none or it has ended.
///
/// # Errors
///
/// If the store fails.
pub async fn session(app: &App, token: &str) -> Result<Option<LiveSession>, AppError> {
    let Some((session, account)) = read_session(app, token).await? else {
        return Ok(None);
    };
    // Every request passes here: keys that were rotated meanwhile are taken up.
    app.vault().refresh()?;
    let now = app.now();
    if now.0 - session.used_at.0 > TOUCH_MS && !app.store().touch_session(&session.token_hash, now).await? {
        // It ended after it was read.
        return Ok(None);
    }
    let kind = match account.kind {
        AccountKind::Resident => CallerKind::Resident,
        AccountKind::Officer => CallerKind::Officer,
        AccountKind::Centre => CallerKind::Centre,
        AccountKind::SystemAdmin => CallerKind::SystemAdministrator,
        AccountKind::SecurityAdmin => CallerKind::SecurityAdministrator,
        AccountKind::AuditAdmin => CallerKind::AuditAdministrator,
    };
    let second_factor_until = session.provider.and_then(|provider| provider.second_factor_until);
    let is_verified = match session.provider {
        Some(_) => second_factor_until.is_some_and(|until| until > now),
        None => session.is_verified,
    };
    Ok(Some(LiveSession {
        account: account.uuid,
        kind: account.kind,
        login: account.login,
        organisation: account.organisation.clone(),
        is_verified,
        by_provider: session.provider.is_some(),
        second_factor_until,
        csrf: hex::encode(session.csrf),
        caller: Caller {
            account: account.uuid,
            kind,
            organisation: account.organisation,
            second_factor: is_verified,
            behind: None,
        },
    }))
}

/// The one-time code of a secret at a moment, for the demonstration and tests.
///
/// # Errors
///
/// [`AppError::Invalid`] if the secret is not base32.
pub fn one_time_code(secret_base32: &str, at: Moment) -> Result<String, AppError> {
    let secret = totp_rs::Secret::try_from_base32(secret_base32).map_err(|_| AppError::Invalid {
        what: "the secret of the one-time codes is not base32",
    })?;
    Ok(totp(secret, "code")?
        .generate(u64::try_from(at.0 / 1000).unwrap_or_default())
        .to_string())
}

/// Ends a session at once.
///
/// # Errors
///
/// If the store fails.
pub async fn logout(app: &App, token: &str) -> Result<(), AppError> {
    app.store().delete_session(&token_hash(token)).await?;
    Ok(())
}

/// The verified identity of a resident's account.
pub(crate) fn identity_of(app: &App, account: &Account) -> Result<(IdentityDocument, Name), AppError> {
    let secret = account_secret(app, account)?;
    let bytes = keys::open(&secret, ACCOUNT_IDENTITY, account.uuid, &account.identity)?.ok_or(AppError::NotFound)?;
    keys::identity_from(&bytes)
}

pub(crate) async fn read_session(app: &App, token: &str) -> Result<Option<(Session, Account)>, AppError> {
    let Some(session) = app.store().find_session(&token_hash(token)).await? else {
        return Ok(None);
    };
    let now = app.now();
    if session.expires_at < now || now.0 - session.used_at.0 > IDLE_MS {
        app.store().delete_session(&session.token_hash).await?;
        return Ok(None);
    }
    // Read at every request: an account that ended is out at once, on every node (G-36).
    let account = app.store().find_account(session.account).await?;
    Ok(account
        .filter(|account| account.ended_at.is_none())
        .map(|account| (session, account)))
}

pub(crate) async fn begin_session(
    app: &App,
    account: Uuid,
    is_verified: bool,
    life_ms: i64,
    provider: Option<ProviderSession>,
) -> Result<SessionToken, AppError> {
    let now = app.now();
    let token = SessionToken(URL_SAFE_NO_PAD.encode(vault::random_bytes::<32>()?));
    app.store()
        .put_session(&Session {
            token_hash: token_hash(token.as_str()),
            account,
            is_verified,
            csrf: vault::random_bytes::<32>()?,
            created_at: now,
            used_at: now,
            expires_at: Moment(now.0 + life_ms),
            provider,
        })
        .await?;
    Ok(token)
}

fn account_secret(app: &App, account: &Account) -> Result<Secret, AppError> {
    Ok(app
        .vault()
        .unwrap_secret(SecretOwner::Account, account.uuid, &account.key)?)
}

fn totp(secret: totp_rs::Secret, login: &str) -> Result<Totp, AppError> {
    Builder::new()
        .with_secret(secret)
        .with_account_name(login)
        .with_issuer(Some("Chengdang"))
        .build()
        .map_err(|_| AppError::Invalid {
            what: "the secret of the one-time codes is shorter than RFC 4226 asks",
        })
}

pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Attempts are counted under a keyed tag, so that a number typed as a login name is not kept: numbers are few enough to be
/// tried one by one against a plain hash.
pub(crate) fn attempt_key(app: &App, what: &str, value: &str) -> [u8; 32] {
    let typed = format!("{what}\u{1f}{value}");
    app.vault().log_secret().attempt_tag(typed.as_bytes())
}

pub(crate) fn lock_start(now: Moment) -> Moment {
    Moment(now.0 - i64::from(LOCK_MINUTES) * 60 * 1000)
}

/// Runs costly work off the event loop.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, AppError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| AppError::ShuttingDown)
}
