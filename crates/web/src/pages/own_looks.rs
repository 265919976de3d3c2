//! Who looked at me 谁看过我, and the lock.

use app::comparisons::ComparedLook;
use app::locks;
use app::own_looks::{self, Complaint, LookedUp, OwnLook, OwnLooks, Proof, Who};
use askama::Template;
use axum::Json;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use policy::{LockOwnFile, ReadOwnLookUps};
use serde::Deserialize;
use store::{LookUpResult, TraceOutcome};

use super::records::basis_text;
use crate::api::me_looks::Part;
use crate::api::me_proofs::WireProofs;
use crate::assets;
use crate::fault::Fault;
use crate::forms::{ApiQuery, PathId, SignedForm};
use crate::page::{Page, render};
use crate::prefs::query_word;
use crate::security::RunsOwnScript;
use crate::session::User;
use crate::state::WebState;
use crate::texts::Lang;

#[derive(Template)]
#[template(path = "own_looks.html")]
struct LooksPage {
    p: Page,
    as_of: String,
    is_locked: bool,
    with_own: bool,
    withheld: Vec<String>,
    looks: Vec<LookView>,
    older: Option<String>,
    proofs_href: String,
    verify_href: String,
    verify_texts: Vec<(&'static str, String)>,
}

/// What the script says, by the names under which it finds it in the page.
const VERIFY_TEXTS: &[(&str, &str)] = &[
    ("busy", "verify-busy"),
    ("away", "verify-away"),
    ("old", "verify-old"),
    ("good", "verify-good"),
    ("alone", "verify-alone"),
    ("cosign", "verify-cosign"),
    ("nothing", "verify-nothing"),
    ("unpublished", "verify-unpublished"),
    ("partly", "verify-partly"),
    ("wrong", "verify-wrong"),
    ("signature", "verify-signature"),
    ("key", "verify-key"),
    ("shorter", "verify-shorter"),
    ("forked", "verify-forked"),
    ("erased", "looks-proof-erased"),
    ("tag-holds", "verify-tag-holds"),
    ("tag-waits", "verify-tag-waits"),
    ("tag-content", "verify-tag-content"),
    ("tag-leaf", "verify-tag-leaf"),
    ("tag-tree", "verify-tag-tree"),
    ("tag-form", "verify-tag-form"),
    ("tag-shown", "verify-tag-shown"),
];

struct LookView {
    id: String,
    at: String,
    is_own: bool,
    title: String,
    facts: Vec<(String, String)>,
    items: Vec<String>,
    outcome_key: &'static str,
    tone: &'static str,
    closing: Option<String>,
    can_complain: bool,
    complaint: Option<ComplaintView>,
    proofs: Vec<ProofView>,
}

struct ComplaintView {
    text: String,
    answer: Option<String>,
}

struct ProofView {
    label: &'static str,
    hash: String,
    nonce: String,
    content: String,
    is_erased: bool,
    /// Way to the log's entry, where the hash is not one itself.
    path: Option<String>,
}

/// `GET /me/look-ups`
pub(super) async fn show(
    State(state): State<WebState>,
    user: User,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let permit = state.app.policies().decide(
        &user.session.caller,
        ReadOwnLookUps {
            account: user.session.account,
        },
    )?;
    let order = |word| query_word(query.as_deref(), word).and_then(|word| word.parse().ok());
    let with_own = query_word(query.as_deref(), "own") == Some("1");
    let part = own_looks::Part {
        before: order("before"),
        before_compared: order("before_compared"),
        with_own,
    };
    let looks = own_looks::list(&state.app, &permit, part).await?;
    let p = user.page(&state, "nav-looks", "/me/look-ups");
    let own = if with_own { "&own=1" } else { "" };
    let from = [("before", part.before), ("before_compared", part.before_compared)];
    let from = from.map(|(name, at)| at.map_or_else(String::new, |at| format!("&{name}={at}")));
    let page = LooksPage {
        as_of: looks.as_of.local_text(),
        is_locked: looks.is_locked,
        with_own,
        withheld: looks
            .withheld_until
            .iter()
            .map(|until| until.day().to_string())
            .collect(),
        older: older(&looks, own),
        looks: views(p.lang, &looks),
        proofs_href: format!("/me/look-ups/proofs?own={with_own}{}", from.concat()),
        verify_href: assets::verify_href(),
        verify_texts: VERIFY_TEXTS.iter().map(|(name, key)| (*name, p.s(key))).collect(),
        p,
    };
    let mut response = render(StatusCode::OK, &page);
    response.extensions_mut().insert(RunsOwnScript);
    Ok(response)
}

/// `GET /me/look-ups/proofs`: the file that the page's script and `chengdang-verify entries` check.
pub(super) async fn proofs(
    State(state): State<WebState>,
    user: User,
    ApiQuery(part): ApiQuery<Part>,
) -> Result<Json<WireProofs>, Fault> {
    let permit = state.app.policies().decide(
        &user.session.caller,
        ReadOwnLookUps {
            account: user.session.account,
        },
    )?;
    let proofs = own_looks::proofs(&state.app, &permit, part.into()).await?;
    Ok(Json(proofs.into()))
}

/// The way to older looks, if there are any: of the kind of which none is left, those before the first of all.
fn older(looks: &OwnLooks, own: &str) -> Option<String> {
    let is_last = looks.older.is_none() && looks.older_compared.is_none();
    let (before, compared) = (looks.older.unwrap_or(0), looks.older_compared.unwrap_or(0));
    (!is_last).then(|| format!("?before={before}&before_compared={compared}{own}"))
}

/// Looks and rows of comparisons, newest first.
fn views(lang: Lang, looks: &OwnLooks) -> Vec<LookView> {
    let single = looks.looks.iter().map(|look| (look.at, view(lang, look)));
    let compared = looks.compared.iter().map(|look| (look.at, compared_view(lang, look)));
    let mut all: Vec<_> = single.chain(compared).collect();
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    all.into_iter().map(|(_, view)| view).collect()
}

/// Who looked, and what for, as facts of a look.
fn who_facts(lang: Lang, by: &LookedUp) -> Vec<(String, String)> {
    let statute = by.statute.as_ref().map(|basis| basis_text(lang, basis));
    let facts = [
        ("looks-official", Some(by.official.clone())),
        ("looks-system", by.is_by_system.then(|| lang.text("looks-system-yes"))),
        ("looks-purpose", Some(lang.of(&by.purpose_name).to_owned())),
        ("looks-statute", statute),
        ("looks-ground", by.legal_ground.clone()),
        ("looks-matter", by.matter_no.clone()),
    ];
    let known = |(key, value): (&str, Option<String>)| Some((lang.text(key), value.filter(|value| !value.is_empty())?));
    facts.into_iter().filter_map(known).collect()
}

fn compared_view(lang: Lang, look: &ComparedLook) -> LookView {
    let (outcome_key, tone) = match look.outcome {
        Some(TraceOutcome::Disclosed) => ("looks-compared-open", "bad"),
        other => outcome(other, false),
    };
    let mut facts = who_facts(lang, &look.by);
    facts.push((lang.text("looks-programme"), format!("{} {}", look.aim, look.programme)));
    let item = |(name, is_open): &(domain::catalogue::Text, Option<bool>)| match is_open {
        None => lang.of(name).to_owned(),
        Some(is_open) => {
            let key = if *is_open {
                "looks-flag-open"
            } else {
                "looks-flag-nothing"
            };
            lang.text_with(key, &[("name", lang.of(name).to_owned().into())])
        }
    };
    let to_log = |(shown, path): &(Proof, Option<app::comparisons::ProofPath>)| ProofView {
        path: path.as_ref().map(path_text),
        ..proof(shown)
    };
    LookView {
        id: look.id.to_string(),
        at: look.at.local_text(),
        is_own: false,
        title: format!("{} · {}", lang.of(&look.by.organisation), lang.text("looks-compared")),
        facts,
        items: look.items.iter().map(item).collect(),
        outcome_key,
        tone,
        closing: None,
        can_complain: look.complaint.is_none(),
        complaint: look.complaint.as_ref().map(|complaint| complaint_view(lang, complaint)),
        proofs: look.proofs.iter().map(to_log).collect(),
    }
}

/// Each step as `place/size: hashes`, then the log's entry.
fn path_text(path: &app::comparisons::ProofPath) -> String {
    let step = |step: &translog::SubtreePath| {
        let hashes: Vec<String> = step.hashes.iter().map(hex::encode).collect();
        format!("{}/{}: {}", step.index, step.size, hashes.join(" "))
    };
    let mut steps: Vec<String> = path.steps.iter().map(step).collect();
    steps.push(hex::encode(path.log_entry_hash));
    steps.join(" → ")
}

fn complaint_view(lang: Lang, complaint: &Complaint) -> ComplaintView {
    let due = complaint.due_at.map(|due| due.day().to_string()).unwrap_or_default();
    let said = [("at", complaint.at.local_text().into()), ("due", due.into())];
    ComplaintView {
        text: lang.text_with("looks-complained", &said),
        answer: complaint.answer.clone(),
    }
}

fn view(lang: Lang, look: &OwnLook) -> LookView {
    let mut facts = Vec::new();
    let title = match &look.who {
        Who::Own { what } => lang.text(match what.as_str() {
            "own_notices" => "looks-own-notices",
            "own_look_ups" => "looks-own-looks",
            _ => "looks-own-records",
        }),
        Who::Review { organisation, official } => {
            facts.push((lang.text("looks-official"), official.clone()));
            facts.push((lang.text("looks-purpose"), lang.text("looks-review")));
            lang.of(organisation).to_owned()
        }
        Who::LookUp(by) => {
            facts = who_facts(lang, by);
            lang.of(&by.organisation).to_owned()
        }
    };
    let is_own = matches!(look.who, Who::Own { .. });
    let (outcome_key, tone) = outcome(look.outcome, is_own);
    LookView {
        id: look.id.to_string(),
        at: look.at.local_text(),
        is_own,
        title,
        facts,
        items: items(lang, look),
        outcome_key,
        tone,
        closing: closing(lang, look),
        can_complain: matches!(look.who, Who::LookUp(_)) && look.complaint.is_none(),
        complaint: look.complaint.as_ref().map(|complaint| complaint_view(lang, complaint)),
        proofs: look.proofs.iter().map(proof).collect(),
    }
}

/// Items asked for, each with what was shown of it.
fn items(lang: Lang, look: &OwnLook) -> Vec<String> {
    look.items
        .iter()
        .map(|(name, records)| {
            let name = lang.of(name).to_owned();
            match records {
                None => name,
                Some(count) => {
                    let count = i64::try_from(*count).unwrap_or(i64::MAX);
                    lang.text_with("looks-item", &[("name", name.into()), ("count", count.into())])
                }
            }
        })
        .collect()
}

const fn outcome(outcome: Option<TraceOutcome>, is_own: bool) -> (&'static str, &'static str) {
    match outcome {
        _ if is_own => ("looks-outcome-own", ""),
        Some(TraceOutcome::Disclosed) => ("looks-outcome-disclosed", "bad"),
        Some(TraceOutcome::Nothing) => ("looks-outcome-nothing", "good"),
        Some(TraceOutcome::Refused) => ("looks-outcome-refused", "good"),
        None => ("looks-outcome-unknown", "bad"),
    }
}

fn closing(lang: Lang, look: &OwnLook) -> Option<String> {
    if let Some(closed) = &look.closed {
        let at = closed.at.local_text();
        return Some(match closed.result {
            LookUpResult::NotUsed => lang.text_with("looks-closed-not-used", &[("at", at.into())]),
            LookUpResult::Proceeding => {
                let number = closed.proceeding.clone().unwrap_or_default();
                lang.text_with(
                    "looks-closed-proceeding",
                    &[("at", at.into()), ("number", number.into())],
                )
            }
        });
    }
    let day = look.close_by?.to_string();
    Some(lang.text_with("looks-open", &[("day", day.into())]))
}

fn proof(proof: &Proof) -> ProofView {
    ProofView {
        label: proof.label,
        hash: hex::encode(proof.entry_hash),
        nonce: proof
            .entry
            .as_ref()
            .map(|entry| hex::encode(entry.nonce))
            .unwrap_or_default(),
        content: proof
            .entry
            .as_ref()
            .map(|entry| entry.content.clone())
            .unwrap_or_default(),
        is_erased: proof.entry.is_none(),
        path: None,
    }
}

#[derive(Deserialize)]
pub(super) struct Words {
    #[serde(default)]
    words: String,
}

/// `POST /me/look-ups/{look_up}`
pub(super) async fn complain(
    State(state): State<WebState>,
    PathId(id): PathId,
    SignedForm(user, form): SignedForm<Words>,
) -> Result<Response, Fault> {
    let permit = state.app.policies().decide(
        &user.session.caller,
        ReadOwnLookUps {
            account: user.session.account,
        },
    )?;
    own_looks::complain(&state.app, &permit, id, &form.words).await?;
    Ok(Redirect::to("/me/look-ups").into_response())
}

#[derive(Deserialize)]
pub(super) struct Lock {
    lock: String,
}

/// `POST /me/lock`
pub(super) async fn lock(
    State(state): State<WebState>,
    SignedForm(user, form): SignedForm<Lock>,
) -> Result<Response, Fault> {
    let permit = state.app.policies().decide(
        &user.session.caller,
        LockOwnFile {
            account: user.session.account,
        },
    )?;
    locks::set(&state.app, &permit, form.lock == "locked").await?;
    Ok(Redirect::to("/me/look-ups").into_response())
}
