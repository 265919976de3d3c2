//! A department's file of permits.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;

use domain::Uscc;

const HEADER: &str = "行政相对人名称,行政相对人类别,行政相对人代码_1（统一社会信用代码）,行政相对人代码_2（工商注册号）,\
                      行政相对人代码_3（组织机构代码）,行政相对人代码_4（税务登记号）,行政相对人代码_5（事业单位证书号）,\
                      行政相对人代码_6（社会组织登记证号）,法定代表人,法定代表人身份证号,证件类型,证件号码,行政许可决定文书名称,\
                      行政许可决定文书号,许可类别,许可证书名称,许可编号,许可内容,许可决定日期,有效期自,有效期至,许可机关,\
                      许可机关统一社会信用代码,当前状态,数据来源单位,数据来源单位统一社会信用代码,备注,数据状态";

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) document_no: String,
    pub(crate) name: String,
    pub(crate) number: String,
    pub(crate) content: String,
    /// Last day of the permit.
    pub(crate) until: String,
    /// 数据状态: empty, or 2 for a withdrawal.
    pub(crate) operation: &'static str,
}

impl Row {
    pub(crate) fn new(document_no: &str, name: &str, number: &str, content: &str) -> Self {
        Self {
            document_no: document_no.to_owned(),
            name: name.to_owned(),
            number: number.to_owned(),
            content: content.to_owned(),
            until: "2099/12/31".to_owned(),
            operation: "",
        }
    }

    pub(crate) fn withdrawn(self) -> Self {
        Self { operation: "2", ..self }
    }
}

/// The file as text.
pub(crate) fn csv(organ: &str, code: &Uscc, rows: &[Row]) -> String {
    let mut text = format!("{HEADER}\n");
    for row in rows {
        let Row {
            document_no,
            name,
            number,
            content,
            until,
            operation,
        } = row;
        writeln!(
            text,
            "{name},自然人,,,,,,,,,居民身份证,{number},准予行政许可决定书,{document_no},普通,食品经营许可证,\
             JY-{document_no},{content},2024/03/01,2024/03/01,{until},{organ},{code},1,{organ},{code},,{operation}"
        )
        .unwrap();
    }
    text
}

/// Text as a file that can be delivered.
pub(crate) fn file(text: &str) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}
