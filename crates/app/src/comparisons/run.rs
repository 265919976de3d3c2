//! A comparison under way: block after block, each durable before anybody is searched for.

use std::collections::HashMap;
use std::sync::Arc;

use domain::Moment;
use domain::catalogue::{ItemId, Purpose};
use policy::{Caller, CompareBatch, ComparisonAsked, Permit};
use serde_json::json;
use store::{AlarmKind, Appended, Block, KnownComparison, NewComparison, Programme, ProgrammeStepKind, Relation};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::block::{self, Frame, Header, Traced};
use super::index::{self, Terms};
use super::places::Place;
use super::rows::{self, RawRow, Row, RowFault};
use super::{BlockId, ComparisonFault, Flags, REFUSED, REPEAT_MS};
use crate::keys::{self, RequestTag};
use crate::look_ups::{LookUpFault, ask, limits};
use crate::{App, AppError, handles};

/// What a caller asks for, before its rows.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The programme.
    pub programme: Uuid,
    /// Items wanted, `ITM-…`; none = all of the programme.
    pub items: &'a [String],
    /// Idempotency key: the same key is the same comparison.
    pub key: &'a str,
}

/// What was asked, checked in form.
#[derive(Debug, Clone)]
pub struct Asked {
    programme: Programme,
    items: Vec<ItemId>,
    key: String,
}

/// A comparison under way.
pub struct Run {
    app: App,
    caller: Caller,
    asked: Asked,
    known: KnownComparison,
    next_block: u32,
    place: Arc<Place>,
}

/// What became of a block.
#[derive(Debug, Clone)]
pub struct BlockDone {
    /// What proves it; `None` if no row was compared.
    pub receipt: Option<BlockReceipt>,
    /// The answer of each line, in their order.
    pub answers: Vec<Result<Flags, RowFault>>,
}

/// What proves a block: the hashes of its entries in the log, under the installation's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockReceipt {
    /// The block.
    pub block: Uuid,
    /// Rows compared.
    pub rows: u32,
    /// Hash of the entry of its rows.
    pub entry_hash: [u8; 32],
    /// Hash of the entry of its answers.
    pub answer_hash: [u8; 32],
    /// As of when it was answered: everything that was committed by then is in it.
    pub as_of: Moment,
    /// Ed25519 signature over [`super::promise`].
    pub signature: [u8; 64],
}

/// Checks what a caller asks for and makes the question for the policies: of one row at least; each block asks again with its
/// own. Nobody is searched for here.
///
/// # Errors
///
/// [`ComparisonFault`] for the first thing that is wrong with the request itself.
pub async fn prepare(
    app: &App,
    caller: &Caller,
    request: &Request<'_>,
) -> Result<(CompareBatch, Asked), ComparisonFault> {
    ask::check_key(request.key)?;
    let programme = app.store().find_programme(request.programme).await?;
    // Another organisation's is as absent as none.
    let is_own = |programme: &Programme| caller.organisation.as_ref() == Some(&programme.proposed.organisation);
    let programme = programme.filter(is_own).ok_or(ComparisonFault::Programme)?;
    let items = if request.items.is_empty() {
        programme.proposed.items.clone()
    } else {
        ask::items(app, request.items)?
    };
    let asked = Asked {
        programme,
        items,
        key: request.key.to_owned(),
    };
    Ok((asked.question(app, 1)?, asked))
}

/// Begins a comparison, or goes on with the one that stands under its key.
///
/// # Errors
///
/// [`ComparisonFault`] if the key was used for something else, or the store fails.
pub async fn begin(app: &App, permit: &Permit<CompareBatch>, asked: Asked) -> Result<Run, ComparisonFault> {
    app.log().must_be_current()?;
    let programme = asked.programme.proposed.uuid;
    if permit.resource().programme() != programme || permit.resource().items() != asked.items {
        return Err(AppError::Invalid {
            what: "the permit is for another comparison",
        }
        .into());
    }
    let caller = permit.caller();
    let officer = caller.behind.unwrap_or(caller.account);
    let client = limits::client_of(caller);
    let place = app
        .comparison_index()
        .places
        .take(officer)
        .ok_or(ComparisonFault::Busy)?;
    let parts: Vec<&str> = asked.items.iter().map(ItemId::as_str).collect();
    let what = format!("comparison\u{1f}{programme}\u{1f}{}", parts.join(","));
    let request_tag = RequestTag::of(app.vault(), what.as_bytes());
    let new = NewComparison {
        uuid: app.fresh_uuid(),
        programme,
        account: officer,
        client,
        request_key: keys::request_key(app, "comparison", client, officer, &asked.key),
        request_tag: request_tag.current,
        at: app.now(),
    };
    let known = app.store().begin_comparison(&new).await?;
    if !request_tag.fits(&known.request_tag) {
        return Err(ComparisonFault::KeyUsed);
    }
    if new.at.0 - known.at.0 > REPEAT_MS {
        return Err(ComparisonFault::KeyOld);
    }
    Ok(Run {
        app: app.clone(),
        caller: caller.clone(),
        asked,
        known,
        next_block: 0,
        place: Arc::new(place),
    })
}

impl Asked {
    fn purpose<'a>(&self, app: &'a App) -> Result<&'a Purpose, ComparisonFault> {
        let purpose = app.catalogue().purposes.get(&self.programme.proposed.purpose);
        purpose.ok_or(ComparisonFault::LookUp(LookUpFault::Purpose))
    }

    /// The question for the policies, as of now; `rows` of the day, those asked about included.
    fn question(&self, app: &App, rows: u32) -> Result<CompareBatch, ComparisonFault> {
        let proposed = &self.programme.proposed;
        let programme = policy::Programme {
            programme: proposed.uuid,
            organisation: proposed.organisation.clone(),
            items: proposed.items.clone(),
            proposer: proposed.by,
            department_approver: self.programme.by(ProgrammeStepKind::Department),
            centre_approver: self.programme.by(ProgrammeStepKind::Centre),
            has_ended: self.programme.has_ended(app.now().day()),
            rows_max: proposed.rows_a_day,
        };
        let asked = ComparisonAsked {
            items: self.items.clone(),
            rows,
            // A row without one is not among the rows: it is faulty.
            each_row_names_a_matter: true,
        };
        Ok(CompareBatch::of(self.purpose(app)?, programme, asked))
    }
}

impl Run {
    /// The comparison.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.known.uuid
    }
    /// Items asked for, in the order of flags.
    #[must_use]
    pub fn items(&self) -> &[ItemId] {
        &self.asked.items
    }

    /// Compares the next block of lines, at most [`super::BLOCK_ROWS`]. The same lines in the same place under the same key get
    /// the same answers, without a second trace (I8).
    ///
    /// # Errors
    ///
    /// [`ComparisonFault`] if the caller is refused now, the lines are others than before, or log, store or vault fail: then
    /// nothing of the block is answered.
    pub async fn block(&mut self, lines: Vec<Result<RawRow, RowFault>>) -> Result<BlockDone, ComparisonFault> {
        if lines.len() > super::BLOCK_ROWS {
            return Err(AppError::Invalid {
                what: "a block has more lines than it may",
            }
            .into());
        }
        self.app.log().must_be_current()?;
        self.must_be_in_office().await?;
        let programme = self
            .app
            .store()
            .find_programme(self.asked.programme.proposed.uuid)
            .await?;
        self.asked.programme = programme.ok_or(ComparisonFault::Programme)?;
        let (app, purpose) = (self.app.clone(), self.asked.purpose(&self.app)?.clone());
        let place = Arc::clone(&self.place);
        let checked = spawn_blocking(move || {
            let _place = place;
            let tag = RequestTag::of(app.vault(), &lines_bytes(&lines));
            (rows::check(&app, &purpose, &lines), tag)
        });
        let (rows, tag) = checked.await.map_err(|_| AppError::ShuttingDown)?;
        let block_no = self.next_block;
        let known = self.app.store().find_block_at(self.known.uuid, block_no).await?;
        let done = match known {
            Some(known) => self.again(&known, &tag, rows).await?,
            None => self.anew(block_no, &tag, rows).await?,
        };
        self.next_block += 1;
        Ok(done)
    }

    /// A stream may outlast what it began with: whoever left the office, or whose keys were all revoked, gets no further block
    /// (G-36).
    async fn must_be_in_office(&self) -> Result<(), ComparisonFault> {
        let store = self.app.store();
        let officer = self.caller.behind.unwrap_or(self.caller.account);
        let account = store.find_account(officer).await?;
        let mut has_left = account.is_some_and(|account| account.ended_at.is_some());
        if let Some(client) = limits::client_of(&self.caller) {
            let now = self.app.now();
            let keys = store.keys_of_client(client).await?;
            has_left |= keys.iter().all(|key| !key.is_good(now)) && !keys.is_empty();
        }
        if has_left {
            return Err(AppError::NotFound.into());
        }
        Ok(())
    }

    /// A block that is not there yet.
    async fn anew(
        &self,
        block_no: u32,
        request_tag: &RequestTag,
        mut rows: Vec<Result<Row, RowFault>>,
    ) -> Result<BlockDone, ComparisonFault> {
        let app = &self.app;
        let organisation = &self.asked.programme.proposed.organisation;
        rows::check_matters(app, self.asked.purpose(app)?, organisation, &mut rows).await?;
        let good = u32::try_from(rows.iter().flatten().count()).unwrap_or(u32::MAX);
        if good == 0 {
            let answers = rows
                .iter()
                .map(|row| row.as_ref().map(|_| Flags(0)).map_err(|fault| *fault));
            return Ok(BlockDone {
                receipt: None,
                answers: answers.collect(),
            });
        }
        let id = BlockId {
            uuid: store::chunk_uuid(app.fresh_uuid()),
            at: app.now(),
        };
        let compared = app
            .store()
            .compared_rows(self.asked.programme.proposed.uuid, id.at.day())
            .await?;
        let rows_of_day = u64::from(good).saturating_add(compared);
        let question = self
            .asked
            .question(app, u32::try_from(rows_of_day).unwrap_or(u32::MAX))?;
        let permit = app.policies().decide(&self.caller, question)?;
        let frame = Frame {
            comparison: self.known.uuid,
            block_no,
            rows_a_day: self.asked.programme.proposed.rows_a_day,
            request_tag: request_tag.current,
            id,
        };
        let header = Header::new(&self.header(id, permit.policies()))?;
        let (owned, place) = (app.clone(), Arc::clone(&self.place));
        let made = spawn_blocking(move || {
            let _place = place;
            let good: Vec<&Row> = rows.iter().flatten().collect();
            let made = block::make(&owned, &frame, header, &good)?;
            Ok::<_, AppError>((made, rows))
        });
        let ((block, traced), rows) = made.await.map_err(|_| AppError::ShuttingDown)??;
        match app.store().append_block(Arc::new(block)).await? {
            Appended::New => self.answer(traced, rows).await,
            // Another connection with the same key was faster.
            Appended::Known(known) => self.again(&known, request_tag, rows).await,
            Appended::TooMany => {
                // Another comparison took the day's rows meanwhile: the policies say so in their words.
                let refused = app
                    .policies()
                    .decide(&self.caller, self.asked.question(app, u32::MAX)?)
                    .err();
                Err(refused.map_or(ComparisonFault::App(AppError::Conflict), ComparisonFault::Refused))
            }
        }
    }

    fn header(&self, id: BlockId, policies: &[String]) -> serde_json::Value {
        let (app, proposed) = (&self.app, &self.asked.programme.proposed);
        let officer = self.caller.behind.unwrap_or(self.caller.account);
        json!({
            "v": 1,
            "kind": "comparison",
            "comparison": self.known.uuid,
            "block": id.uuid,
            "at": id.at.0,
            "organisation": proposed.organisation.as_str(),
            "official": handles::handle(app, &proposed.organisation, officer),
            "account": officer,
            "client": limits::client_of(&self.caller),
            "programme": proposed.uuid,
            "aim": proposed.aim,
            "purpose": proposed.purpose.as_str(),
            "statute": proposed.statute,
            "items": self.asked.items.iter().map(ItemId::as_str).collect::<Vec<_>>(),
            "policies": policies,
            "catalogue": app.catalogue().version,
        })
    }

    /// A block that stands in this place already: answered as it was, or now if it was not.
    async fn again(
        &self,
        known: &Block,
        request_tag: &RequestTag,
        rows: Vec<Result<Row, RowFault>>,
    ) -> Result<BlockDone, ComparisonFault> {
        if !request_tag.fits(&known.request_tag) {
            return Err(ComparisonFault::KeyUsed);
        }
        let pages = self.app.store().pages_of(known.uuid).await?;
        let traced = block::traced(&self.app, known, &pages)?.ok_or(ComparisonFault::KeyOld)?;
        match &known.answer {
            None => self.answer(traced, rows).await,
            Some(answer) => {
                let flags = block::open_flags(&self.app, known.uuid, answer)?.ok_or(ComparisonFault::KeyOld)?;
                Ok(self.done(&traced, answer, &flags, &rows))
            }
        }
    }

    /// Probes a block that is durable, and makes its answer durable.
    async fn answer(&self, traced: Traced, rows: Vec<Result<Row, RowFault>>) -> Result<BlockDone, ComparisonFault> {
        let app = &self.app;
        self.raise_for_honey(&traced, &rows).await?;
        let officer = self.caller.behind.unwrap_or(self.caller.account);
        let relations = app.store().relations_of(officer).await?;
        let as_of = index::refresh(app).await?;
        let count = u32::try_from(traced.pages.iter().map(Vec::len).sum::<usize>()).unwrap_or(u32::MAX);
        let probe = Probe {
            app: app.clone(),
            caller: self.caller.clone(),
            question: self.asked.question(app, count)?,
            purpose: self.asked.purpose(app)?.clone(),
            relations,
        };
        let place = Arc::clone(&self.place);
        let probed = spawn_blocking(move || {
            let _place = place;
            let (flags, related) = probe.run(&traced, &rows);
            let answer = block::answer(&probe.app, &traced, probe.question.items(), &flags, as_of)?;
            Ok::<_, AppError>((traced, rows, flags, related, answer))
        });
        let (traced, rows, flags, related, answer) = probed.await.map_err(|_| AppError::ShuttingDown)??;
        // One a block: it names the first row, and the block's rows are known.
        if let Some(place) = related.first() {
            let look = block::look_id(traced.id.uuid, *place);
            self.raise(AlarmKind::Relation, look).await;
        }
        match app.store().append_block_answer(traced.id.uuid, &answer).await? {
            None => Ok(self.done(&traced, &answer, &flags, &rows)),
            // Another connection with the same key was faster: what it was answered stands.
            Some(stands) => {
                let flags = block::open_flags(app, traced.id.uuid, &stands)?.ok_or(ComparisonFault::KeyOld)?;
                Ok(self.done(&traced, &stands, &flags, &rows))
            }
        }
    }

    /// Numbers that were never issued raise an alarm, whoever asks, however many others are asked about (AB-01).
    async fn raise_for_honey(&self, traced: &Traced, rows: &[Result<Row, RowFault>]) -> Result<(), AppError> {
        let good: Vec<&Row> = rows.iter().flatten().collect();
        let honey = limits::honey_among(&self.app, good.iter().map(|row| &row.numbers)).await?;
        let first = honey.first().and_then(|place| good.get(*place));
        if let Some(row) = first {
            self.raise(AlarmKind::HoneyNumber, block::look_id(traced.id.uuid, row.place))
                .await;
        }
        Ok(())
    }

    async fn raise(&self, kind: AlarmKind, look: Uuid) {
        let purpose = Some(&self.asked.programme.proposed.purpose);
        limits::raise(&self.app, kind, &self.caller, purpose, Some(look)).await;
    }

    fn done(
        &self,
        traced: &Traced,
        answer: &store::BlockAnswer,
        flags: &[Vec<Flags>],
        rows: &[Result<Row, RowFault>],
    ) -> BlockDone {
        let mut answers: Vec<_> = rows
            .iter()
            .map(|row| Err(row.as_ref().err().copied().unwrap_or(RowFault::THEN)))
            .collect();
        for (row, flags) in traced.pages.iter().flatten().zip(flags.iter().flatten()) {
            if let Some(answer) = answers.get_mut(row.place as usize) {
                *answer = Ok(*flags);
            }
        }
        let promise = block::promise(traced.id.uuid, &traced.entry_hash, &answer.entry_hash, answer.at);
        let receipt = BlockReceipt {
            block: traced.id.uuid,
            rows: u32::try_from(flags.iter().map(Vec::len).sum::<usize>()).unwrap_or(u32::MAX),
            entry_hash: traced.entry_hash,
            answer_hash: answer.entry_hash,
            as_of: answer.at,
            signature: self.app.vault().sign(&promise),
        };
        BlockDone {
            receipt: Some(receipt),
            answers,
        }
    }
}

/// What a block is probed with.
struct Probe {
    app: App,
    caller: Caller,
    question: CompareBatch,
    purpose: Purpose,
    relations: Vec<(store::IndexTag, Relation)>,
}

impl Probe {
    /// The flags of each page, and places of rows that are somebody to the officer.
    fn run(&self, traced: &Traced, rows: &[Result<Row, RowFault>]) -> (Vec<Vec<Flags>>, Vec<u32>) {
        let index = self.app.comparison_index().read();
        let terms = Terms::decide(
            &self.app,
            &self.caller,
            &self.question,
            &self.purpose,
            index.classes(),
            &self.relations,
        );
        let by_place: HashMap<u32, &Row> = rows.iter().flatten().map(|row| (row.place, row)).collect();
        let mut related = Vec::new();
        let mut probe = |traced: &block::TracedRow| {
            // A row that was good when it was traced and is not now (another catalogue) shows nothing.
            let Some(row) = by_place.get(&traced.place) else {
                return Flags(REFUSED);
            };
            let (flags, is_related) = index.probe(&terms, &row.names, &row.numbers);
            if is_related {
                related.push(row.place);
            }
            flags
        };
        let pages = traced.pages.iter();
        let flags = pages.map(|rows| rows.iter().map(&mut probe).collect()).collect();
        (flags, related)
    }
}

/// What tells the lines of a block from others. It is kept as a keyed tag only.
fn lines_bytes(lines: &[Result<RawRow, RowFault>]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(lines.len() * 80);
    bytes.extend_from_slice(b"block");
    for line in lines {
        bytes.push(0x1e);
        match line {
            Err(fault) => bytes.extend_from_slice(fault.code.as_bytes()),
            Ok(row) => {
                for part in [&row.matter_no, &row.document_kind, &row.document_number, &row.name] {
                    bytes.extend_from_slice(part.as_bytes());
                    bytes.push(0x1f);
                }
            }
        }
    }
    bytes
}
