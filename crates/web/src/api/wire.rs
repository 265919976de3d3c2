//! What the API says, as types of its own; converted by hand, so that no internal change reaches a caller by accident.

use std::collections::BTreeMap;

use app::deliver::state_word;
use app::deliveries::DeliveryView;
use app::own_file::{Notice, NoticeKind, OwnField, OwnFile, OwnGroup, OwnRecord};
use domain::Moment;
use domain::catalogue::{Disclosure, ItemNature, LegalBasis, Text};
use serde::Serialize;
use store::Counts;
use utoipa::ToSchema;
use uuid::Uuid;

/// A text in both languages.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "zh": "行政许可", "en": "Administrative permit" }))]
pub(super) struct WireText {
    /// Chinese, the authoritative one.
    zh: String,
    /// English.
    en: String,
}

impl From<Text> for WireText {
    fn from(text: Text) -> Self {
        Self {
            zh: text.zh,
            en: text.en,
        }
    }
}

/// RFC 3339, China Standard Time.
pub(super) fn rfc3339(moment: Moment) -> String {
    rfc3339_of_local(&moment.local_text())
}

/// The same of a local time that is written out already.
pub(super) fn rfc3339_of_local(text: &str) -> String {
    format!("{}+08:00", text.replacen(' ', "T", 1))
}

/// Rows by outcome: `received = recorded + repeated + held + pending + refused`.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "received": 5, "recorded": 1, "repeated": 0, "held": 1, "pending": 1, "refused": 2, "corrected": 0, "withdrawn": 0
}))]
pub(super) struct WireCounts {
    /// data rows read
    received: u64,
    /// new records, corrections and withdrawals
    recorded: u64,
    /// content that was there already
    repeated: u64,
    /// held until a question is answered
    held: u64,
    /// waiting for a review
    pending: u64,
    /// refused; each has its fault
    refused: u64,
    /// of the recorded ones
    corrected: u64,
    /// of the recorded ones
    withdrawn: u64,
}

impl From<Counts> for WireCounts {
    fn from(counts: Counts) -> Self {
        Self {
            received: counts.received,
            recorded: counts.recorded,
            repeated: counts.repeated,
            held: counts.held,
            pending: counts.pending,
            refused: counts.refused,
            corrected: counts.corrected,
            withdrawn: counts.withdrawn,
        }
    }
}

/// A delivery: what became of a file.
#[derive(Serialize, ToSchema)]
pub(super) struct WireDelivery {
    /// Public id.
    #[schema(example = "0192f0c4-5b7e-7cc1-9a5e-0f5f3b1d2a11")]
    id: Uuid,
    /// Unified social credit code of the provider.
    #[schema(example = "11370199MB0000001X")]
    provider: String,
    /// Name of the provider.
    provider_name: WireText,
    /// Item of the catalogue.
    #[schema(example = "ITM-PERMIT")]
    item: String,
    /// Name of the item.
    item_name: WireText,
    /// `receiving`, `done` or `refused` (the file as a whole).
    #[schema(example = "done")]
    state: String,
    /// When it began, RFC 3339.
    #[schema(example = "2026-11-24T09:30:00+08:00")]
    received_at: String,
    /// Size in bytes.
    bytes: u64,
    /// Data rows taken in so far.
    rows_done: u64,
    /// Data rows in the file, known while it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows_total: Option<u64>,
    /// Counts so far; whole once `state` is not `receiving`.
    counts: WireCounts,
    /// Number of faults by code, `E01` to `E16`; questions are `Q01` to `Q03`.
    #[schema(example = json!({ "E02": 1, "E09": 1 }))]
    faults: BTreeMap<String, u64>,
    /// The signed receipt, once finished: `receipt`, `key` and `signature` (Ed25519 over the compact JSON of `receipt`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    receipt: Option<serde_json::Value>,
}

impl From<DeliveryView> for WireDelivery {
    fn from(view: DeliveryView) -> Self {
        let counts = view.counts;
        Self {
            id: view.uuid,
            provider: view.provider.to_string(),
            provider_name: view.provider_name.into(),
            item: view.item.to_string(),
            item_name: view.item_name.into(),
            state: state_word(view.state).to_owned(),
            received_at: rfc3339(view.received_at),
            bytes: view.bytes,
            rows_done: view.rows_done,
            rows_total: view.rows_total,
            counts: counts.into(),
            faults: view.faults,
            receipt: view.receipt,
        }
    }
}

/// The own file.
#[derive(Serialize, ToSchema)]
pub(super) struct WireFile {
    /// The person's own name.
    #[schema(example = "测试样例")]
    name: String,
    /// Document number, masked but for the last two characters.
    #[schema(example = "****************18")]
    document: String,
    /// Moment of reading, RFC 3339.
    as_of: String,
    /// Records by item; empty if nothing is held.
    groups: Vec<WireGroup>,
}

/// Records of one item, newest first.
#[derive(Serialize, ToSchema)]
pub(super) struct WireGroup {
    /// Item of the catalogue.
    #[schema(example = "ITM-PERMIT")]
    item: String,
    /// Its name.
    item_name: WireText,
    /// `basic`, `adverse` or `other`.
    nature: &'static str,
    /// Records.
    records: Vec<WireRecord>,
}

/// A record as its person sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct WireRecord {
    /// Public id.
    id: Uuid,
    /// `held`, `usable`, `disputed`, `corrected`, `withdrawn`, `repaired`, `ended` or `purged`.
    #[schema(example = "usable")]
    state: &'static str,
    /// What it says.
    fields: Vec<WireField>,
    /// Who said so.
    provider: WireText,
    /// On what legal basis.
    legal_basis: Vec<WireBasis>,
    /// Since when.
    #[schema(example = "2026-11-24")]
    since: String,
    /// Until when, at the latest, others may read it.
    #[schema(example = "2029-11-24")]
    until: String,
    /// When it was received, RFC 3339.
    received_at: String,
    /// Class of a breach: `minor`, `general` or `serious`.
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    /// First day on which repair can be asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    repair_from: Option<String>,
    /// Why it cannot be repaired, if a rule says so; it ends by itself all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    repair_barred: Option<WireText>,
    /// Who may see it while it is `usable` or `disputed`: `authorised`, `shared`. Otherwise nobody but the person.
    seen_by: Vec<&'static str>,
    /// Whether the person has not acknowledged it yet.
    is_new: bool,
}

/// A field of a record.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "code": "XK_NR", "label": { "zh": "许可内容", "en": "Content" }, "value": "预包装食品销售", "is_withheld": false }))]
pub(super) struct WireField {
    /// Code of the data standard.
    code: String,
    /// Label.
    label: WireText,
    /// Value as delivered; missing where it is withheld.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// Whether free text is withheld because it names other persons.
    is_withheld: bool,
    /// Unit of an amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
}

/// A legal basis.
#[derive(Serialize, ToSchema)]
pub(super) struct WireBasis {
    /// Title of the document.
    #[schema(example = "中华人民共和国行政许可法")]
    document: String,
    /// Article.
    #[schema(example = "第四十条")]
    article: String,
}

/// A notice. No legal period runs from one that was not read.
#[derive(Serialize, ToSchema)]
pub(super) struct WireNotice {
    /// `record_received`, `record_held`, or `record_` with what happened to it.
    #[schema(example = "record_received")]
    kind: String,
    /// When, RFC 3339.
    at: String,
    /// The record.
    record: Uuid,
    /// Item.
    #[schema(example = "ITM-PERMIT")]
    item: String,
    /// Name of the item.
    item_name: WireText,
    /// Who delivered.
    provider: WireText,
    /// Whether it has not been acknowledged.
    is_new: bool,
}

impl From<OwnFile> for WireFile {
    fn from(file: OwnFile) -> Self {
        Self {
            name: file.name,
            document: file.document_masked,
            as_of: rfc3339(file.as_of),
            groups: file.groups.into_iter().map(WireGroup::from).collect(),
        }
    }
}

impl From<OwnGroup> for WireGroup {
    fn from(group: OwnGroup) -> Self {
        Self {
            item: group.item.to_string(),
            item_name: group.item_name.into(),
            nature: match group.nature {
                ItemNature::Basic => "basic",
                ItemNature::Adverse => "adverse",
                ItemNature::Other => "other",
            },
            records: group.records.into_iter().map(WireRecord::from).collect(),
        }
    }
}

impl From<OwnRecord> for WireRecord {
    fn from(record: OwnRecord) -> Self {
        Self {
            id: record.uuid,
            state: record.state.as_str(),
            fields: record.fields.into_iter().map(WireField::from).collect(),
            provider: record.provider_name.into(),
            legal_basis: record.legal_basis.into_iter().map(WireBasis::from).collect(),
            since: record.since.to_string(),
            until: record.until.to_string(),
            received_at: rfc3339(record.received_at),
            class: record.class.map(domain::catalogue::BreachClass::as_str),
            repair_from: record.repair_from.map(|day| day.to_string()),
            repair_barred: record.repair_barred.map(WireText::from),
            seen_by: record
                .seen_by
                .into_iter()
                .map(|who| match who {
                    Disclosure::Authorised => "authorised",
                    Disclosure::Shared => "shared",
                })
                .collect(),
            is_new: record.is_new,
        }
    }
}

impl From<OwnField> for WireField {
    fn from(field: OwnField) -> Self {
        Self {
            code: field.code,
            label: field.label.into(),
            value: Some(field.value).filter(|_| !field.is_withheld),
            is_withheld: field.is_withheld,
            unit: field.unit,
        }
    }
}

impl From<LegalBasis> for WireBasis {
    fn from(basis: LegalBasis) -> Self {
        Self {
            document: basis.document,
            article: basis.article,
        }
    }
}

impl From<Notice> for WireNotice {
    fn from(notice: Notice) -> Self {
        Self {
            kind: match notice.kind {
                NoticeKind::RecordReceived => "record_received".to_owned(),
                NoticeKind::RecordHeld => "record_held".to_owned(),
                NoticeKind::RecordEvent(event) => format!("record_{}", event.as_str()),
            },
            at: rfc3339(notice.at),
            record: notice.record,
            item: notice.item.to_string(),
            item_name: notice.item_name.into(),
            provider: notice.provider_name.into(),
            is_new: notice.is_new,
        }
    }
}
