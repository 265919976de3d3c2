//! Break-glass 紧急查询: an officer without a registered matter asks, with a reason from a closed list and in own words; a second
//! officer of the same organisation grants within minutes; it ends by itself; the person is told in the same transaction, and a
//! review is open (AB-09). It gives no record: a look-up that names it is asked for all that any look-up is.

use domain::catalogue::PurposeId;
use domain::{IdentityDocument, MatterNo, Moment, Uscc};
use policy::{BreakGlass, Caller, CallerKind};
use store::{
    Account, AccountKind, Emergency, EmergencyGrant, GRANTED, IndexTag, NewEmergency, NewProcedure, NewProcedureStep,
    ProcedureKind, Sealed, StoreError, SubjectNotice,
};
use uuid::Uuid;

use crate::accounts::or_conflict;
use crate::keys::{self, PROCEDURE_DETAILS, STEP_REASON};
use crate::{App, AppError};

/// An emergency lasts so long at most.
pub const MINUTES_MAX: u32 = 60;
/// The second person grants within this time, or it lapses.
pub const GRANT_MINUTES: i64 = 15;
/// Emergencies listed at once.
const OPEN_MAX: u32 = 200;
/// Fewest and most characters of the own words.
const WORDS: std::ops::RangeInclusive<usize> = 10..=2000;
const MINUTE_MS: i64 = 60 * 1000;

/// Why it cannot wait for a registered matter. The list is closed: PIPL art. 13 (1)(4) names emergencies in which life, health
/// or property is to be protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmergencyReason {
    /// 生命健康: somebody's life or health is in danger.
    LifeOrHealth,
    /// 财产安全: somebody's property is in danger.
    Property,
    /// 突发公共卫生事件: an emergency of public health.
    PublicHealth,
}

impl EmergencyReason {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::LifeOrHealth, Self::Property, Self::PublicHealth];

    /// Stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LifeOrHealth => "life_or_health",
            Self::Property => "property",
            Self::PublicHealth => "public_health",
        }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// What an officer asks for.
pub struct AskedEmergency {
    /// Purpose of the look-up.
    pub purpose: PurposeId,
    /// Why it cannot wait.
    pub reason: EmergencyReason,
    /// In own words; sealed.
    pub words: String,
    /// Whom it is about.
    pub document: IdentityDocument,
    /// For how long, once granted.
    pub minutes: u32,
}

/// An emergency that waits for the second person, or one of the reader's that lasts. Whom it is about is not shown.
#[derive(Debug, Clone)]
pub struct OpenEmergency {
    /// Id.
    pub uuid: Uuid,
    /// Purpose.
    pub purpose: PurposeId,
    /// Reason.
    pub reason: String,
    /// In the first officer's words.
    pub words: String,
    /// Login name of the first officer.
    pub asked_by: String,
    /// For how long.
    pub minutes: u32,
    /// When asked.
    pub at: Moment,
    /// When it lapses, or, once granted, when it ends.
    pub lapses_at: Moment,
    /// Whether the reader asked for it and so cannot grant it.
    pub is_own: bool,
    /// Once granted: what a look-up names as its matter number.
    pub matter_no: Option<MatterNo>,
}

/// Asks. Nothing is granted by it, and nobody is looked for.
///
/// # Errors
///
/// [`AppError::Invalid`] if the purpose is not in force for the organisation, the words are too few, or the time too long;
/// [`AppError::NotFound`] for whoever is no officer with both factors.
pub async fn ask(app: &App, caller: &Caller, asked: AskedEmergency) -> Result<Uuid, AppError> {
    let organisation = officer(caller)?;
    let purpose = app.catalogue().purposes.get(&asked.purpose);
    if !purpose.is_some_and(|purpose| purpose.is_enabled && purpose.askers.contains(&organisation)) {
        return Err(AppError::Invalid {
            what: "the purpose is not in force, or not for this organisation",
        });
    }
    if !WORDS.contains(&asked.words.trim().chars().count()) {
        return Err(AppError::Invalid {
            what: "say in 10 to 2000 characters why it cannot wait",
        });
    }
    if asked.minutes == 0 || asked.minutes > MINUTES_MAX {
        return Err(AppError::Invalid {
            what: "an emergency lasts 1 to 60 minutes",
        });
    }
    let (uuid, now) = (app.fresh_uuid(), app.now());
    let details = keys::seal(
        app.vault().log_secret(),
        PROCEDURE_DETAILS,
        uuid,
        asked.words.trim().as_bytes(),
    )?;
    let sealed = details.ciphertext.clone().unwrap_or_default();
    let entry_hash = translog::entry_hash(
        "break glass",
        &[
            uuid.as_bytes(),
            caller.account.as_bytes(),
            asked.reason.as_str().as_bytes(),
            &sealed,
        ],
    );
    let new = NewEmergency {
        procedure: NewProcedure {
            uuid,
            kind: ProcedureKind::BreakGlass,
            organisation,
            staged_row: None,
            person: None,
            reason: asked.reason.as_str().to_owned(),
            details,
            at: now,
            due_at: Some(Moment(now.0 + GRANT_MINUTES * MINUTE_MS)),
        },
        purpose: asked.purpose,
        subject: keys::number_tags(app.vault(), &asked.document).current,
        by: caller.account,
        minutes: asked.minutes,
        entry_hash,
    };
    app.store().ask_emergency(&new).await?;
    Ok(uuid)
}

/// Emergencies of the officer's organisation that wait for a second person, then those that the officer asked for or granted
/// and that last.
///
/// # Errors
///
/// [`AppError::NotFound`] for whoever is no officer with both factors; otherwise if store or vault fail.
pub async fn open(app: &App, caller: &Caller) -> Result<Vec<OpenEmergency>, AppError> {
    let organisation = officer(caller)?;
    let (kind, now) = (ProcedureKind::BreakGlass, app.now());
    let mut open = Vec::new();
    for procedure in app.store().open_procedures(kind, Some(&organisation), OPEN_MAX).await? {
        let found = app.store().find_emergency(procedure.uuid).await?;
        if let Some((found, lapses_at)) = found.and_then(|found| lapses_at(&found).map(|end| (found, end)))
            && now < lapses_at
        {
            open.push(shown(app, caller, found, lapses_at).await?);
        }
    }
    for uuid in app.store().lasting_emergencies(&organisation, now, OPEN_MAX).await? {
        if let Some(found) = app.store().find_emergency(uuid).await?
            && let Some((_, until)) = found.granted
            && is_of(app, &found, caller.account).await?
        {
            open.push(shown(app, caller, found, until).await?);
        }
    }
    Ok(open)
}

async fn shown(app: &App, caller: &Caller, found: Emergency, lapses_at: Moment) -> Result<OpenEmergency, AppError> {
    let procedure = found.procedure;
    let words = keys::open_log(app.vault(), PROCEDURE_DETAILS, procedure.uuid, &procedure.details)?;
    let words = words.and_then(|(_, words)| String::from_utf8(words).ok());
    Ok(OpenEmergency {
        uuid: procedure.uuid,
        purpose: found.purpose,
        reason: procedure.reason,
        words: words.unwrap_or_default(),
        asked_by: login(app, found.by).await?,
        minutes: found.minutes,
        at: procedure.opened_at,
        lapses_at,
        is_own: found.by == caller.account,
        matter_no: found.granted.map(|_| MatterNo::of_emergency(procedure.uuid)),
    })
}

/// Grants, as the second person. From now on it lasts, the person is told and a review is open: one transaction.
///
/// # Errors
///
/// [`GrantFault::Refused`] if the policies refuse, [`AppError::NotFound`] if there is none that waits in the own organisation,
/// [`AppError::Conflict`] if another officer was first.
pub async fn grant(app: &App, caller: &Caller, uuid: Uuid) -> Result<Moment, GrantFault> {
    let organisation = officer(caller)?;
    let found = app.store().find_emergency(uuid).await?.ok_or(AppError::NotFound)?;
    let now = app.now();
    let waits = found.procedure.organisation == organisation && lapses_at(&found).is_some_and(|end| now < end);
    if !waits {
        return Err(AppError::NotFound.into());
    }
    if found.procedure.steps > 0 {
        return Err(AppError::Conflict.into());
    }
    // Who asked may have left the office since.
    live_officer(app, found.by, &organisation).await?;
    let purpose = app.catalogue().purposes.get(&found.purpose).ok_or(AppError::NotFound)?;
    let asked = BreakGlass::of(purpose, true, Some(found.by), found.minutes);
    let permit = app.policies().decide(caller, asked).map_err(GrantFault::Refused)?;
    let until = Moment(now.0 + i64::from(found.minutes) * MINUTE_MS);
    let cited = permit.policies().join(" ");
    let reason: Sealed = keys::seal(app.vault().log_secret(), STEP_REASON, uuid, cited.as_bytes())?;
    let sealed = reason.ciphertext.clone().unwrap_or_default();
    let entry_hash = translog::entry_hash(
        "break glass granted",
        &[
            uuid.as_bytes(),
            caller.account.as_bytes(),
            &until.0.to_be_bytes(),
            &sealed,
        ],
    );
    let review = app.fresh_uuid();
    let grant = EmergencyGrant {
        step: NewProcedureStep {
            procedure: uuid,
            after_steps: 0,
            state: GRANTED.to_owned(),
            by: caller.account,
            reason,
            at: now,
            entry_hash,
        },
        until,
        review: NewProcedure {
            uuid: review,
            kind: ProcedureKind::BreakGlassReview,
            organisation,
            staged_row: None,
            person: None,
            reason: found.procedure.reason,
            details: keys::seal(app.vault().log_secret(), PROCEDURE_DETAILS, review, uuid.as_bytes())?,
            at: now,
            due_at: None,
        },
    };
    or_conflict(app.store().grant_emergency(&grant).await)?;
    tracing::warn!(emergency.id = %uuid, "an emergency was granted");
    Ok(until)
}

/// Why an emergency was not granted.
#[derive(Debug, thiserror::Error)]
pub enum GrantFault {
    /// The policies refuse.
    #[error(transparent)]
    Refused(policy::Refusal),
    /// Anything else.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<StoreError> for GrantFault {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

impl From<vault::VaultError> for GrantFault {
    fn from(error: vault::VaultError) -> Self {
        Self::App(error.into())
    }
}

/// Whether the emergency that a look-up names as its matter is in hand: granted, not over, for this purpose and person, and the
/// caller's own: of the officer who asked or of the one who granted. A system asks for the officer behind it.
///
/// # Errors
///
/// If the store or the vault fails.
pub(crate) async fn is_in_hand(
    app: &App,
    caller: &Caller,
    uuid: Uuid,
    purpose: &PurposeId,
    document: &IdentityDocument,
) -> Result<bool, AppError> {
    let Some(found) = app.store().find_emergency(uuid).await? else {
        return Ok(false);
    };
    let lasts = found.granted.is_some_and(|(_, until)| app.now() < until);
    let human = match caller.kind {
        CallerKind::System => caller.behind,
        _ => Some(caller.account),
    };
    let is_theirs = match human {
        Some(human) => is_of(app, &found, human).await?,
        None => false,
    };
    let is_about = keys::number_tags(app.vault(), document)
        .all()
        .any(|tag| tag == found.subject);
    let is_here = caller.organisation.as_ref() == Some(&found.procedure.organisation);
    Ok(lasts && is_theirs && is_about && is_here && found.purpose == *purpose)
}

/// Whether this officer asked for it or granted it.
async fn is_of(app: &App, emergency: &Emergency, officer: Uuid) -> Result<bool, AppError> {
    if emergency.by == officer {
        return Ok(true);
    }
    let steps = app.store().procedure_steps(emergency.procedure.uuid).await?;
    Ok(steps.first().is_some_and(|(_, by, _)| *by == officer))
}

/// What the person behind these tags is told of granted emergencies.
pub(crate) async fn told(app: &App, subjects: &[IndexTag]) -> Result<Vec<SubjectNotice>, AppError> {
    Ok(app.store().subject_notices(subjects, OPEN_MAX).await?)
}

/// The organisation of an officer who gave both factors.
fn officer(caller: &Caller) -> Result<Uscc, AppError> {
    let is_officer = caller.kind == CallerKind::Officer && caller.second_factor;
    caller
        .organisation
        .clone()
        .filter(|_| is_officer)
        .ok_or(AppError::NotFound)
}

async fn live_officer(app: &App, account: Uuid, organisation: &Uscc) -> Result<Account, AppError> {
    let account = app.store().find_account(account).await?.ok_or(AppError::NotFound)?;
    let is_good = account.kind == AccountKind::Officer
        && account.ended_at.is_none()
        && account.organisation.as_ref() == Some(organisation);
    if is_good { Ok(account) } else { Err(AppError::NotFound) }
}

async fn login(app: &App, account: Uuid) -> Result<String, AppError> {
    let account = app.store().find_account(account).await?;
    Ok(account.map(|account| account.login).unwrap_or_default())
}

fn lapses_at(emergency: &Emergency) -> Option<Moment> {
    emergency.procedure.due_at
}
