//! The resident's own records.

use app::own_file::{self, OwnField, OwnGroup, OwnRecord};
use askama::Template;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::catalogue::{FieldRole, Item, ItemNature, LegalBasis};
use domain::record::RecordState;
use policy::ReadOwnRecords;
use uuid::Uuid;

use super::show::{self, Fact, Pager};
use crate::fault::Fault;
use crate::page::{Page, render};
use crate::session::User;
use crate::state::WebState;
use crate::texts::Lang;

#[derive(Template)]
#[template(path = "records.html")]
struct RecordsPage {
    p: Page,
    name: String,
    document: String,
    as_of: String,
    total: usize,
    groups: Vec<Group>,
    pager: Pager,
}

/// Records on one page.
const PER_PAGE: usize = 20;

struct Group {
    id: String,
    name: String,
    nature_key: &'static str,
    is_adverse: bool,
    count: usize,
    records: Vec<RecordView>,
}

struct RecordView {
    id: Uuid,
    title: String,
    state: &'static str,
    tone: &'static str,
    note_key: Option<&'static str>,
    note_tone: &'static str,
    is_held: bool,
    is_served: bool,
    is_new: bool,
    main: Vec<Fact>,
    rest: Vec<Fact>,
    provider: String,
    basis: Vec<String>,
    since: String,
    until: String,
    seen_by: Vec<&'static str>,
    class: Option<&'static str>,
    repair_from: Option<String>,
    repair_barred: Option<String>,
    received: String,
}

/// `GET /me/records`
pub(super) async fn show(
    State(state): State<WebState>,
    user: User,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let permit = state.app.policies().decide(
        &user.session.caller,
        ReadOwnRecords {
            account: user.session.account,
        },
    )?;
    let file = own_file::records(&state.app, &permit).await?;
    let p = user.page(&state, "nav-records", "/me/records");
    let lang = p.lang;
    let total = file.groups.iter().map(|group| group.records.len()).sum();
    let pager = Pager::new(query.as_deref(), total, PER_PAGE);
    let mut groups = Vec::new();
    let mut place = 0;
    for group in &file.groups {
        let shown: Vec<&OwnRecord> = group
            .records
            .iter()
            .enumerate()
            .filter(|(at, _)| pager.has(place + at))
            .map(|(_, record)| record)
            .collect();
        place += group.records.len();
        if !shown.is_empty() {
            groups.push(group_view(
                lang,
                group,
                &shown,
                state.app.catalogue().items.get(&group.item),
            ));
        }
    }
    let page = RecordsPage {
        p,
        name: file.name,
        document: file.document_masked,
        as_of: file.as_of.local_text(),
        total,
        groups,
        pager,
    };
    Ok(render(StatusCode::OK, &page))
}

fn group_view(lang: Lang, group: &OwnGroup, shown: &[&OwnRecord], item: Option<&Item>) -> Group {
    Group {
        id: group.item.as_str().to_owned(),
        name: lang.of(&group.item_name).to_owned(),
        nature_key: show::nature_key(group.nature),
        is_adverse: group.nature == ItemNature::Adverse,
        count: group.records.len(),
        records: shown.iter().map(|record| record_view(lang, record, item)).collect(),
    }
}

fn record_view(lang: Lang, record: &OwnRecord, item: Option<&Item>) -> RecordView {
    let (title, main, rest) = split(lang, &record.fields, item);
    let (tone, note_key, note_tone) = told(record.state);
    RecordView {
        id: record.uuid,
        title: title.unwrap_or_else(|| lang.of(&record.provider_name).to_owned()),
        state: record.state.as_str(),
        tone,
        note_key,
        note_tone,
        is_held: record.state == RecordState::Held,
        is_served: matches!(record.state, RecordState::Usable | RecordState::Disputed),
        is_new: record.is_new,
        main,
        rest,
        provider: lang.of(&record.provider_name).to_owned(),
        basis: record.legal_basis.iter().map(|basis| basis_text(lang, basis)).collect(),
        since: record.since.to_string(),
        until: record.until.to_string(),
        seen_by: record.seen_by.iter().map(|who| show::disclosure_key(*who)).collect(),
        class: record.class.map(domain::catalogue::BreachClass::as_str),
        repair_from: record.repair_from.map(|day| day.to_string()),
        repair_barred: record.repair_barred.as_ref().map(|why| lang.of(why).to_owned()),
        received: record.received_at.local_text(),
    }
}

/// Document and article. The catalogue marks an article that nobody has compared with the law yet by `[K…]`; people read words.
pub(super) fn basis_text(lang: Lang, basis: &LegalBasis) -> String {
    let document = basis.document.trim_matches(['《', '》']);
    match basis.article.split_once("[K") {
        Some((article, _)) => format!("《{document}》{}{}", article.trim_end(), lang.text("basis-open")),
        None => format!("《{document}》{}", basis.article),
    }
}

/// Colour of the state, and what a person should know about it. The state is always written out, too.
const fn told(state: RecordState) -> (&'static str, Option<&'static str>, &'static str) {
    match state {
        RecordState::Usable => ("good", None, ""),
        RecordState::Held => ("warn", Some("records-note-held"), "warn"),
        RecordState::Disputed => ("warn", Some("records-note-disputed"), "warn"),
        RecordState::Corrected => ("", Some("records-note-corrected"), "good"),
        RecordState::Withdrawn => ("", Some("records-note-withdrawn"), "good"),
        RecordState::Repaired => ("good", Some("records-note-repaired"), "good"),
        RecordState::Ended | RecordState::Purged => ("", Some("records-note-ended"), "good"),
    }
}

/// Fields that answer "what" at a glance, by their role; what remains is folded away.
const MAIN_MAX: usize = 4;

/// Title, main facts and the rest. The person's own name and number are known to the person and shown above.
fn split(lang: Lang, fields: &[OwnField], item: Option<&Item>) -> (Option<String>, Vec<Fact>, Vec<Fact>) {
    let role = |field: &OwnField| {
        item.and_then(|item| item.fields.iter().find(|spec| *spec.code.0 == *field.code))
            .map(|spec| spec.role)
    };
    let mut title = None;
    let mut ranked: Vec<(u8, usize)> = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        let rank = match role(field) {
            Some(FieldRole::DocumentNo) => {
                title = Some(field.value.clone()).filter(|value| !value.is_empty());
                continue;
            }
            Some(
                FieldRole::PersonName
                | FieldRole::DocumentKind
                | FieldRole::DocumentNumber
                | FieldRole::SubjectCategory
                | FieldRole::RowOperation,
            ) => continue,
            Some(FieldRole::PenaltyKind) => 0,
            Some(FieldRole::FreeText) => 1,
            Some(FieldRole::FineAmount) => 2,
            Some(FieldRole::DecisionDay) => 3,
            Some(FieldRole::Plain) => 4,
            _ => 5,
        };
        ranked.push((rank, at));
    }
    ranked.sort_unstable();
    let mut chosen: Vec<usize> = ranked.iter().take(MAIN_MAX).map(|(_, at)| *at).collect();
    chosen.sort_unstable();
    let mut others: Vec<usize> = ranked.iter().skip(MAIN_MAX).map(|(_, at)| *at).collect();
    others.sort_unstable();
    let facts = |places: &[usize]| {
        places
            .iter()
            .filter_map(|at| fields.get(*at))
            .map(|field| Fact::of(lang, field))
            .collect()
    };
    (title, facts(&chosen), facts(&others))
}
