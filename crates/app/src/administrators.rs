//! What the three administrators do (三员分立, GB/T 22239 8.1.4.2): accounts, sessions, acts. Each act is an entry of the log,
//! written in the transaction of its effect; none of them reads a record.

use domain::Moment;
use policy::{ManageAccounts, Permit, ReadAuditLog, RevokeClient};
use store::{Account, AccountKind, ActKind, NewAct};
use uuid::Uuid;

use crate::accounts::{self, CreatedAccount, NewAccount};
use crate::{App, AppError};

/// An account that nobody used for so long may be a leaver's.
pub const STALE_MS: i64 = 90 * 86_400_000;
/// Accounts listed at once.
pub const ACCOUNTS_MAX: u32 = 500;
/// Acts on a page.
pub const ACTS_MAX: u32 = 100;

/// An account as an administrator sees it: no secret, no resident.
#[derive(Debug, Clone)]
pub struct AccountView {
    /// Account.
    pub uuid: Uuid,
    /// Login name.
    pub login: String,
    /// Kind.
    pub kind: AccountKind,
    /// Organisation of an officer.
    pub organisation: Option<domain::Uscc>,
    /// When created.
    pub created_at: Moment,
    /// When ended.
    pub ended_at: Option<Moment>,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        Self {
            uuid: account.uuid,
            login: account.login,
            kind: account.kind,
            organisation: account.organisation,
            created_at: account.created_at,
            ended_at: account.ended_at,
        }
    }
}

/// Creates an account of an officer, of the centre or of an administrator. Residents come by their own verified login.
///
/// # Errors
///
/// [`AppError::Invalid`] if the account is not acceptable; [`AppError::Conflict`] if the login name is taken or the human has
/// an account already.
pub async fn create_account(
    app: &App,
    permit: &Permit<ManageAccounts>,
    new: NewAccount,
) -> Result<CreatedAccount, AppError> {
    if new.holder.is_none() {
        return Err(AppError::Invalid {
            what: "an account needs the staff number of its holder",
        });
    }
    open(app, permit.caller().account, new).await
}

/// Creates the first accounts of administrators, from the host.
///
/// # Errors
///
/// As [`create_account`], and if the account is not an administrator's.
pub async fn create_first(app: &App, new: NewAccount) -> Result<CreatedAccount, AppError> {
    if !new.kind.is_administrator() {
        return Err(AppError::Invalid {
            what: "from the host, accounts of administrators are created; these create the others",
        });
    }
    open(app, Uuid::nil(), new).await
}

async fn open(app: &App, by: Uuid, new: NewAccount) -> Result<CreatedAccount, AppError> {
    if new.kind == AccountKind::Resident {
        return Err(AppError::Invalid {
            what: "a resident's account comes from a verified login",
        });
    }
    let (account, created) = accounts::prepare(app, new).await?;
    let about = format!("{} {}", account.kind.as_str(), account.uuid);
    let act = act(app, ActKind::AccountCreated, by, about);
    accounts::or_conflict(app.store().open_account(&account, &act).await)?;
    Ok(created)
}

/// Ends an account and its sessions, at once and for good.
///
/// # Errors
///
/// [`AppError::NotFound`] if there is none, [`AppError::Conflict`] if it has ended, [`AppError::Invalid`] for the own one.
pub async fn end_account(app: &App, permit: &Permit<ManageAccounts>, account: Uuid) -> Result<(), AppError> {
    let by = permit.caller().account;
    if by == account {
        return Err(AppError::Invalid {
            what: "nobody ends the own account",
        });
    }
    find(app, account).await?;
    let act = act(app, ActKind::AccountEnded, by, account.to_string());
    accounts::or_conflict(app.store().end_account(account, &act).await)
}

/// Ends an account from the host: there may be no administrator who can.
///
/// # Errors
///
/// As [`end_account`].
pub async fn end_from_host(app: &App, login: &str) -> Result<(), AppError> {
    let account = app
        .store()
        .find_account_by_login(login)
        .await?
        .ok_or(AppError::NotFound)?;
    find(app, account.uuid).await?;
    let act = act(app, ActKind::AccountEnded, Uuid::nil(), account.uuid.to_string());
    accounts::or_conflict(app.store().end_account(account.uuid, &act).await)
}

/// Accounts of officers and administrators.
///
/// # Errors
///
/// If the store fails.
pub async fn accounts(app: &App, _: &Permit<ManageAccounts>) -> Result<Vec<AccountView>, AppError> {
    accounts_from_host(app).await
}

/// The same from the host, where whoever asks could open the store itself.
///
/// # Errors
///
/// If the store fails.
pub async fn accounts_from_host(app: &App) -> Result<Vec<AccountView>, AppError> {
    let all = app.store().list_accounts(ACCOUNTS_MAX).await?;
    let others = all.into_iter().filter(|account| account.kind != AccountKind::Resident);
    Ok(others.map(AccountView::from).collect())
}

/// Accounts that nobody used for ninety days, with their last use.
///
/// # Errors
///
/// If the store fails.
pub async fn stale_accounts(
    app: &App,
    _: &Permit<ManageAccounts>,
) -> Result<Vec<(AccountView, Option<Moment>)>, AppError> {
    let since = Moment(app.now().0 - STALE_MS);
    let stale = app.store().stale_accounts(since, ACCOUNTS_MAX).await?;
    Ok(stale
        .into_iter()
        .map(|(account, used_at)| (account.into(), used_at))
        .collect())
}

/// Ends the sessions of an account: the security administrator's answer to a lost device.
///
/// # Errors
///
/// [`AppError::NotFound`] if there is no such account.
pub async fn end_sessions(app: &App, permit: &Permit<RevokeClient>, account: Uuid) -> Result<u64, AppError> {
    find(app, account).await?;
    let act = act(
        app,
        ActKind::SessionsEnded,
        permit.caller().account,
        account.to_string(),
    );
    Ok(app.store().end_sessions(account, &act).await?)
}

/// Acts of administrators, newest first; reading them is an act, too.
///
/// # Errors
///
/// If the store fails.
pub async fn acts(
    app: &App,
    permit: &Permit<ReadAuditLog>,
    before: Option<i64>,
) -> Result<Vec<(i64, NewAct)>, AppError> {
    let read = app.store().acts(before, ACTS_MAX).await?;
    write_act(app, ActKind::ActsRead, permit.caller().account, "acts".to_owned()).await?;
    Ok(read)
}

/// Figures about the log, without persons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// Entries that have their place in the log.
    pub entries: u64,
    /// Effects that wait for one.
    pub waiting: u64,
}

/// How long the log is and what waits; reading it is an act.
///
/// # Errors
///
/// If the store fails.
pub async fn figures(app: &App, permit: &Permit<ReadAuditLog>) -> Result<Figures, AppError> {
    let (entries, waiting) = app.store().log_sizes().await?;
    write_act(app, ActKind::FiguresRead, permit.caller().account, "figures".to_owned()).await?;
    Ok(Figures { entries, waiting })
}

/// Whether an act's row still says what its log entry committed to.
#[must_use]
pub fn is_whole(act: &NewAct) -> bool {
    entry_hash(act.uuid, act.kind, act.by, &act.about, act.at) == act.entry_hash
}

/// Writes an act that has no other effect.
pub(crate) async fn write_act(app: &App, kind: ActKind, by: Uuid, about: String) -> Result<(), AppError> {
    Ok(app.store().append_act(&act(app, kind, by, about)).await?)
}

/// An act, now.
pub(crate) fn act(app: &App, kind: ActKind, by: Uuid, about: String) -> NewAct {
    let (uuid, at) = (app.fresh_uuid(), app.now());
    NewAct {
        entry_hash: entry_hash(uuid, kind, by, &about, at),
        uuid,
        kind,
        by,
        about,
        at,
    }
}

/// The row is in the clear and names nobody, so its hash can be computed from it by whoever reads it.
fn entry_hash(uuid: Uuid, kind: ActKind, by: Uuid, about: &str, at: Moment) -> [u8; 32] {
    let parts: [&[u8]; 5] = [
        uuid.as_bytes(),
        kind.as_str().as_bytes(),
        by.as_bytes(),
        about.as_bytes(),
        &at.0.to_be_bytes(),
    ];
    translog::entry_hash("administrator", &parts)
}

/// An account of an officer or administrator. A resident's is nobody's business.
async fn find(app: &App, account: Uuid) -> Result<Account, AppError> {
    let found = app.store().find_account(account).await?;
    found
        .filter(|account| account.kind != AccountKind::Resident)
        .ok_or(AppError::NotFound)
}
