//! Officers who sign in by the city's identity provider (OpenID Connect 统一身份认证).
//!
//! The provider says who somebody is; what the person may do follows from the account that an administrator made and bound to
//! that word. Nobody gets an account by signing in, and nothing of a role is read from a token. A question is bound to the browser
//! that asked and is answered once (ADR 0020). Nothing here knows HTTP or tokens: what was verified comes in as [`Proven`].

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::{Moment, ResidentId};
use policy::{ManageAccounts, Permit};
use store::{AccountKind, ActKind, ProviderSession, SignIn, StoreError, SubjectBinding};
use uuid::Uuid;

use crate::accounts::{
    ATTEMPTS_MAX_ADDRESS, LOCK_MINUTES, NewAccount, SESSION_MS, SessionToken, attempt_key, begin_session, lock_start,
    or_conflict, prepare_external, read_session, token_hash,
};
use crate::administrators::{ACCOUNTS_MAX, act};
use crate::{App, AppError};

/// How long the provider may take to answer, with a person typing there.
const QUESTION_MS: i64 = 10 * 60_000;
/// A page opens only if what is done on it can still be sent: so long must a second factor go on counting.
pub const SECOND_FACTOR_LEFT_MS: i64 = 10 * 60_000;
/// Longest address to go on with.
pub const RETURN_TO_CHARS_MAX: usize = 500;
/// Longest subject (OpenID Connect Core §2).
const SUBJECT_CHARS_MAX: usize = 255;

/// Why somebody is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInFault {
    /// The answer belongs to no question of this browser, or to one that was answered or is over.
    #[error("the answer belongs to no question of this browser")]
    Answer,
    /// No account is bound to whom the provider names.
    #[error("no account is bound to this sign-in")]
    Unbound,
    /// The provider told of no second factor, or of one that is too long ago.
    #[error("the identity provider confirmed no second factor of now")]
    NotConfirmed,
    /// Somebody else confirmed.
    #[error("another person confirmed than the one who is signed in")]
    OtherPerson,
    /// Too many questions from one address.
    #[error("too many attempts; try again in {minutes} minutes")]
    LockedOut {
        /// Minutes until questions are asked again, at most.
        minutes: u32,
    },
    /// The system failed.
    #[error(transparent)]
    App(#[from] AppError),
}

impl SignInFault {
    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Answer => "SIGNIN-0002",
            Self::Unbound => "SIGNIN-0007",
            Self::NotConfirmed => "SIGNIN-0008",
            Self::OtherPerson => "SIGNIN-0009",
            Self::LockedOut { .. } => "LOGIN-0002",
            Self::App(error) => error.code(),
        }
    }
}

impl From<StoreError> for SignInFault {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

/// A question to the provider, with its secrets. None of them is kept here: two follow from what the browser holds.
pub struct Question {
    /// Secret of the browser, for its cookie.
    pub browser: String,
    /// Comes back in the address.
    pub state: String,
    /// Comes back in the token.
    pub nonce: String,
    /// Shown when the code is exchanged (RFC 7636).
    pub verifier: String,
}

impl Question {
    /// Nonce and verifier follow from browser and state, so that whoever has the database has neither.
    fn of(browser: String, state: String) -> Self {
        let derived = |what: &[u8]| encoded(vault::digest(&[what, browser.as_bytes(), b"\0", state.as_bytes()]));
        Self {
            nonce: derived(b"chengdang sign-in nonce 1\0"),
            verifier: derived(b"chengdang sign-in verifier 1\0"),
            browser,
            state,
        }
    }
}

/// A question that is being answered.
pub struct Answered {
    /// Its secrets.
    pub question: Question,
    /// Page of ours to go on with.
    pub return_to: String,
    session_hash: Option<[u8; 32]>,
}

impl Answered {
    /// Whether it confirms a session rather than beginning one.
    #[must_use]
    pub const fn is_confirmation(&self) -> bool {
        self.session_hash.is_some()
    }
}

/// What the provider's verified word says.
pub struct Proven<'a> {
    /// Issuer of the provider.
    pub issuer: &'a str,
    /// Its lasting name for the person.
    pub subject: &'a str,
    /// Until when the second factor counts; `None`: it told of none.
    pub second_factor_until: Option<Moment>,
    /// Its name for its session.
    pub session: Option<&'a str>,
}

/// Somebody who is signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// Token of the new session; an older one has ended.
    pub token: SessionToken,
    /// Kind of account.
    pub kind: AccountKind,
    /// Whether a second factor counts now.
    pub is_verified: bool,
}

/// Begins a question: a new sign-in, or the confirmation of the session with token `confirms`.
///
/// # Errors
///
/// [`SignInFault::LockedOut`]; [`SignInFault::Answer`] if the session to be confirmed is none of the provider's.
pub async fn ask(
    app: &App,
    address: IpAddr,
    browser: Option<&str>,
    return_to: &str,
    confirms: Option<&str>,
) -> Result<Question, SignInFault> {
    let now = app.now();
    // Each question is a row and sends somebody to the provider: anybody can ask, so there is a limit.
    let key = attempt_key(app, "sign-in", &address.to_string());
    if app.store().count_attempt(&key, now, lock_start(now)).await? > ATTEMPTS_MAX_ADDRESS {
        return Err(SignInFault::LockedOut { minutes: LOCK_MINUTES });
    }
    let session_hash = match confirms {
        Some(token) => {
            let read = read_session(app, token).await?;
            let (session, _) = read
                .filter(|(session, _)| session.provider.is_some())
                .ok_or(SignInFault::Answer)?;
            Some(session.token_hash)
        }
        None => None,
    };
    // One secret serves all tabs of a browser: a second question does not spoil the first.
    let browser = match browser.filter(|secret| is_secret(secret)) {
        Some(secret) => secret.to_owned(),
        None => fresh_secret()?,
    };
    let question = Question::of(browser, fresh_secret()?);
    let row = SignIn {
        state_hash: state_hash(&question.state),
        browser_hash: browser_hash(&question.browser),
        session_hash,
        return_to: return_to.chars().take(RETURN_TO_CHARS_MAX).collect(),
        expires_at: Moment(now.0 + QUESTION_MS),
    };
    app.store().begin_sign_in(&row, now).await?;
    Ok(question)
}

/// Takes the question that an answer belongs to: once, in time, and in the browser that asked.
///
/// # Errors
///
/// [`SignInFault::Answer`] otherwise; the question is used up all the same.
pub async fn answered(app: &App, state: &str, browser: Option<&str>) -> Result<Answered, SignInFault> {
    let browser = browser.filter(|secret| is_secret(secret)).ok_or(SignInFault::Answer)?;
    if !is_secret(state) {
        return Err(SignInFault::Answer);
    }
    let taken = app.store().take_sign_in(&state_hash(state)).await?;
    let taken = taken
        .filter(|row| row.expires_at > app.now() && row.browser_hash == browser_hash(browser))
        .ok_or(SignInFault::Answer)?;
    Ok(Answered {
        question: Question::of(browser.to_owned(), state.to_owned()),
        return_to: taken.return_to,
        session_hash: taken.session_hash,
    })
}

/// Signs the person in, or confirms the session: a fresh session in either case, so that nobody can have laid one ready.
///
/// # Errors
///
/// [`SignInFault::Unbound`] without a living account; of a confirmation [`SignInFault::NotConfirmed`] and
/// [`SignInFault::OtherPerson`].
pub async fn sign_in(app: &App, answered: &Answered, proven: &Proven<'_>) -> Result<SignedIn, SignInFault> {
    let now = app.now();
    let subject = subject_tag(proven.issuer, proven.subject);
    let binding = app.store().find_binding(&subject).await?.ok_or(SignInFault::Unbound)?;
    let account = app.store().find_account(binding.account).await?;
    let account = account
        .filter(|account| account.ended_at.is_none() && can_be_bound(account.kind))
        .ok_or(SignInFault::Unbound)?;
    if let Some(confirmed) = &answered.session_hash {
        let lasts = |until: Moment| until.0 >= now.0 + SECOND_FACTOR_LEFT_MS;
        if !proven.second_factor_until.is_some_and(lasts) {
            return Err(SignInFault::NotConfirmed);
        }
        // The session may have ended meanwhile, which is no reason to turn the person away; another's is.
        let session = app.store().find_session(confirmed).await?;
        if session.is_some_and(|session| session.account != account.uuid) {
            return Err(SignInFault::OtherPerson);
        }
        app.store().delete_session(confirmed).await?;
    }
    app.store().note_account_use(account.uuid, now).await?;
    let is_verified = proven.second_factor_until.is_some_and(|until| until > now);
    let provider = ProviderSession {
        binding: binding.uuid,
        second_factor_until: proven.second_factor_until,
        session: proven.session.map(session_tag),
    };
    Ok(SignedIn {
        token: begin_session(app, account.uuid, is_verified, SESSION_MS, Some(provider)).await?,
        kind: account.kind,
        is_verified,
    })
}

/// Ends the sessions whose end the provider told of: of one of its sessions, or all of the subject's. How many there were.
///
/// # Errors
///
/// If the store fails.
pub async fn ended_at_provider(app: &App, issuer: &str, subject: &str, session: Option<&str>) -> Result<u64, AppError> {
    let Some(binding) = app.store().find_binding(&subject_tag(issuer, subject)).await? else {
        return Ok(0);
    };
    let session = session.map(session_tag);
    Ok(app
        .store()
        .end_sessions_of_binding(binding.uuid, session.as_ref())
        .await?)
}

/// Creates an account whose login is the provider's, bound to `subject` there.
///
/// # Errors
///
/// As [`crate::administrators::create_account`] and [`bind`].
pub async fn create_bound(
    app: &App,
    permit: &Permit<ManageAccounts>,
    new: NewAccount,
    issuer: &str,
    subject: &str,
) -> Result<Uuid, AppError> {
    if new.holder.is_none() {
        return Err(AppError::Invalid {
            what: "an account needs the staff number of its holder",
        });
    }
    check_subject(new.kind, subject)?;
    if app.store().find_binding(&subject_tag(issuer, subject)).await?.is_some() {
        return Err(AppError::Conflict);
    }
    let account = prepare_external(app, new)?;
    let about = format!("{} {}", account.kind.as_str(), account.uuid);
    let created = act(app, ActKind::AccountCreated, permit.caller().account, about);
    or_conflict(app.store().open_account(&account, &created).await)?;
    bind(app, permit, account.uuid, issuer, subject).await?;
    Ok(account.uuid)
}

/// Binds an account to whom the provider calls `subject`. From then on its holder signs in there: a password that it may have
/// is none, and sessions that it began have ended.
///
/// # Errors
///
/// [`AppError::NotFound`] if there is no such account; [`AppError::Conflict`] if it has ended, or either is bound already;
/// [`AppError::Invalid`] if the account is no officer's or the subject cannot be one.
pub async fn bind(
    app: &App,
    permit: &Permit<ManageAccounts>,
    account: Uuid,
    issuer: &str,
    subject: &str,
) -> Result<(), AppError> {
    let found = app.store().find_account(account).await?;
    let found = found
        .filter(|account| account.kind != AccountKind::Resident)
        .ok_or(AppError::NotFound)?;
    check_subject(found.kind, subject)?;
    if found.ended_at.is_some() {
        return Err(AppError::Conflict);
    }
    let binding = SubjectBinding {
        uuid: app.fresh_uuid(),
        account,
        subject: subject_tag(issuer, subject),
        bound_at: app.now(),
    };
    let about = format!("{account} {}", binding.uuid);
    let act = act(app, ActKind::SubjectBound, permit.caller().account, about);
    or_conflict(app.store().bind_subject(&binding, &act).await)
}

/// Ends the binding of an account and the sessions that it began, at once, on every server.
///
/// # Errors
///
/// [`AppError::NotFound`] if there is none.
pub async fn unbind(app: &App, permit: &Permit<ManageAccounts>, account: Uuid) -> Result<(), AppError> {
    let binding = app.store().find_binding_of(account).await?.ok_or(AppError::NotFound)?;
    let about = format!("{account} {}", binding.uuid);
    let act = act(app, ActKind::SubjectUnbound, permit.caller().account, about);
    match app.store().unbind_account(account, &act).await {
        Err(StoreError::Missing { .. }) => Err(AppError::NotFound),
        other => Ok(other?),
    }
}

/// Accounts that are bound, with the moment of it.
///
/// # Errors
///
/// If the store fails.
pub async fn bound_accounts(app: &App, _: &Permit<ManageAccounts>) -> Result<Vec<(Uuid, Moment)>, AppError> {
    let bindings = app.store().list_bindings(ACCOUNTS_MAX).await?;
    Ok(bindings
        .into_iter()
        .map(|binding| (binding.account, binding.bound_at))
        .collect())
}

/// Officers only: the three administrators keep a login of their own, for the day on which the provider is the trouble.
const fn can_be_bound(kind: AccountKind) -> bool {
    matches!(kind, AccountKind::Officer | AccountKind::Centre)
}

fn check_subject(kind: AccountKind, subject: &str) -> Result<(), AppError> {
    if !can_be_bound(kind) {
        return Err(AppError::Invalid {
            what: "only accounts of officers and of the centre are bound to the identity provider",
        });
    }
    if subject.is_empty() || subject.len() > SUBJECT_CHARS_MAX || !subject.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(AppError::Invalid {
            what: "a subject has 1 to 255 ASCII characters without spaces",
        });
    }
    if ResidentId::parse(subject).is_ok() {
        return Err(AppError::Invalid {
            what: "the subject is an identity number; have the provider issue another lasting name for the officer",
        });
    }
    Ok(())
}

/// Under what a subject is known. A provider's subjects are told apart from another's; the name itself is not kept.
fn subject_tag(issuer: &str, subject: &str) -> [u8; 32] {
    vault::digest(&[b"chengdang subject 1\0", issuer.as_bytes(), b"\0", subject.as_bytes()])
}

fn session_tag(session: &str) -> [u8; 32] {
    vault::digest(&[b"chengdang provider session 1\0", session.as_bytes()])
}

fn state_hash(state: &str) -> [u8; 32] {
    token_hash(state)
}

fn browser_hash(browser: &str) -> [u8; 32] {
    vault::digest(&[b"chengdang sign-in browser 1\0", browser.as_bytes()])
}

fn fresh_secret() -> Result<String, AppError> {
    Ok(encoded(vault::random_bytes::<32>()?))
}

fn encoded(bytes: [u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// 32 bytes as we encode them.
fn is_secret(text: &str) -> bool {
    text.len() == 43
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
