//! The words by which the linter knows what the rights floor forbids. They are code and not data, since no deployment may
//! switch them off (mission: R1–R12 hold whoever configures the system).

use domain::catalogue::{BasisRank, Text};

/// Keys that would hold a score. `rank` is also the rank of a legal basis; see [`crate::document`].
const SCORE_KEYS: [&str; 17] = [
    "score",
    "scores",
    "points",
    "point",
    "ranking",
    "person_rank",
    "grade",
    "grades",
    "rating",
    "weight",
    "weights",
    "deduction",
    "bonus_points",
    "credit_score",
    "label_of_person",
    "评分",
    "积分",
];

/// Words of scores, grades and lists of persons. 失信等级 is the class of one breach, 执业资格等级 the level of a licence,
/// 表彰等级 that of the authority which gave the honour, 星级 follows from hours: none of them is here.
const SCORE_WORDS: [&str; 27] = [
    "信用分",
    "诚信分",
    "评分",
    "积分",
    "得分",
    "分值",
    "打分",
    "计分",
    "加分",
    "减分",
    "扣分",
    "信用等级",
    "诚信等级",
    "评级",
    "信用评价",
    "诚信评价",
    "综合评价",
    "排名",
    "名次",
    "排行",
    "红名单",
    "黑名单",
    "红榜",
    "黑榜",
    "画像",
    "风险等级",
    "个人等级",
];
const SCORE_WORDS_EN: [&str; 14] = [
    "score",
    "scores",
    "scoring",
    "rating",
    "ratings",
    "ranking",
    "rankings",
    "points",
    "grade",
    "grades",
    "blacklist",
    "redlist",
    "whitelist",
    "profiling",
];

/// Items that may not exist (R2), with what forbids them.
const FORBIDDEN_ITEMS: [(&str, &str); 22] = [
    ("治安", "治安管理处罚法 第一百三十六条"),
    ("简易程序", "山东省社会信用条例 第十三条第二款"),
    ("刑事", "个人信息保护法 第二十八条"),
    ("犯罪", "个人信息保护法 第二十八条"),
    ("不起诉", "刑事诉讼法 第十二条"),
    ("信访", "山东省社会信用条例 第十三条"),
    ("上访", "山东省社会信用条例 第十三条"),
    ("言论", "宪法 第三十五条、第四十一条"),
    ("举报", "宪法 第四十一条"),
    ("计划生育", "山东省社会信用条例 第十三条"),
    ("生育", "山东省社会信用条例 第十三条"),
    ("受害人", "个人信息保护法 第六条"),
    ("被害人", "个人信息保护法 第六条"),
    ("婚姻", "个人信息保护法 第六条"),
    ("未成年", "山东省社会信用条例 第二条"),
    ("献血", "山东省社会信用条例 第四十二条"),
    ("闯红灯", "国办发〔2020〕49号（二）"),
    ("垃圾分类", "国办发〔2020〕49号（二）"),
    ("逃票", "国办发〔2020〕49号（二）"),
    ("欠费", "国办发〔2020〕49号（二）"),
    ("跳槽", "国办发〔2020〕49号（二）"),
    ("物业费", "国办发〔2020〕49号（二）"),
];

/// Data of persons that no field may hold and every delivery is stripped of.
pub(crate) const FORBIDDEN_DATA: [(&str, &str); 26] = [
    ("收入", "山东省社会信用条例 第四十二条"),
    ("存款", "山东省社会信用条例 第四十二条"),
    ("有价证券", "山东省社会信用条例 第四十二条"),
    ("商业保险", "山东省社会信用条例 第四十二条"),
    ("不动产", "山东省社会信用条例 第四十二条"),
    ("纳税数额", "山东省社会信用条例 第四十二条"),
    ("纳税额", "山东省社会信用条例 第四十二条"),
    ("税额", "山东省社会信用条例 第四十二条"),
    ("税款", "山东省社会信用条例 第四十二条"),
    ("欠税余额", "山东省社会信用条例 第四十二条"),
    ("奖励金额", "山东省社会信用条例 第四十二条"),
    ("宗教", "山东省社会信用条例 第四十二条"),
    ("信仰", "山东省社会信用条例 第四十二条"),
    ("基因", "山东省社会信用条例 第四十二条"),
    ("指纹", "山东省社会信用条例 第四十二条"),
    ("血型", "山东省社会信用条例 第四十二条"),
    ("疾病", "山东省社会信用条例 第四十二条"),
    ("病史", "山东省社会信用条例 第四十二条"),
    ("婚姻", "个人信息保护法 第六条"),
    ("民族", "个人信息保护法 第六条"),
    ("政治面貌", "个人信息保护法 第六条"),
    ("手机", "个人信息保护法 第六条"),
    ("电话", "个人信息保护法 第六条"),
    ("住址", "个人信息保护法 第六条"),
    ("行踪", "个人信息保护法 第二十八条"),
    ("轨迹", "个人信息保护法 第二十八条"),
];

/// What no purpose and no measure may touch (R4): topic, Chinese words, English words.
const FORBIDDEN_TOPICS: [(&str, &[&str], &[&str]); 9] = [
    (
        "movement",
        &[
            "出行", "出境", "出国", "乘坐", "乘机", "飞机", "航班", "高铁", "火车", "列车", "动车",
        ],
        &["travel", "flight", "flights", "train", "trains", "rail"],
    ),
    (
        "identity documents",
        &["身份证", "护照", "居住证", "户籍", "落户", "签证", "通行证"],
        &["passport", "passports", "visa"],
    ),
    (
        "basic public services",
        &[
            "供水",
            "供电",
            "供气",
            "供热",
            "供暖",
            "公共交通",
            "公交",
            "水电",
            "基本公共服务",
        ],
        &["electricity", "heating"],
    ),
    (
        "social assistance",
        &[
            "低保",
            "社会救助",
            "救助金",
            "养老金",
            "失业金",
            "社会保险待遇",
            "社会保障待遇",
        ],
        &["pension", "pensions"],
    ),
    (
        "housing",
        &["住房", "购房", "租房", "公租房", "廉租", "保障房"],
        &["housing", "rent", "tenancy"],
    ),
    (
        "health care",
        &["就医", "看病", "挂号", "医保", "医疗保险", "住院"],
        &["hospital", "hospitals", "healthcare"],
    ),
    (
        "schooling",
        &["入学", "升学", "就学", "招生", "复学", "学籍", "上学"],
        &["school", "schools", "schooling"],
    ),
    (
        "private employment",
        &[
            "入职",
            "求职",
            "用人单位",
            "招聘",
            "组织任职",
            "企业任职",
            "民间就业",
            "劳动合同",
        ],
        &["employer", "employers", "employment"],
    ),
    (
        "a relative of the person",
        &["亲属", "配偶", "子女", "父母", "家属", "家庭成员"],
        &["relative", "relatives", "spouse", "children"],
    ),
];

/// Whether a key of the files would hold a score.
pub(crate) fn is_score_key(key: &str) -> bool {
    let key = key.to_lowercase();
    SCORE_KEYS.contains(&key.as_str()) || SCORE_WORDS.iter().any(|word| key.contains(word))
}

/// The word of a score, grade or list of persons in `text`, if there is one.
pub(crate) fn score_word(text: &str) -> Option<&'static str> {
    SCORE_WORDS
        .iter()
        .find(|word| text.contains(*word))
        .copied()
        .or_else(|| english(text, &SCORE_WORDS_EN))
}

/// What forbids an item of this name, as word and article.
pub(crate) fn forbidden_item(name: &str) -> Option<(&'static str, &'static str)> {
    FORBIDDEN_ITEMS
        .iter()
        .chain(&FORBIDDEN_DATA)
        .find(|(word, _)| name.contains(word))
        .copied()
}

/// What forbids a field or header of this name, as word and article.
pub(crate) fn forbidden_data(label: &str) -> Option<(&'static str, &'static str)> {
    FORBIDDEN_DATA.iter().find(|(word, _)| label.contains(word)).copied()
}

/// The forbidden topic that `text` touches, if it touches one.
pub(crate) fn forbidden_topic(text: &Text) -> Option<&'static str> {
    FORBIDDEN_TOPICS
        .iter()
        .find(|(_, zh, en)| zh.iter().any(|word| text.zh.contains(word)) || english(&text.en, en).is_some())
        .map(|(topic, _, _)| *topic)
}

fn english(text: &str, words: &[&'static str]) -> Option<&'static str> {
    let text = text.to_lowercase();
    let mut tokens = text.split(|c: char| !c.is_ascii_alphanumeric());
    tokens.find_map(|token| words.iter().find(|word| **word == token).copied())
}

/// Whether a title is that of a city's document or of a memorandum between authorities.
pub(crate) fn is_city_document(title: &str) -> bool {
    let marks = [
        "备忘录",
        "信用办",
        "济政",
        "市政府",
        "市人民政府",
        "市委",
        "市发展和改革委员会",
        "区人民政府",
        "县人民政府",
    ];
    marks.iter().any(|mark| title.contains(mark)) || names_a_city(title)
}

/// Whether the title begins with a city's name: `济南市…`, but not `市场…`, `城市…` nor one of the four municipalities.
fn names_a_city(title: &str) -> bool {
    if ["北京市", "上海市", "天津市", "重庆市"]
        .iter()
        .any(|name| title.starts_with(name))
    {
        return false;
    }
    let chars: Vec<char> = title.chars().take(6).collect();
    chars.iter().enumerate().any(|(index, c)| {
        let before = index.checked_sub(1).and_then(|before| chars.get(before));
        *c == '市'
            && before.is_some_and(|before| *before != '城')
            && chars.get(index + 1).is_none_or(|after| *after != '场')
    })
}

/// Whether a title can have the rank that it claims; a coarse check against a basis raised above its rank.
pub(crate) fn title_fits(rank: BasisRank, title: &str) -> bool {
    let any = |marks: &[&str]| marks.iter().any(|mark| title.contains(mark));
    match rank {
        BasisRank::Law => title.starts_with("中华人民共和国") && any(&["法"]) && !any(&["条例", "办法"]),
        BasisRank::AdministrativeRegulation => any(&["国务院", "国令", "国办发", "国发", "法释"]),
        BasisRank::DepartmentalRule => any(&["令第", "发改", "国家"]),
        BasisRank::ProvincialRegulation => {
            any(&["省", "自治区", "北京市", "上海市", "天津市", "重庆市"]) && any(&["条例", "规定", "办法", "决定"])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_breaches_and_levels_of_licences_are_no_scores() {
        for good in [
            "失信等级",
            "执业资格等级",
            "注册等级代码",
            "表彰等级代码",
            "星级",
            "评价年度",
            "罚款金额",
        ] {
            assert_eq!(score_word(good), None, "{good}");
        }
        for bad in [
            "个人信用分",
            "诚信等级",
            "信用评级结果",
            "黑名单状态",
            "Credit score",
            "rating of the person",
        ] {
            assert!(score_word(bad).is_some(), "{bad}");
        }
        assert_eq!(score_word("operating licence, pointed"), None);
    }

    #[test]
    fn city_documents_are_known_by_their_titles() {
        for city in [
            "济南市个人信用管理办法",
            "关于对失信被执行人实施联合惩戒的合作备忘录",
            "济信用办〔2018〕26号",
            "荣成市人民政府文件",
        ] {
            assert!(is_city_document(city), "{city}");
        }
        for good in [
            "山东省社会信用条例",
            "市场监督管理行政处罚听证办法（国家市场监督管理总局令第3号）",
            "城市绿化条例（国务院令第100号）",
            "上海市社会信用条例",
        ] {
            assert!(!is_city_document(good), "{good}");
        }
    }
}
