//! The public catalogue: what is collected, on what basis, for how long. Open to everybody, signed in or not.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::catalogue::{
    BasisRank, Catalogue, Disclosure, EndRule, Format, Item, ItemId, ItemNature, Purpose, Required,
};

use super::records::basis_text;
use super::show::nature_key;
use crate::fault::Fault;
use crate::page::{Page, render};
use crate::prefs::Prefs;
use crate::session::Visitor;
use crate::state::WebState;
use crate::texts::Lang;

#[derive(Template)]
#[template(path = "catalogue.html")]
struct CataloguePage {
    p: Page,
    version: String,
    items: Vec<ItemRow>,
    purposes: Vec<PurposeRow>,
    not_purposes: Vec<RuleRow>,
    dropped: Vec<RuleRow>,
    refused: Vec<RuleRow>,
}

/// What a look-up may be for, by whom, and what it shows.
struct PurposeRow {
    id: String,
    name: String,
    duty: String,
    statute: String,
    askers: Vec<String>,
    shows: Vec<Shown>,
    matter: String,
    lock_key: &'static str,
    close_within: String,
}

struct Shown {
    item: String,
    fields: String,
}

struct ItemRow {
    id: String,
    name: String,
    nature_key: &'static str,
    tone: &'static str,
    disclosure: String,
    period: String,
    providers: String,
}

struct RuleRow {
    what: String,
    why: String,
    basis: String,
}

#[derive(Template)]
#[template(path = "item.html")]
struct ItemPage {
    p: Page,
    id: String,
    name: String,
    nature_key: &'static str,
    standard: String,
    disclosure: String,
    period: String,
    providers: Vec<Provider>,
    bases: Vec<Basis>,
    source: String,
    in_force: String,
    version: String,
    fields: Vec<Field>,
    layouts: String,
}

struct Provider {
    name: String,
    code: String,
}

struct Basis {
    text: String,
    rank_key: &'static str,
}

struct Field {
    label: String,
    code: String,
    format: String,
    required_key: &'static str,
}

fn frame(state: &WebState, prefs: Prefs, visitor: Option<&Visitor>, title_key: &str) -> Page {
    visitor.map_or_else(
        || Page::public(state, prefs, title_key),
        |visitor| visitor.user().page(state, title_key, "/catalogue"),
    )
}

/// `GET /catalogue`
pub(super) async fn list(State(state): State<WebState>, prefs: Prefs, visitor: Option<Visitor>) -> Response {
    let catalogue = state.app.catalogue();
    let p = frame(&state, prefs, visitor.as_ref(), "nav-catalogue");
    let lang = p.lang;
    let dropped = catalogue.dropped_columns.iter().map(|rule| RuleRow {
        what: rule.headers.join(&lang.text("disclosure-join")),
        why: lang.of(&rule.message).to_owned(),
        basis: basis_text(lang, &rule.basis),
    });
    let refused = catalogue.intake_rules.iter().map(|rule| RuleRow {
        what: rule.id.to_string(),
        why: lang.of(&rule.message).to_owned(),
        basis: basis_text(lang, &rule.basis),
    });
    let page = CataloguePage {
        version: catalogue.version.clone(),
        items: catalogue
            .items
            .values()
            .map(|item| item_row(lang, catalogue, item))
            .collect(),
        purposes: catalogue
            .purposes
            .values()
            .filter(|purpose| purpose.is_enabled)
            .map(|purpose| purpose_row(lang, catalogue, purpose))
            .collect(),
        not_purposes: catalogue
            .purposes
            .values()
            .filter(|purpose| !purpose.is_enabled)
            .map(|purpose| RuleRow {
                what: lang.of(&purpose.name).to_owned(),
                why: purpose
                    .disabled_because
                    .as_ref()
                    .map(|why| lang.of(why).to_owned())
                    .unwrap_or_default(),
                basis: String::new(),
            })
            .collect(),
        dropped: dropped.collect(),
        refused: distinct(refused),
        p,
    };
    render(StatusCode::OK, &page)
}

/// Several rules may say the same to people, each about another column.
fn distinct(rules: impl Iterator<Item = RuleRow>) -> Vec<RuleRow> {
    let mut seen = BTreeSet::new();
    rules
        .filter(|rule| seen.insert((rule.why.clone(), rule.basis.clone())))
        .collect()
}

fn item_row(lang: Lang, catalogue: &Catalogue, item: &Item) -> ItemRow {
    ItemRow {
        id: item.id.to_string(),
        name: lang.of(&item.name).to_owned(),
        nature_key: nature_key(item.nature),
        tone: if item.nature == ItemNature::Adverse { "bad" } else { "" },
        disclosure: disclosure_text(lang, &item.disclosure),
        period: period_text(lang, catalogue, item),
        providers: providers_text(lang, catalogue, item),
    }
}

fn purpose_row(lang: Lang, catalogue: &Catalogue, purpose: &Purpose) -> PurposeRow {
    let join = lang.text("disclosure-join");
    let shown = |id: &ItemId| {
        let item = catalogue.items.get(id)?;
        let codes = purpose.fields.get(id)?;
        let labels = codes.iter().filter_map(|code| item.field(code));
        let labels: Vec<&str> = labels.map(|field| lang.of(&field.label)).collect();
        Some(Shown {
            item: lang.of(&item.name).to_owned(),
            fields: labels.join(&join),
        })
    };
    let name_of = |uscc| {
        catalogue
            .organisations
            .get(uscc)
            .map(|own| lang.of(&own.name).to_owned())
    };
    PurposeRow {
        id: purpose.id.to_string(),
        name: lang.of(&purpose.name).to_owned(),
        duty: purpose
            .duty
            .as_ref()
            .map(|duty| lang.of(duty).to_owned())
            .unwrap_or_default(),
        statute: purpose
            .statute
            .as_ref()
            .map(|basis| basis_text(lang, basis))
            .unwrap_or_default(),
        askers: purpose.askers.iter().filter_map(name_of).collect(),
        shows: purpose.items.iter().filter_map(shown).collect(),
        matter: purpose
            .matter
            .as_ref()
            .map(|matter| matter.example().to_string())
            .unwrap_or_default(),
        lock_key: if purpose.law_compels {
            "purpose-lock-open"
        } else {
            "purpose-lock-stops"
        },
        close_within: lang.text_with("purpose-close-within", &[("days", purpose.close_within_days.into())]),
    }
}

/// One or two providers by name, more of them by number.
fn providers_text(lang: Lang, catalogue: &Catalogue, item: &Item) -> String {
    if item.providers.len() > 2 {
        let count = i64::try_from(item.providers.len()).unwrap_or(i64::MAX);
        return lang.text_with("providers-count", &[("count", count.into())]);
    }
    let names: Vec<String> = providers(lang, catalogue, item)
        .into_iter()
        .map(|provider| provider.name)
        .collect();
    names.join(&lang.text("disclosure-join"))
}

fn providers(lang: Lang, catalogue: &Catalogue, item: &Item) -> Vec<Provider> {
    item.providers
        .iter()
        .map(|code| Provider {
            name: catalogue
                .organisations
                .get(code)
                .map(|own| lang.of(&own.name).to_owned())
                .unwrap_or_default(),
            code: code.to_string(),
        })
        .collect()
}

fn disclosure_text(lang: Lang, disclosure: &[Disclosure]) -> String {
    let words: Vec<String> = disclosure
        .iter()
        .map(|one| match one {
            Disclosure::Authorised => lang.text("disclosure-word-authorised"),
            Disclosure::Shared => lang.text("disclosure-word-shared"),
        })
        .collect();
    words.join(&lang.text("disclosure-join"))
}

fn period_text(lang: Lang, catalogue: &Catalogue, item: &Item) -> String {
    match item.end_rule {
        EndRule::AdverseClocks => lang.text_with("period-adverse", &[("months", catalogue.act_end_months.into())]),
        EndRule::ValidToOrReview { review_months } => {
            lang.text_with("period-valid", &[("months", review_months.into())])
        }
        EndRule::MonthsAfterDecision { months } => lang.text_with("period-months", &[("months", months.into())]),
    }
}

/// `GET /catalogue/{item}`
pub(super) async fn show(
    State(state): State<WebState>,
    prefs: Prefs,
    visitor: Option<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let catalogue = state.app.catalogue();
    let item = ItemId::parse(&id)
        .ok()
        .and_then(|id| catalogue.items.get(&id))
        .ok_or(Fault::NotFound)?;
    let mut p = frame(&state, prefs, visitor.as_ref(), "nav-catalogue");
    let lang = p.lang;
    lang.of(&item.name).clone_into(&mut p.title);
    let page = ItemPage {
        id: item.id.to_string(),
        name: lang.of(&item.name).to_owned(),
        nature_key: nature_key(item.nature),
        standard: item.data_standard.clone(),
        disclosure: disclosure_text(lang, &item.disclosure),
        period: period_text(lang, catalogue, item),
        providers: providers(lang, catalogue, item),
        bases: item
            .legal_basis
            .iter()
            .map(|basis| Basis {
                text: basis_text(lang, basis),
                rank_key: rank_key(basis.rank),
            })
            .collect(),
        source: item.source.clone(),
        in_force: in_force_text(lang, item),
        version: catalogue.version.clone(),
        fields: item
            .fields
            .iter()
            .map(|field| Field {
                label: lang.of(&field.label).to_owned(),
                code: field.code.0.to_string(),
                format: format_text(field.format),
                required_key: required_key(&field.required),
            })
            .collect(),
        layouts: item
            .layouts
            .iter()
            .map(|layout| layout.version.as_str())
            .collect::<Vec<_>>()
            .join(&lang.text("disclosure-join")),
        p,
    };
    Ok(render(StatusCode::OK, &page))
}

fn in_force_text(lang: Lang, item: &Item) -> String {
    let from = ("from", item.in_force_from.to_string().into());
    match item.in_force_to {
        Some(to) => lang.text_with("item-in-force-between", &[from, ("to", to.to_string().into())]),
        None => lang.text_with("item-in-force-from", &[from]),
    }
}

const fn rank_key(rank: BasisRank) -> &'static str {
    match rank {
        BasisRank::Law => "rank-law",
        BasisRank::AdministrativeRegulation => "rank-administrative-regulation",
        BasisRank::DepartmentalRule => "rank-departmental-rule",
        BasisRank::ProvincialRegulation => "rank-provincial-regulation",
    }
}

const fn required_key(required: &Required) -> &'static str {
    match required {
        Required::Always => "required-always",
        Required::Never => "required-never",
        Required::When { .. } => "required-when",
    }
}

/// The notation of the data standards.
fn format_text(format: Format) -> String {
    match format {
        Format::TextMax(max) => format!("C..{max}"),
        Format::TextExact(exact) => format!("C{exact}"),
        Format::Number { precision, scale: 0 } => format!("N..{precision}"),
        Format::Number { precision, scale } => format!("N..{precision},{scale}"),
        Format::Day => "D".to_owned(),
    }
}
