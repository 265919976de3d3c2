//! What is said, in Chinese and English.

use translog::LogFault;

/// Why something does not hold.
#[derive(Debug)]
pub(crate) struct Fault {
    zh: String,
    en: String,
}

impl Fault {
    pub(crate) fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// The same, said of one entry of several.
    pub(crate) fn of_entry(self, number: usize) -> Self {
        Self {
            zh: format!("第 {number} 条：{}", self.zh),
            en: format!("entry {number}: {}", self.en),
        }
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        vec![
            format!("验证不通过：{}", self.zh),
            format!("DOES NOT HOLD: {}", self.en),
        ]
    }
}

impl From<LogFault> for Fault {
    fn from(fault: LogFault) -> Self {
        let zh = match &fault {
            LogFault::Form { .. } => "格式不正确",
            LogFault::Signature => "检查点不是由该日志的密钥签名的",
            LogFault::Cosignature => "见证签名不是由该见证方作出的",
            LogFault::Origin => "检查点属于另一个日志",
            LogFault::Proof => "证明不能推出检查点的根哈希",
            LogFault::BeyondTree { .. } => "序号超出日志的条数",
            LogFault::Tiles | LogFault::TileMissing { .. } | LogFault::Io(_) => "日志文件有损坏",
        };
        Self::new(zh, fault.to_string())
    }
}

/// Kind of an entry by the number in its leaf. The numbers never change.
pub(crate) const fn kind(number: u8) -> (&'static str, &'static str) {
    match number {
        1 => ("查询或查阅", "a look at a file"),
        2 => ("记录入库", "records were taken in"),
        3 => ("归集回执", "a delivery's receipt"),
        4 => ("记录变更", "an event of a record"),
        5 => ("主体变更", "an event of a person"),
        6 => ("程序环节", "a step of a procedure"),
        7 => ("查询结果", "how a look-up ended"),
        8 => ("查询办结", "a look-up was closed"),
        9 => ("决定", "a decision"),
        10 => ("授权", "a consent or its withdrawal"),
        11 => ("目录版本", "a version of the catalogue"),
        12 => ("规则版本", "a version of the policies"),
        13 => ("密钥操作", "an act on a key"),
        14 => ("管理操作", "an act of an administrator"),
        _ => ("未知类型", "of a kind that this version does not know"),
    }
}

/// A moment in China Standard Time, from milliseconds since 1970-01-01T00:00Z, by the civil-from-days rule of the proleptic
/// Gregorian calendar.
pub(crate) fn local_time(at_ms: i64) -> String {
    let seconds = at_ms.div_euclid(1000).saturating_add(8 * 3600);
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days since 0000-03-01, so that the leap day is the last of its year.
    let days = days.saturating_add(719_468);
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, carried) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = era * 400 + year_of_era + carried;
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} +08:00")
}

#[cfg(test)]
mod tests {
    use super::local_time;

    #[test]
    fn moments_are_shown_in_china_standard_time() {
        for (ms, text) in [
            (0, "1970-01-01 08:00:00 +08:00"),
            (951_753_600_000, "2000-02-29 00:00:00 +08:00"),
            (1_795_485_600_999, "2026-11-24 10:00:00 +08:00"),
            (-1, "1970-01-01 07:59:59 +08:00"),
            (4_102_415_999_000, "2099-12-31 23:59:59 +08:00"),
        ] {
            assert_eq!(local_time(ms), text);
        }
    }
}
