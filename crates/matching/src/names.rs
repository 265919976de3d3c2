//! How close two names are. This only chooses the words for the officer: names agree or they do not.

use crate::{NameAgreement, RegisterEntry};

/// Traditional and simplified forms of characters that are common in names.
/// Source: 通用规范汉字表 (国发〔2013〕23号), annex 1, table of standard characters and their traditional forms.
/// One traditional form each; forms that stand for several simplified ones (範, 葉 …) are in the table one way only.
const TRADITIONAL_SIMPLIFIED: &[(char, char)] = &[
    ('張', '张'),
    ('劉', '刘'),
    ('陳', '陈'),
    ('楊', '杨'),
    ('趙', '赵'),
    ('黃', '黄'),
    ('吳', '吴'),
    ('孫', '孙'),
    ('馬', '马'),
    ('羅', '罗'),
    ('鄭', '郑'),
    ('謝', '谢'),
    ('韓', '韩'),
    ('馮', '冯'),
    ('鄧', '邓'),
    ('許', '许'),
    ('蕭', '萧'),
    ('蔣', '蒋'),
    ('賈', '贾'),
    ('葉', '叶'),
    ('閻', '阎'),
    ('盧', '卢'),
    ('鍾', '钟'),
    ('譚', '谭'),
    ('陸', '陆'),
    ('範', '范'),
    ('嚴', '严'),
    ('華', '华'),
    ('龍', '龙'),
    ('萬', '万'),
    ('錢', '钱'),
    ('湯', '汤'),
    ('顧', '顾'),
    ('龔', '龚'),
    ('賀', '贺'),
    ('賴', '赖'),
    ('莊', '庄'),
    ('齊', '齐'),
    ('測', '测'),
    ('試', '试'),
    ('國', '国'),
    ('偉', '伟'),
    ('麗', '丽'),
    ('軍', '军'),
    ('寶', '宝'),
    ('慶', '庆'),
    ('鳳', '凤'),
    ('蘭', '兰'),
    ('雲', '云'),
    ('紅', '红'),
    ('東', '东'),
    ('貴', '贵'),
    ('榮', '荣'),
    ('義', '义'),
    ('學', '学'),
    ('傑', '杰'),
    ('亞', '亚'),
    ('曉', '晓'),
    ('夢', '梦'),
    ('靜', '静'),
    ('穎', '颖'),
    ('瑩', '莹'),
    ('嵐', '岚'),
    ('愛', '爱'),
    ('書', '书'),
    ('術', '术'),
];

fn simplified(c: char) -> char {
    TRADITIONAL_SIMPLIFIED
        .iter()
        .find(|(traditional, _)| *traditional == c)
        .map_or(c, |(_, simplified)| *simplified)
}

/// Whether `delivered` is a variant of `registered`; both canonical and unequal.
pub(crate) fn is_variant(delivered: &str, registered: &str) -> bool {
    agreement(delivered, registered) != NameAgreement::Differs
}

/// How two canonical names agree, former names left aside.
pub(crate) fn agreement(delivered: &str, registered: &str) -> NameAgreement {
    if delivered == registered {
        return NameAgreement::Equal;
    }
    if is_other_script(delivered, registered) {
        return NameAgreement::Script;
    }
    let delivered: Vec<char> = delivered.chars().map(simplified).collect();
    let registered: Vec<char> = registered.chars().map(simplified).collect();
    if delivered.len() == registered.len() {
        if differs_in_one(&delivered, &registered) {
            return NameAgreement::OneCharacter;
        }
        if is_reordered(&delivered, &registered) {
            return NameAgreement::Order;
        }
        return NameAgreement::Differs;
    }
    // One character alone is in very many names, so it says nothing.
    let (short, long) = if delivered.len() < registered.len() {
        (&delivered, &registered)
    } else {
        (&registered, &delivered)
    };
    if short.len() >= 2 && is_subsequence(short, long) {
        NameAgreement::MissingOrAdded
    } else {
        NameAgreement::Differs
    }
}

/// How a delivered canonical name agrees with what the register says of a person.
pub(crate) fn agreement_with(delivered: &str, entry: &RegisterEntry<'_>) -> NameAgreement {
    if entry.name() != delivered && entry.former_names().any(|former| former == delivered) {
        NameAgreement::Former
    } else {
        agreement(delivered, entry.name())
    }
}

/// Whether it is one name now or formerly, in either script; allocates nothing, since it is asked of all who were born on
/// a day.
pub(crate) fn is_same_person_name(delivered: &str, entry: &RegisterEntry<'_>) -> bool {
    entry.name() == delivered
        || is_other_script(delivered, entry.name())
        || entry.former_names().any(|former| former == delivered)
}

fn is_other_script(a: &str, b: &str) -> bool {
    let (mut a, mut b) = (a.chars(), b.chars());
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(x), Some(y)) if x == y || simplified(x) == simplified(y) => {}
            _ => return false,
        }
    }
}

/// One character differs, and what agrees is at least two characters, or the surname of a name of two.
fn differs_in_one(a: &[char], b: &[char]) -> bool {
    let differing = a.iter().zip(b).filter(|(x, y)| x != y).count();
    differing == 1 && (a.len() >= 3 || a.first() == b.first())
}

fn is_reordered(a: &[char], b: &[char]) -> bool {
    let (mut a, mut b) = (a.to_vec(), b.to_vec());
    a.sort_unstable();
    b.sort_unstable();
    a == b
}

fn is_subsequence(short: &[char], long: &[char]) -> bool {
    let mut rest = long.iter();
    short.iter().all(|wanted| rest.any(|c| c == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(delivered: &str, registered: &str, expected: bool) {
        assert_eq!(
            is_variant(delivered, registered),
            expected,
            "{delivered} / {registered}"
        );
        assert_eq!(
            is_variant(registered, delivered),
            expected,
            "{registered} / {delivered}"
        );
    }

    #[test]
    fn near_names_are_variants_and_far_ones_are_not() {
        check("测试乙", "测试甲", true);
        check("测试", "测试甲", true);
        check("测试甲乙", "测试甲", true);
        check("试测甲", "测试甲", true);
        check("測試甲", "测试甲", true);
        check("測試乙", "测试甲", true);
        check("阿依·测试", "阿依测试", true);
        check("测甲", "测乙", true);
        check("测甲", "试甲", false);
        check("测", "测试甲", false);
        check("样例乙", "测试甲", false);
        check("测试甲乙丙", "测样例丁戊", false);
    }

    #[test]
    fn the_table_is_one_to_one() {
        let mut seen = std::collections::BTreeSet::new();
        for (traditional, simplified) in TRADITIONAL_SIMPLIFIED {
            assert_ne!(traditional, simplified);
            assert!(seen.insert(*traditional), "{traditional} twice");
            assert!(seen.insert(*simplified), "{simplified} twice");
        }
    }
}
