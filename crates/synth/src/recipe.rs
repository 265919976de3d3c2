//! What each field of the catalogue holds, as departments fill it.

use domain::catalogue::{Catalogue, FieldRole, FieldSpec, Item, Required};

use crate::{cases, plain};

/// The day that means "no end" (双公示 standard).
pub(crate) const NO_END: &str = "2099/12/31";

/// Which day of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DayOf {
    Decision,
    ActEnd,
    From,
    /// The stated end; the text is for facts without one.
    To(&'static str),
    /// So many days after the decision.
    AfterDecision(i32),
    /// So many days before it.
    BeforeDecision(i32),
    /// When the duty was fulfilled, if it was.
    Fulfilled,
    /// A year after the decision: how long a penalty is in effect.
    InEffect,
}

/// The recipe of one column.
#[derive(Debug, Clone)]
pub(crate) enum Recipe {
    Empty,
    Name,
    DocumentKind,
    DocumentNumber,
    DocumentNo(&'static str),
    OrganName,
    OrganCode,
    Day(DayOf),
    Class,
    FineAmount,
    Confiscated,
    Licence,
    Act,
    Facts,
    Basis,
    Kind,
    Content,
    Timestamp,
    Number {
        low: i32,
        high: i32,
    },
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A text, one of the pool in it.
    Template(&'static str, &'static [&'static str]),
    Fixed(&'static str),
    /// An identifier: prefix and the serial number.
    Identifier(&'static str),
    /// One of the values of a code list.
    Value(Vec<String>),
    /// A text about nothing, for a field that only the catalogue knows.
    Text(String),
    /// The person's telephone number; such columns are dropped.
    Telephone,
    /// The person's address; such columns are dropped.
    Address,
}

/// The recipe of `spec` in `item`: words of its own, else what its role says, else what its form asks.
pub(crate) fn recipe(spec: &FieldSpec, item: &Item, catalogue: &Catalogue) -> Recipe {
    let worded = WORDED.iter().find(|(code, _)| *code == &*spec.code.0);
    worded.map_or_else(|| by_role(spec, item, catalogue), |(_, recipe)| recipe.clone())
}

fn by_role(spec: &FieldSpec, item: &Item, catalogue: &Catalogue) -> Recipe {
    match spec.role {
        FieldRole::PersonName => Recipe::Name,
        FieldRole::SubjectCategory => Recipe::Fixed("自然人"),
        FieldRole::DocumentKind => Recipe::DocumentKind,
        FieldRole::DocumentNumber => Recipe::DocumentNumber,
        FieldRole::DocumentNo => Recipe::DocumentNo("测示〔{y}〕{n}号"),
        FieldRole::OrganName => Recipe::OrganName,
        FieldRole::OrganCode | FieldRole::SourceCode => Recipe::OrganCode,
        FieldRole::DecisionDay => Recipe::Day(DayOf::Decision),
        FieldRole::ValidFrom if !plain::bounds_decision(spec, item) => Recipe::Day(DayOf::From),
        FieldRole::ValidTo => Recipe::Day(DayOf::To(if spec.required == Required::Always { NO_END } else { "" })),
        FieldRole::ActEndDay => Recipe::Day(DayOf::ActEnd),
        FieldRole::BreachClass => Recipe::Class,
        FieldRole::Procedure => Recipe::OneOf(&["普通程序", "普通", "一般程序"]),
        FieldRole::PublicSecurity | FieldRole::HarmRemoved => Recipe::Fixed("否"),
        FieldRole::PenaltyKind => Recipe::Kind,
        FieldRole::PenaltyBasis => Recipe::Basis,
        FieldRole::FineAmount => Recipe::FineAmount,
        FieldRole::RowOperation => Recipe::OneOf(&["0", "新增", ""]),
        FieldRole::ConsentFlag => Recipe::Fixed("是"),
        FieldRole::SubjectCode | FieldRole::SelfSupporting | FieldRole::BreachDecisionNo => Recipe::Empty,
        FieldRole::ValidFrom
        | FieldRole::ActKind
        | FieldRole::UpstreamState
        | FieldRole::Fulfilment
        | FieldRole::FreeText
        | FieldRole::Plain => plain::recipe(spec, item, catalogue),
    }
}

/// Fields that need words of their own, by code.
const WORDED: &[(&str, Recipe)] = &[
    ("CF_WSH", Recipe::DocumentNo("测监罚字〔{y}〕{n}号")),
    ("CF_CFMC", Recipe::Act),
    ("CF_WFXW", Recipe::Act),
    ("CF_SY", Recipe::Facts),
    ("CF_NR", Recipe::Content),
    ("CF_NR_WFFF", Recipe::Confiscated),
    ("CF_NR_ZKDX", Recipe::Licence),
    ("CF_YXQ", Recipe::Day(DayOf::InEffect)),
    ("CF_SXQ", Recipe::Day(DayOf::Decision)),
    ("CF_GSQX", Recipe::Fixed("1")),
    ("CF_ZT", Recipe::OneOf(&["0", "正常"])),
    ("XK_ZT15", Recipe::OneOf(&["0", "正常"])),
    ("CF_LXQK", Recipe::OneOf(&["已履行", "履行完毕", "未履行", "部分履行"])),
    ("CF_LXWBRQ", Recipe::Day(DayOf::Fulfilled)),
    ("CF_GZSDRQ", Recipe::Day(DayOf::AfterDecision(3))),
    ("CF_XFGZSD", Recipe::OneOf(&["是", "已送达"])),
    ("CF_SJLY", Recipe::OrganName),
    ("XK_LYDW", Recipe::OrganName),
    ("DFBM", Recipe::Fixed("370199")),
    ("MLBM", Recipe::Fixed("370199-ML-0001")),
    ("SJC", Recipe::Timestamp),
    ("XK_WSH", Recipe::DocumentNo("测许准字〔{y}〕{n}号")),
    ("XK_XKWS", Recipe::Fixed("准予行政许可决定书")),
    ("XK_XMMC", Recipe::Template("准予从事{}", &cases::PERMITS)),
    ("XK_NR", Recipe::Template("准予从事{}", &cases::PERMITS)),
    ("XK_XKLB", Recipe::OneOf(&["普通", "01", "核准", "05"])),
    ("XK_XKZS", Recipe::Template("{}许可证", &cases::PERMITS)),
    ("XK_XKBH", Recipe::Identifier("CSXK")),
    ("XK_XKBM", Recipe::Identifier("CSXK")),
    ("XK_YXQZI", Recipe::Day(DayOf::To(NO_END))),
    ("XK_ZT", Recipe::OneOf(&["1", "有效"])),
    ("XK_SYFW", Recipe::OneOf(&["1", "2"])),
    ("SX_AH", Recipe::DocumentNo("（{y}）测0199执{n}号")),
    ("SX_SF", Recipe::Fixed("山东")),
    ("SX_YJWH", Recipe::Identifier("（2025）测0199民初")),
    ("SX_LASJ", Recipe::Day(DayOf::BeforeDecision(90))),
    ("SX_YJDW", Recipe::Fixed("测试市甲区人民法院")),
    ("SX_YW", Recipe::Template("{}，并负担案件受理费", &cases::DUTIES)),
    ("SX_LXQK", Recipe::OneOf(&["全部未履行", "部分履行"])),
    ("SX_QX", Recipe::OneOf(&cases::CONDUCTS)),
    ("RY_WH", Recipe::DocumentNo("测文明委〔{y}〕{n}号")),
    ("RY_BT", Recipe::OneOf(&cases::HONOURS)),
    ("RY_NR", Recipe::Template("授予{}称号", &cases::HONOURS)),
    ("RY_DJ", Recipe::OneOf(&["市级", "县级", "省部级"])),
    ("RY_ZT", Recipe::OneOf(&["有效", "正常", ""])),
    ("ZY_BH", Recipe::Identifier("3701990")),
    ("ZY_ZCRQ", Recipe::Day(DayOf::BeforeDecision(400))),
    ("ZY_HDMC", Recipe::OneOf(&cases::ACTIVITIES)),
    ("ZY_HDBH", Recipe::DocumentNo("HD{y}{n}")),
    ("ZY_ZZMC", Recipe::Fixed("测试市志愿服务联合会")),
    ("ZY_FWLB", Recipe::OneOf(&cases::SERVICES)),
    ("ZY_KSSJ", Recipe::Day(DayOf::BeforeDecision(5))),
    ("ZY_JSSJ", Recipe::Day(DayOf::BeforeDecision(2))),
    ("ZY_SC", Recipe::Number { low: 1, high: 40 }),
    ("ZY_LJSC", Recipe::Number { low: 40, high: 900 }),
    ("ZY_XJ", Recipe::OneOf(&["", "一星", "二星级", "3"])),
    ("ZG_ZSBH", Recipe::DocumentNo("CSZG{y}{n}")),
    ("ZG_MC", Recipe::OneOf(&cases::LICENCES)),
    ("ZG_ZCRQ", Recipe::Day(DayOf::Decision)),
    ("ZG_YXZ", Recipe::Day(DayOf::To(NO_END))),
    ("ZG_ZT", Recipe::OneOf(&["有效", "执业", "1"])),
    ("ZG_ZYJG", Recipe::Fixed("测试市第一事务所")),
    ("QS_WH", Recipe::DocumentNo("测税欠告〔{y}〕{n}号")),
    ("QS_SZ", Recipe::OneOf(&cases::TAXES)),
    ("SW_WH", Recipe::DocumentNo("测税失信〔{y}〕{n}号")),
    ("SW_LX", Recipe::OneOf(&cases::TAX_BREACHES)),
    (
        "SW_SS",
        Recipe::Template("采取隐瞒收入等手段{}，已被依法查处", &cases::TAX_BREACHES),
    ),
    ("SW_YJ", Recipe::Fixed("《中华人民共和国税收征收管理法》第六十三条")),
    ("CN_BH", Recipe::DocumentNo("CSCN{y}{n}")),
    ("CN_LX", Recipe::OneOf(&["容缺受理型", "证明事项型", "主动型", "01"])),
    ("CN_SX", Recipe::OneOf(&cases::COMMITMENTS)),
    ("CN_NR", Recipe::Template("本人承诺{}", &cases::COMMITMENTS)),
    ("CN_LXZT", Recipe::OneOf(&["履行中", "已履行", "守诺"])),
];
