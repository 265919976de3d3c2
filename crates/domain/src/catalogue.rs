//! What the catalogue says, as types: items with their seven elements (Shandong regulation art. 10), data standards,
//! header versions, organisations, purposes and the rules that bind intake. The files are read by the `catalogue` crate.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::{Day, MatterForm, Uscc};

macro_rules! catalogue_id {
    ($(#[$meta:meta])* $name:ident, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Reads an id: the prefix, then capital letters, digits and hyphens.
            ///
            /// # Errors
            ///
            /// [`CatalogueIdFault`] for any other text.
            pub fn parse(text: &str) -> Result<Self, CatalogueIdFault> {
                let rest = text.strip_prefix($prefix).ok_or(CatalogueIdFault)?;
                let good = !rest.is_empty()
                    && text.len() <= 40
                    && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
                if good { Ok(Self(text.into())) } else { Err(CatalogueIdFault) }
            }
            /// The id as written in the catalogue.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
    };
}

/// Not an id of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a catalogue id: a prefix, then capital letters, digits and hyphens, at most 40 characters")]
pub struct CatalogueIdFault;

catalogue_id!(
    /// An item of the data list (信息事项), `ITM-…`.
    ItemId, "ITM-");
catalogue_id!(
    /// A purpose of a look-up, `PUR-…`.
    PurposeId, "PUR-");
catalogue_id!(
    /// A code list, `CL-…`.
    CodeListId, "CL-");
catalogue_id!(
    /// A rule that refuses, drops or holds, `RUL-…`.
    RuleId, "RUL-");
catalogue_id!(
    /// A measure that follows a fact, `MSR-…`.
    MeasureId, "MSR-");

/// A field code of a data standard, such as `CF_WSH`. Shared: every field of every row names one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldCode(pub Arc<str>);

/// A text in both languages of the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Chinese, the authoritative one.
    pub zh: String,
    /// English.
    pub en: String,
}

/// 信息性质: the nature of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemNature {
    /// 基础信息
    Basic,
    /// 失信信息: can hurt the person
    Adverse,
    /// 其他信息, honours and volunteering among them
    Other,
}

/// 披露方式. Open publication of persons cannot be written (R9; Shandong regulation art. 20).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disclosure {
    /// 授权查询
    Authorised,
    /// 政务共享
    Shared,
}

/// The rank of a legal basis, highest first. City documents have no rank here (R2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BasisRank {
    /// 法律
    Law,
    /// 行政法规 and judicial interpretations of the supreme court
    AdministrativeRegulation,
    /// 部门规章, and the national catalogue they found
    DepartmentalRule,
    /// 地方性法规 of a province
    ProvincialRegulation,
}

/// One legal basis: document and article, with its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LegalBasis {
    /// Title of the document, such as 中华人民共和国行政处罚法.
    pub document: String,
    /// Article, such as 第四十八条.
    pub article: String,
    /// Rank of the document.
    pub rank: BasisRank,
}

/// The notation of the data standards: `C..100`, `C18`, `N..18,6`, `D`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `C..n`: at most n characters.
    TextMax(u32),
    /// `Cn`: exactly n characters.
    TextExact(u32),
    /// `N..p,s`: at most p digits, s of them after the point.
    Number {
        /// all digits
        precision: u32,
        /// digits after the point
        scale: u32,
    },
    /// `D`: a day.
    Day,
}

/// When a cell must be filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Required {
    /// In every row.
    Always,
    /// Never.
    Never,
    /// If `field` contains one of `contains`.
    When {
        /// the field looked at
        field: FieldCode,
        /// any of these texts
        contains: Vec<String>,
    },
}

/// What a field means to the system; at most one field of a standard has each role, except `FreeText` and `Plain`.
/// Where several fields share a role, a condition on the role looks at each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldRole {
    /// 行政相对人名称, 姓名
    PersonName,
    /// 行政相对人类别: 自然人 or an organisation (a row about an organisation is not a person's)
    SubjectCategory,
    /// `行政相对人代码_1`: the subject's own social credit code; filled, the row is about an organisation
    SubjectCode,
    /// 证件类型
    DocumentKind,
    /// 证件号码
    DocumentNumber,
    /// 决定书文号, 案号, certificate number: with organ, item and person the key of the fact (E12)
    DocumentNo,
    /// name of the deciding organ
    OrganName,
    /// unified social credit code of the deciding organ
    OrganCode,
    /// 数据来源单位统一社会信用代码
    SourceCode,
    /// day of decision: starts the publication clock
    DecisionDay,
    /// 有效期自
    ValidFrom,
    /// 有效期至, 停止公布日期: an end that the provider states
    ValidTo,
    /// 失信行为终止日期: starts the five-year clock (Shandong regulation art. 38)
    ActEndDay,
    /// 失信等级 as the provider states it (decree 36)
    BreachClass,
    /// 处罚程序
    Procedure,
    /// 是否治安管理处罚
    PublicSecurity,
    /// 处罚类别
    PenaltyKind,
    /// kind or result of another act (强制种类, 给付类别, 检查结果), for rules to look at
    ActKind,
    /// 处罚依据, or the document that a court enforces
    PenaltyBasis,
    /// 罚款金额
    FineAmount,
    /// 数据状态: 0 new, 1 update, 2 delete
    RowOperation,
    /// 当前状态 as the provider keeps it: valid, revoked, objected to
    UpstreamState,
    /// 履约情况 of a commitment
    Fulfilment,
    /// 违诺认定文书号: the decision that found a commitment broken (R2)
    BreachDecisionNo,
    /// 是否轻微且主动消除危害后果 (Shandong regulation art. 13)
    HarmRemoved,
    /// 是否以自己的劳动收入为主要生活来源 (民法典 art. 18: then of full capacity from sixteen)
    SelfSupporting,
    /// 本人同意标识: whether the person agreed that the fact goes on file
    ConsentFlag,
    /// free text that is scanned for other persons (E16)
    FreeText,
    /// nothing special
    Plain,
}

/// One field of a data standard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldSpec {
    /// Code, such as `CF_WSH`.
    pub code: FieldCode,
    /// Label in both languages.
    pub label: Text,
    /// Format in the notation of the standards.
    pub format: Format,
    /// When it must be filled, if the header version has a template column for it.
    pub required: Required,
    /// For a day: the field whose day it may not precede.
    pub not_before: Option<FieldCode>,
    /// What it means to the system.
    pub role: FieldRole,
    /// Closed list of values, if any.
    pub code_list: Option<CodeListId>,
    /// Whether the file gives the amount in 万元 (kept as given; shown with its unit).
    pub in_ten_thousand_yuan: bool,
    /// Whether several values may be joined with `;`, `；` or `、`.
    pub is_multiple: bool,
}

/// One header version of an item: which header text stands for which field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Name of the version: `2015`, `2018`, `2018+`.
    pub version: String,
    /// Fields whose headers must all be present for this version to be recognised.
    pub recognised_by: Vec<FieldCode>,
    /// Columns in template order.
    pub columns: Vec<LayoutColumn>,
}

/// A column of a header version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayoutColumn {
    /// Header text as in the template; brackets, underscores and spaces are folded when compared.
    pub header: String,
    /// Further header texts seen in the field.
    pub aliases: Vec<String>,
    /// The field it fills.
    pub field: FieldCode,
    /// Whether the template has it (else an extension column that a sender adds).
    pub is_extension: bool,
}

/// How the end of a record is computed (R8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndRule {
    /// Two clocks: class maximum from the decision, five years from the end of the act; the earliest end wins.
    AdverseClocks,
    /// The field with role `ValidTo`; where it is empty or open, a review after so many months.
    ValidToOrReview {
        /// calendar months from the decision day until the review
        review_months: u32,
    },
    /// So many calendar months after the decision day.
    MonthsAfterDecision {
        /// calendar months
        months: u32,
    },
}

/// An item of the data list with its seven elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Id.
    pub id: ItemId,
    /// 信息事项
    pub name: Text,
    /// 信息性质
    pub nature: ItemNature,
    /// 提供单位: who may deliver it (统一社会信用代码).
    pub providers: Vec<Uscc>,
    /// 数据标准: name and version of the standard that the fields follow.
    pub data_standard: String,
    /// 披露方式
    pub disclosure: Vec<Disclosure>,
    /// 有效期限
    pub end_rule: EndRule,
    /// Basis of collecting it.
    pub legal_basis: Vec<LegalBasis>,
    /// Entry of the provincial or national list it comes from.
    pub source: String,
    /// Field of life, one of the sixteen (国办发〔2016〕98号), by code `F01`…`F16`, if it belongs to one.
    pub field_of_life: Option<String>,
    /// First day on which a decision may fall.
    pub in_force_from: Day,
    /// Last day, if it ended.
    pub in_force_to: Option<Day>,
    /// Fields in order of display.
    pub fields: Vec<FieldSpec>,
    /// Header versions in the order in which they are tried: the first whose fields are all present is taken.
    pub layouts: Vec<Layout>,
}

impl Item {
    /// The field with `role`, if the standard has one.
    #[must_use]
    pub fn field_with(&self, role: FieldRole) -> Option<&FieldSpec> {
        self.fields.iter().find(|field| field.role == role)
    }
    /// The field with `code`, if the standard has it.
    #[must_use]
    pub fn field(&self, code: &FieldCode) -> Option<&FieldSpec> {
        self.fields.iter().find(|field| &field.code == code)
    }
    /// Whether records of this item can hurt the person.
    #[must_use]
    pub fn is_adverse(&self) -> bool {
        self.nature == ItemNature::Adverse
    }
    /// Whether the item is in force on `day`.
    #[must_use]
    pub fn is_in_force(&self, day: Day) -> bool {
        self.in_force_from <= day && self.in_force_to.is_none_or(|to| day <= to)
    }
}

/// A value of a code list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeValue {
    /// Code as in the standard, such as `01`.
    pub code: String,
    /// Text, also accepted in files.
    pub text: Text,
    /// Further spellings accepted in files (older lists mapped).
    pub aliases: Vec<String>,
}

/// An organisation that delivers or asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organisation {
    /// 统一社会信用代码
    pub uscc: Uscc,
    /// Name.
    pub name: Text,
    /// District code (GB/T 2260).
    pub district: String,
}

/// A purpose of look-ups (R4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purpose {
    /// Id.
    pub id: PurposeId,
    /// Name.
    pub name: Text,
    /// The statute that says who shall look what up; a purpose without one is disabled.
    pub statute: Option<LegalBasis>,
    /// Who shall look what up, as the statute says it.
    pub duty: Option<Text>,
    /// Field of life of the purpose, if it belongs to one (R5).
    pub field_of_life: Option<String>,
    /// The law that lets this purpose ask for items of another field (R5).
    pub cross_field_basis: Option<LegalBasis>,
    /// Whether it may be used.
    pub is_enabled: bool,
    /// Why it is disabled, if it is.
    pub disabled_because: Option<Text>,
    /// Items it may ask for.
    pub items: Vec<ItemId>,
    /// What of each item may be shown; nothing else is.
    pub fields: BTreeMap<ItemId, Vec<FieldCode>>,
    /// Whose records count as linked to the purpose, where an item spans all fields of life (R5); empty = everybody's.
    pub linked_providers: Vec<Uscc>,
    /// Organisations that may ask.
    pub askers: Vec<Uscc>,
    /// The form of the matter numbers it is asked under.
    pub matter: Option<MatterForm>,
    /// Whether the statute orders the look-up; a person's lock stops every other one.
    pub law_compels: bool,
    /// Working days in which the officer says what came of a look-up.
    pub close_within_days: u32,
}

/// How many distinct persons may be looked up in one day, and for how many one matter stands (AB-01).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookUpLimits {
    /// by one officer
    pub officer: u32,
    /// by one registered client
    pub client: u32,
    /// by all of one organisation
    pub department: u32,
    /// for one purpose
    pub purpose: u32,
    /// by everybody
    pub city: u32,
    /// persons whom one matter concerns
    pub persons_per_matter: u32,
}

/// A measure that may follow a fact, by a proceeding only (R3, R4, R5). None can be applied before proceedings exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measure {
    /// Id.
    pub id: MeasureId,
    /// Name.
    pub name: Text,
    /// The item whose fact it is linked to.
    pub linked_item: ItemId,
    /// The fact it is linked to, in words (R5).
    pub linked_fact: Text,
    /// The statute that orders it.
    pub statute: LegalBasis,
    /// Field of life of the measure, if it belongs to one (R5).
    pub field_of_life: Option<String>,
    /// The law that lets it follow a fact of another field (R5).
    pub cross_field_basis: Option<LegalBasis>,
    /// Whether it may be proposed in a proceeding.
    pub is_enabled: bool,
}

/// Class of a breach (decree 36).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BreachClass {
    /// 轻微
    Minor,
    /// 一般
    General,
    /// 严重
    Serious,
}

impl BreachClass {
    /// The stored and wire form: `minor`, `general`, `serious`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::General => "general",
            Self::Serious => "serious",
        }
    }
    /// Reads the form that [`Self::as_str`] writes, or the Chinese word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "minor" | "轻微" => Some(Self::Minor),
            "general" | "一般" => Some(Self::General),
            "serious" | "严重" => Some(Self::Serious),
            _ => None,
        }
    }
}

/// How long records of a class may be made available, in one rule version (decree 58, decree 36).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassPeriod {
    /// Class.
    pub class: BreachClass,
    /// Shortest period in calendar months; repair is possible after it.
    pub min_months: u32,
    /// Longest period in calendar months.
    pub max_months: u32,
    /// Decisions from this day on …
    pub valid_from: Day,
    /// … to this day, if the rule ended.
    pub valid_to: Option<Day>,
    /// Basis.
    pub basis: LegalBasis,
}

/// Which class a penalty falls in, where the provider states none (decree 36; R7: the milder class where no rule decides).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassRule {
    /// Id.
    pub id: RuleId,
    /// Any of these texts in the field `PenaltyKind`; empty = whatever the kind.
    pub penalty_kinds: Vec<String>,
    /// Least fine in 万元, if the rule looks at the amount.
    pub fine_from: Option<String>,
    /// Class.
    pub class: BreachClass,
    /// Decisions from this day on …
    pub valid_from: Day,
    /// … to this day, if the rule ended.
    pub valid_to: Option<Day>,
    /// Basis.
    pub basis: LegalBasis,
}

/// What a rule does to the row it fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IntakeEffect {
    /// Refuse the row: E13.
    Refuse,
    /// Hold the row and ask the provider.
    Hold,
    /// Put the row before a human, who decides with reasons whether it is recorded (待核).
    Review,
    /// Take the row as it is; what it records cannot be repaired (decree 36 leaves such cases to the acts that say so).
    NoRepair,
}

/// What an intake rule looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The role's cell contains any of the texts (after folding).
    Contains(FieldRole, Vec<String>),
    /// The role's cell contains none of the texts (an empty cell included).
    ContainsNone(FieldRole, Vec<String>),
    /// The role's cell equals any of the texts.
    Equals(FieldRole, Vec<String>),
    /// The role's cell is empty or its column is missing.
    Missing(FieldRole),
    /// The person had not reached this age, in years, on the day of the act's end or the decision.
    YoungerThan(u8),
    /// The fine, in 万元, is at most this and the procedure is not stated.
    SmallFineWithoutProcedure(String),
}

/// A rule of R2 or R7 that binds intake: refuse or hold, with basis and validity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntakeRule {
    /// Id, cited in the fault.
    pub id: RuleId,
    /// Items it binds; empty = every item.
    pub items: Vec<ItemId>,
    /// Whether it binds adverse items only.
    pub is_adverse_only: bool,
    /// All conditions must hold.
    pub conditions: Vec<Condition>,
    /// What happens.
    pub effect: IntakeEffect,
    /// Cells, by role, that make a correct row one which the rule fits: what the rule is tried by.
    pub example: BTreeMap<FieldRole, String>,
    /// For `Hold`: the cells that answer its question; [`AS_BEFORE`] is what the correct row says.
    pub answer: BTreeMap<FieldRole, String>,
    /// What is wrong and what to do, for the provider; for `Hold`, the question.
    pub message: Text,
    /// Basis.
    pub basis: LegalBasis,
    /// First day of delivery on which it binds: that on which its source came into force. None: no such day is certain, and
    /// the rule binds whatever is delivered.
    pub valid_from: Option<Day>,
    /// Last one, if it ended.
    pub valid_to: Option<Day>,
}

/// In [`IntakeRule::answer`]: the cell says what the correct row says.
pub const AS_BEFORE: &str = "=";

impl IntakeRule {
    /// Whether it binds what is delivered on `day`.
    #[must_use]
    pub fn is_in_force(&self, day: Day) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }

    /// Whether it binds rows of `item`.
    #[must_use]
    pub fn binds(&self, item: &Item) -> bool {
        (self.items.is_empty() || self.items.contains(&item.id)) && (!self.is_adverse_only || item.is_adverse())
    }
}

/// A column that is never stored (R2; Shandong regulation art. 42; PIPL art. 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedColumn {
    /// Id, cited in the receipt.
    pub id: RuleId,
    /// Header texts (folded when compared); a header that contains one of them is dropped.
    pub headers: Vec<String>,
    /// Header texts (folded when compared); a header that equals one of them is dropped.
    pub exact_headers: Vec<String>,
    /// Why, for the provider.
    pub message: Text,
    /// Basis.
    pub basis: LegalBasis,
}

/// The whole catalogue in one version. Only the `catalogue` crate builds it, after its linter found nothing.
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// SHA-256 over the files, hex: names this version in log and receipts.
    pub version: String,
    /// Items by id.
    pub items: BTreeMap<ItemId, Item>,
    /// Code lists by id.
    pub code_lists: BTreeMap<CodeListId, Vec<CodeValue>>,
    /// Organisations by code.
    pub organisations: BTreeMap<Uscc, Organisation>,
    /// Purposes by id.
    pub purposes: BTreeMap<PurposeId, Purpose>,
    /// Limits of look-ups.
    pub look_up_limits: LookUpLimits,
    /// Measures by id.
    pub measures: BTreeMap<MeasureId, Measure>,
    /// The sixteen fields of life: code and name.
    pub fields_of_life: BTreeMap<String, Text>,
    /// The sixteen occupation groups: code `G01`…`G16` and name.
    pub occupations: BTreeMap<String, Text>,
    /// Periods of the classes.
    pub class_periods: Vec<ClassPeriod>,
    /// Class rules, first fitting one decides.
    pub class_rules: Vec<ClassRule>,
    /// Months from the end of the act after which nothing adverse is available (Shandong regulation art. 38: 60).
    pub act_end_months: u32,
    /// Rules that refuse or hold.
    pub intake_rules: Vec<IntakeRule>,
    /// Columns that are dropped.
    pub dropped_columns: Vec<DroppedColumn>,
    /// Working days.
    pub calendar: crate::WorkingCalendar,
}
