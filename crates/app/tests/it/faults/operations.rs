//! What people do, each as they would do it again after an error.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use app::accounts::{self, LoginFault, NewAccount};
use app::deliver::{self, DeliverError};
use app::look_ups::{ClosingAsked, LookUpFault};
use app::matters::{self, MatterEntry};
use app::reviews::{self, Decision, ReviewError};
use app::{AppError, deliveries, held, lifecycle, locks, own_file, own_looks, persons, purge, reconcile, sequencer};
use bytes::Bytes;
use domain::catalogue::{FieldCode, PurposeId};
use domain::{Day, MatterNo, Moment, Name};
use futures::stream;
use policy::{
    CorrectRecord, DecideReview, LinkPersons, ListDeliveries, LockOwnFile, Permit, ReadDelivery, ReadOwnLookUps,
    ReadReview, RegisterMatter, ReleaseHeld, WithdrawRecord,
};
use sha2::{Digest, Sha256};
use store::{AccountKind, AlarmKind, DeliveryState, Relation};
use uuid::Uuid;

use crate::faults::city::{City, KNOWN_LATER, PASSWORD};
use crate::faults::picture::{record_with, traces};
use crate::look_ups::{self, Written};
use crate::permits::Row;
use crate::town::{document, name};

/// Codes that somebody tries before giving up; one more would lock the account.
const CODES_MAX: u32 = 4;

/// An operation did not go through; the code of its error.
#[derive(Debug)]
pub(crate) struct Failed(pub(crate) &'static str);

impl From<AppError> for Failed {
    fn from(error: AppError) -> Self {
        Self(error.code())
    }
}

impl From<LookUpFault> for Failed {
    fn from(fault: LookUpFault) -> Self {
        Self(fault.code())
    }
}

impl From<DeliverError> for Failed {
    fn from(error: DeliverError) -> Self {
        Self(error.code())
    }
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Deliver,
    DeliverCorrected,
    DeliverWithdrawn,
    DeliverBroken,
    DeliverStaged,
    UploadInParts,
    Correct,
    Withdraw,
    AttachAndConfirmAlias,
    RefuseReview,
    ReleaseHeld,
    ReadOwnRecords,
    ReadNoticesAndAcknowledge,
    LogIn,
    CreateAccount,
    Link,
    Split,
    Sequence,
    LookAtDeliveries,
    LookAtReviews,
    Verify,
    RegisterMatters,
    LookUp,
    CloseLookUp,
    SeeWhoLooked,
    AnswerComplaint,
    TryHoneyNumber,
}

impl Operation {
    pub(crate) const ALL: [Self; 27] = [
        Self::Deliver,
        Self::DeliverCorrected,
        Self::DeliverWithdrawn,
        Self::DeliverBroken,
        Self::DeliverStaged,
        Self::UploadInParts,
        Self::Correct,
        Self::Withdraw,
        Self::AttachAndConfirmAlias,
        Self::RefuseReview,
        Self::ReleaseHeld,
        Self::ReadOwnRecords,
        Self::ReadNoticesAndAcknowledge,
        Self::LogIn,
        Self::CreateAccount,
        Self::Link,
        Self::Split,
        Self::Sequence,
        Self::LookAtDeliveries,
        Self::LookAtReviews,
        Self::Verify,
        Self::RegisterMatters,
        Self::LookUp,
        Self::CloseLookUp,
        Self::SeeWhoLooked,
        Self::AnswerComplaint,
        Self::TryHoneyNumber,
    ];

    /// What must be there before.
    pub(crate) async fn prepare(self, city: &mut City) -> Known {
        let mut known = Known::default();
        match self {
            Self::Correct | Self::Withdraw => known.record = record_with(city, 1, "证字第1号").await,
            Self::Split => known.record = record_with(city, 1, "证字第2号").await,
            Self::ReleaseHeld => {
                city.known = KNOWN_LATER;
                city.restart().await;
            }
            Self::AttachAndConfirmAlias => known.review = review(city, "name_change").await,
            Self::RefuseReview | Self::LookAtReviews => known.review = review(city, "name_differs").await,
            Self::LookAtDeliveries => {
                known.delivery = city.store().list_deliveries(None, 1).await.unwrap()[0].uuid;
            }
            Self::LookUp | Self::CloseLookUp | Self::SeeWhoLooked | Self::AnswerComplaint | Self::TryHoneyNumber => {
                known.look_up = look_up_for(city, self).await;
                // The process that is disturbed knows nothing of the day yet.
                city.restart().await;
            }
            _ => {}
        }
        known.traces = traces(city).await;
        known
    }

    /// One attempt. `is_again`: an earlier one failed, so that finding it done is as good as doing it.
    pub(crate) async fn attempt(self, city: &mut City, known: &mut Known, is_again: bool) -> Result<(), Failed> {
        match self {
            Self::Deliver => deliver_rows(city, &mixed_rows()).await,
            Self::DeliverCorrected => deliver_rows(city, &[first_row("经营甲，已更正")]).await,
            Self::DeliverWithdrawn => deliver_rows(city, &[first_row("经营甲").withdrawn()]).await,
            Self::DeliverBroken => Ok(city.deliver_text("甲,乙\n1,2\n").await.map(drop)?),
            Self::DeliverStaged => deliver_staged(city, known).await,
            Self::UploadInParts => upload(city, known).await,
            Self::Correct => {
                let (record, provider) = (known.record, city.provider.clone());
                let permit = city.may(&city.officer(), CorrectRecord { record, provider });
                let change = BTreeMap::from([(FieldCode("XK_NR".into()), "经营甲，已更正".to_owned())]);
                done_or(
                    lifecycle::correct(city.app(), &permit, &change, "决定书有误")
                        .await
                        .map(drop),
                    is_again,
                )
            }
            Self::Withdraw => {
                let (record, provider) = (known.record, city.provider.clone());
                let permit = city.may(&city.officer(), WithdrawRecord { record, provider });
                done_or(lifecycle::withdraw(city.app(), &permit, "决定已撤销").await, is_again)
            }
            Self::AttachAndConfirmAlias => decide(city, known.review, true, is_again).await,
            Self::RefuseReview => decide(city, known.review, false, is_again).await,
            Self::ReleaseHeld => {
                let permit = city.may(&City::operator(), ReleaseHeld);
                Ok(held::release(city.app(), &permit).await.map(drop)?)
            }
            Self::ReadOwnRecords => {
                let file = city.own(1).await?;
                assert_eq!(crate::town::records(&file).len(), 2);
                Ok(())
            }
            Self::ReadNoticesAndAcknowledge => notices(city).await,
            Self::LogIn => log_in(city, 4).await,
            Self::CreateAccount => create_account(city, is_again).await,
            Self::Link => {
                let permit = city.may(&city.centre(), LinkPersons);
                let (one, other) = (document(1), document(2));
                done_or(
                    persons::link(city.app(), &permit, &one, &other, "同一人持两证").await,
                    is_again,
                )
            }
            Self::Split => {
                let permit = city.may(&city.centre(), LinkPersons);
                let (from, into) = (document(1), document(4));
                let right = Name::parse(name(4)).unwrap();
                let records = [known.record];
                let split = persons::split(city.app(), &permit, &from, (&into, &right), &records, "串号");
                done_or(split.await.map(drop), is_again)
            }
            Self::Sequence => {
                let done = sequencer::run_once(city.app(), Uuid::from_u128(9)).await?;
                assert!(done.is_some(), "nobody else holds the lease");
                Ok(())
            }
            Self::LookAtDeliveries => look_at_deliveries(city, known.delivery).await,
            Self::LookAtReviews => {
                assert_eq!(city.reviews().await?.len(), 2);
                let found = reviews::find(city.app(), known.review).await?.unwrap();
                let (review, organisation) = (found.uuid, found.organisation);
                let permit = city.may(&city.officer(), ReadReview { review, organisation });
                assert!(reviews::get(city.app(), &permit).await?.is_open);
                Ok(())
            }
            Self::Verify => Ok(city.verify().await?),
            Self::RegisterMatters => register_matters(city).await,
            Self::LookUp => {
                let written = Written::about(1, "key-of-the-operation");
                let answer = look_ups::ask(city, &city.officer(), &written).await?;
                assert_eq!(answer.items[1].records.len(), 2);
                Ok(())
            }
            Self::CloseLookUp => {
                let open = app::look_ups::open_ones(city.app(), &city.officer(), true).await?;
                assert!(open.is_empty(), "no adverse fact was returned");
                let permit = city.may(&city.officer(), app::look_ups::head(city.app(), known.look_up).await?);
                match app::look_ups::close(city.app(), &permit, ClosingAsked::NotUsed).await {
                    Err(LookUpFault::Closed) if is_again => Ok(()),
                    other => Ok(other.map(drop)?),
                }
            }
            Self::SeeWhoLooked => see_who_looked(city, known.look_up, is_again).await,
            Self::AnswerComplaint => answer_complaint(city, known.look_up, is_again).await,
            Self::TryHoneyNumber => try_honey_number(city).await,
        }
    }
}

/// A look-up of resident 1 that there was before, for those that are about one.
async fn look_up_for(city: &City, operation: Operation) -> Uuid {
    look_ups::register(city, "PUR-FOOD-LICENCE", &city.provider, &[look_ups::MATTER]).await;
    if matches!(operation, Operation::LookUp | Operation::TryHoneyNumber) {
        return Uuid::nil();
    }
    let written = Written::about(1, "key-that-was-before");
    let answer = look_ups::ask(city, &city.officer(), &written).await.unwrap();
    if operation == Operation::AnswerComplaint {
        complain(city, answer.id).await.unwrap();
    }
    answer.id
}

async fn try_honey_number(city: &City) -> Result<(), Failed> {
    app::look_ups::add_honey_numbers(city.app(), &[document(999)]).await?;
    app::look_ups::declare_relation(city.app(), Uuid::from_u128(7), &document(2), Relation::Kin).await?;
    let tried = Written {
        number: document(999).expose().to_owned(),
        ..Written::about(4, "key-of-the-operation")
    };
    look_ups::ask(city, &city.officer(), &tried).await?;
    let alarms = app::look_ups::alarms(city.app(), 9).await?;
    assert!(alarms.iter().any(|alarm| alarm.kind == AlarmKind::HoneyNumber));
    Ok(())
}

async fn register_matters(city: &City) -> Result<(), Failed> {
    let organisation = city.provider.clone();
    let permit = city.may(&city.officer(), RegisterMatter { organisation });
    let matter = |closed| MatterEntry {
        matter_no: MatterNo::parse("测食许〔2026〕5号").unwrap(),
        purpose: PurposeId::parse("PUR-FOOD-LICENCE").unwrap(),
        opened: Day::new(2026, 11, 2).unwrap(),
        closed,
    };
    for closed in [None, Some(Day::new(2026, 11, 20).unwrap())] {
        let done = matters::register(city.app(), &permit, &[matter(closed)]).await?;
        assert_eq!(done[0].as_ref().unwrap().closed, closed);
    }
    let stored = matters::list(city.app(), &permit, 9).await?;
    assert_eq!(stored.len(), 1);
    Ok(())
}

fn may_see(city: &City) -> Permit<ReadOwnLookUps> {
    let caller = city.resident(1);
    let account = caller.account;
    city.may(&caller, ReadOwnLookUps { account })
}

async fn complain(city: &City, look_up: Uuid) -> Result<(), AppError> {
    own_looks::complain(city.app(), &may_see(city), look_up, "不是我").await
}

async fn see_who_looked(city: &City, look_up: Uuid, is_again: bool) -> Result<(), Failed> {
    let seen = own_looks::list(city.app(), &may_see(city), own_looks::Part::default()).await?;
    assert_eq!(seen.looks.iter().map(|look| look.id).collect::<Vec<_>>(), [look_up]);
    assert_eq!(own_looks::count_recent(city.app(), &may_see(city), 90).await?, 1);
    done_or(complain(city, look_up).await, is_again)?;
    let caller = city.resident(1);
    let account = caller.account;
    let permit = city.may(&caller, LockOwnFile { account });
    // Said twice it is two events, and the same lock.
    if !locks::is_locked(city.app(), &may_see(city)).await? {
        locks::set(city.app(), &permit, true).await?;
    }
    Ok(())
}

async fn answer_complaint(city: &City, look_up: Uuid, is_again: bool) -> Result<(), Failed> {
    let inbox = own_looks::complaints(city.app(), &city.provider, 9).await?;
    assert!(inbox.len() == 1 || is_again);
    let permit = city.may(&city.officer(), app::look_ups::head(city.app(), look_up).await?);
    done_or(
        own_looks::answer_complaint(city.app(), &permit, "录入时选错办件").await,
        is_again,
    )?;
    let seen = own_looks::list(city.app(), &may_see(city), own_looks::Part::default()).await?;
    let complaint = seen.looks[0].complaint.as_ref().unwrap();
    assert_eq!(complaint.answer.as_deref(), Some("录入时选错办件"));
    Ok(())
}

/// What an operation is about, and how far its user has come.
#[derive(Debug, Default)]
pub(crate) struct Known {
    record: Uuid,
    review: Uuid,
    delivery: Uuid,
    look_up: Uuid,
    upload: Option<Uuid>,
    is_complete: bool,
    /// How many there were before.
    pub(crate) traces: u64,
}

/// Who tried before and reads that it is over looks and finds it done; whether it is, the picture says.
fn done_or(result: Result<(), AppError>, is_again: bool) -> Result<(), Failed> {
    match result {
        Err(AppError::Conflict) if is_again => Ok(()),
        other => Ok(other?),
    }
}

fn first_row(content: &str) -> Row {
    Row::new("证字第1号", name(1), document(1).expose(), content)
}

/// One of each: new, of a new person, unknown number, another name, repeated, faulty, withdrawn within the file.
fn mixed_rows() -> Vec<Row> {
    let number = |sequence: u16| document(sequence).expose().to_owned();
    vec![
        Row::new("证字第11号", name(1), &number(1), "经营新"),
        Row::new("证字第12号", name(4), &number(4), "经营新"),
        Row::new("证字第13号", name(6), &number(6), "经营新"),
        Row::new("证字第14号", "测试他人", &number(2), "经营新"),
        first_row("经营甲"),
        Row::new("证字第15号", name(2), "370199199001010000", "经营新"),
        Row::new("证字第16号", name(4), &number(4), "经营新"),
        Row::new("证字第16号", name(4), &number(4), "经营新").withdrawn(),
    ]
}

async fn deliver_rows(city: &City, rows: &[Row]) -> Result<(), Failed> {
    let counts = city.deliver(rows).await?;
    assert_eq!(counts["received"], rows.len());
    Ok(())
}

async fn deliver_staged(city: &City, known: &mut Known) -> Result<(), Failed> {
    let permit = city.may_deliver();
    let upload = if let Some(upload) = known.upload {
        upload
    } else {
        let pieces = stream::iter([Ok(Bytes::from(city.csv(&mixed_rows())))]);
        deliver::stage(city.app(), &permit, "permits.csv", pieces).await?.uuid
    };
    known.upload = Some(upload);
    deliver::preview(city.app(), &permit, upload).await?;
    let receipt = deliver::deliver_staged(city.app(), &permit, upload).await?;
    assert!(deliver::receipt_verifies(&receipt, &city.app().public_key()));
    Ok(deliver::discard_staged(city.app(), &permit, upload).await?)
}

/// Two parts, then the intake in the background; what a stop interrupted goes on at the next start.
async fn upload(city: &mut City, known: &mut Known) -> Result<(), Failed> {
    let text = city.csv(&mixed_rows());
    let permit = city.may_deliver();
    if known.is_complete {
        deliver::resume(city.app()).await?;
    } else {
        let account = permit.caller().account;
        let upload = match known.upload {
            Some(upload) => upload,
            None => deliver::begin_upload(city.app(), &permit, "permits.csv").await?.uuid,
        };
        known.upload = Some(upload);
        let (first, second) = text.as_bytes().split_at(text.len() / 2);
        for (at, part) in [(0, first), (first.len(), second)] {
            let offset = deliver::find_upload(city.app(), account, upload).await?.offset;
            if offset == at as u64 {
                let body = stream::iter([Ok(Bytes::copy_from_slice(part))]);
                deliver::append(city.app(), &permit, upload, offset, body).await?;
            }
        }
        let hash = Sha256::digest(text.as_bytes()).into();
        known.delivery = deliver::complete(city.app(), &permit, upload, hash).await?;
        known.is_complete = true;
    }
    // The process ends once the intake has.
    city.restart().await;
    let found = city.store().find_delivery(known.delivery).await;
    let delivery = found.map_err(AppError::from)?.unwrap();
    if delivery.state == DeliveryState::Done {
        Ok(())
    } else {
        Err(Failed("the intake stopped"))
    }
}

async fn review(city: &City, reason: &str) -> Uuid {
    let open = city.reviews().await.unwrap();
    open.iter().find(|review| review.reason == reason).unwrap().uuid
}

async fn decide(city: &City, review: Uuid, attach: bool, is_again: bool) -> Result<(), Failed> {
    let organisation = city.provider.clone();
    let permit = city.may(&city.officer(), DecideReview { review, organisation });
    let decision = Decision {
        attach,
        confirm_alias: attach,
        reason: "已核对身份证件".to_owned(),
        after_steps: 0,
    };
    match reviews::decide(city.app(), &permit, &decision).await {
        Err(ReviewError::NotOpen | ReviewError::Conflict) if is_again => Ok(()),
        other => other.map_err(|error| Failed(error.code())),
    }
}

async fn notices(city: &City) -> Result<(), Failed> {
    let permit = city.may_read_notices(1);
    let notices = own_file::notices(city.app(), &permit).await?;
    assert_eq!(notices.len(), 2);
    own_file::acknowledge(city.app(), &permit, notices[0].at).await?;
    let notices = own_file::notices(city.app(), &permit).await?;
    assert!(notices.iter().all(|notice| !notice.is_new));
    Ok(())
}

/// A code is good once, so each attempt waits for the next, and again where a clock that was set back comes to a code that
/// was used.
pub(crate) async fn log_in(city: &City, resident: u16) -> Result<(), Failed> {
    let lift = |fault: LoginFault| Failed(fault.code());
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    city.clock.jump(31_000);
    let login = format!("resident-{resident}");
    let half = accounts::login(city.app(), &login, PASSWORD, address)
        .await
        .map_err(lift)?;
    let at = usize::from(resident) - 1;
    let mut codes = 0;
    let token = loop {
        codes += 1;
        let code = accounts::one_time_code(&city.accounts.totp_secrets[at], city.clock.look()).unwrap();
        match accounts::second_factor(city.app(), half.as_str(), &code).await {
            Err(LoginFault::CodeWrong) if codes < CODES_MAX => city.clock.jump(31_000),
            other => break other.map_err(lift)?,
        }
    };
    assert!(accounts::session(city.app(), half.as_str()).await?.is_none());
    // Long enough that its use is noted.
    city.clock.jump(120_000);
    let session = accounts::session(city.app(), token.as_str()).await?.unwrap();
    assert!(session.is_verified && session.account == city.accounts.residents[at]);
    accounts::logout(city.app(), token.as_str()).await?;
    assert!(accounts::session(city.app(), token.as_str()).await?.is_none());
    Ok(())
}

async fn create_account(city: &City, is_again: bool) -> Result<(), Failed> {
    let new = NewAccount {
        login: "officer-1".to_owned(),
        password: PASSWORD.into(),
        kind: AccountKind::Officer,
        organisation: Some(city.provider.clone()),
        identity: None,
        totp_secret: None,
        holder: None,
    };
    done_or(accounts::create(city.app(), new).await.map(drop), is_again)
}

async fn look_at_deliveries(city: &City, delivery: Uuid) -> Result<(), Failed> {
    let provider = Some(city.provider.clone());
    let may_list = city.may(&city.officer(), ListDeliveries { provider });
    assert_eq!(deliveries::list(city.app(), &may_list, 10).await?.len(), 1);
    let found = deliveries::find(city.app(), delivery).await?.unwrap();
    let (delivery, provider) = (found.uuid, found.provider);
    let may_read = city.may(&city.officer(), ReadDelivery { delivery, provider });
    assert!(deliveries::get(city.app(), &may_read).await?.counts.add_up());
    assert_eq!(deliveries::waiting_rows(city.app(), &may_read).await?.len(), 3);
    assert!(!purge::rows_by_fault(city.app(), &may_read).await?.is_empty());
    let today = Moment(city.clock.look().0).day();
    let report = reconcile::reconcile(city.app(), &may_list, today, Vec::new()).await?;
    assert_eq!(report.rows.received, 6);
    city.app().ready().await?;
    Ok(())
}
