//! The words of faults, in both languages: a message says what is wrong, a remedy what to do.

use domain::catalogue::Text;

use super::{Detail, Fault, FaultCode, Lang};

/// What is wrong.
pub(super) fn message(fault: &Fault, lang: Lang) -> String {
    match (&fault.detail, lang) {
        (Detail::General | Detail::NotInList { .. }, _) => pick(general(fault.code).0, lang).to_owned(),
        (Detail::File(note), _) => text(&note.message, lang).to_owned(),
        (Detail::Refused { message, .. } | Detail::Question { message, .. }, _) => text(message, lang).to_owned(),
        (Detail::TooLong { max }, Lang::Zh) => format!("内容超过 {max} 个字符"),
        (Detail::TooLong { max }, Lang::En) => format!("the cell has more than {max} characters"),
        (Detail::WrongLength { exact }, Lang::Zh) => format!("内容不是 {exact} 个字符"),
        (Detail::WrongLength { exact }, Lang::En) => format!("the cell has not exactly {exact} characters"),
        (Detail::TooManyDigits { whole, fraction }, Lang::Zh) => {
            format!("数字位数超限：整数最多 {whole} 位，小数最多 {fraction} 位")
        }
        (Detail::TooManyDigits { whole, fraction }, Lang::En) => {
            format!("the number has more than {whole} digits before the point or {fraction} after it")
        }
        (Detail::TooEarly { than }, Lang::Zh) => format!("日期早于“{}”", than.zh),
        (Detail::TooEarly { than }, Lang::En) => format!("the day is earlier than the field '{}'", than.en),
        (detail, _) => pick(fixed(detail).0, lang).to_owned(),
    }
}

/// What to do.
pub(super) fn remedy(fault: &Fault, lang: Lang) -> String {
    match (&fault.detail, lang) {
        (Detail::General, _) => pick(general(fault.code).1, lang).to_owned(),
        (Detail::File(note), _) => text(&note.remedy, lang).to_owned(),
        (Detail::Refused { basis, .. }, Lang::Zh) => format!("请勿报送此类信息，依据：{basis}"),
        (Detail::Refused { basis, .. }, Lang::En) => format!("do not deliver this row; basis: {basis}"),
        (Detail::Question { basis, .. }, Lang::Zh) => {
            format!("请补正后重新报送该行；在此之前不向本人以外的任何人提供。依据：{basis}")
        }
        (Detail::Question { basis, .. }, Lang::En) => {
            format!(
                "complete the row and deliver it again; until then it is shown to nobody but the person; basis: {basis}"
            )
        }
        (Detail::NotInList { values }, Lang::Zh) => format!("请填写代码表中的代码或名称：{}", values.zh),
        (Detail::NotInList { values }, Lang::En) => format!("give a code or a name from the code list: {}", values.en),
        (Detail::TooLong { .. } | Detail::WrongLength { .. } | Detail::TooManyDigits { .. }, _) => {
            pick(general(FaultCode::E03).1, lang).to_owned()
        }
        (Detail::TooEarly { .. }, _) => pick(("请核对两个日期", "check both days"), lang).to_owned(),
        (detail, _) => pick(fixed(detail).1, lang).to_owned(),
    }
}

/// Chinese and English.
type Pair = (&'static str, &'static str);

const fn pick(pair: Pair, lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => pair.0,
        Lang::En => pair.1,
    }
}

fn text(text: &Text, lang: Lang) -> &str {
    match lang {
        Lang::Zh => &text.zh,
        Lang::En => &text.en,
    }
}

/// Message and remedy of a code as such.
#[expect(clippy::too_many_lines, reason = "a table of texts")]
const fn general(code: FaultCode) -> (Pair, Pair) {
    match code {
        FaultCode::E01 => (
            ("表头无法识别", "the header is not known"),
            ("请使用该事项的模板表头", "use the header of the item's template"),
        ),
        FaultCode::E02 => (
            ("必填项为空", "a required cell is empty"),
            ("请补填该单元格", "fill the cell"),
        ),
        FaultCode::E03 => (
            (
                "内容过长或格式不符",
                "the cell is too long or not in the form of its field",
            ),
            (
                "请按数据标准的格式和长度填写",
                "keep to the form and length that the data standard gives",
            ),
        ),
        FaultCode::E04 => (
            ("取值不在代码表内", "the value is not in the code list"),
            ("请填写代码表中的代码或名称", "give a code or a name from the code list"),
        ),
        FaultCode::E05 => (
            ("证件号码校验不通过", "the document number fails its check"),
            ("请核对证件原件上的号码", "check the number against the document itself"),
        ),
        FaultCode::E06 => (
            (
                "证件号码中的日期或地区无效",
                "the date or area in the document number is impossible",
            ),
            ("请核对证件原件上的号码", "check the number against the document itself"),
        ),
        FaultCode::E07 => (
            ("姓名与证件号码不一致", "name and document number do not agree"),
            (
                "请核对姓名和证件号码；该行待人工核实",
                "check name and number; the row waits for a review",
            ),
        ),
        FaultCode::E08 => (
            (
                "统一社会信用代码校验不通过",
                "the unified social credit code fails its check",
            ),
            ("请核对 18 位代码", "check the 18 characters of the code"),
        ),
        FaultCode::E09 => (
            ("日期无效", "the day is not valid"),
            ("请按 YYYY/MM/DD 填写真实日期", "give a real day as YYYY/MM/DD"),
        ),
        FaultCode::E10 => (
            (
                "作出机关未在单位名录中登记",
                "the deciding organ is not in the register of organisations",
            ),
            (
                "请联系市信用中心核对单位登记",
                "ask the credit centre to check the register of organisations",
            ),
        ),
        FaultCode::E11 => (
            (
                "决定日期不在该事项的有效期内",
                "the item was not in force on the day of the decision",
            ),
            ("请核对决定日期和事项", "check the day of the decision and the item"),
        ),
        FaultCode::E12 => (
            ("同一事实重复报送", "the same fact is delivered twice"),
            ("请保留一行", "keep one of the rows"),
        ),
        FaultCode::E13 => (
            ("属于不得归集的信息", "content that may not be collected"),
            ("请勿报送此类信息", "do not deliver this row"),
        ),
        FaultCode::E14 => (
            ("期限已届满", "the record has ended already"),
            ("请勿报送期限届满的信息", "do not deliver records that have ended"),
        ),
        FaultCode::E15 => (
            (
                "该信息已撤回，或要删除的信息不存在",
                "the record was withdrawn, or the one to delete is not known",
            ),
            (
                "请核对文号和数据状态",
                "check the document number and the row operation",
            ),
        ),
        FaultCode::E16 => (
            (
                "文本中含有他人信息，该文本不予展示",
                "the text names other persons or numbers and is withheld",
            ),
            (
                "请删去他人姓名、证件号码和电话后重新报送",
                "remove names, document and telephone numbers and deliver the row again",
            ),
        ),
        FaultCode::Q01 => (
            (
                "该行待报送单位答复，暂不提供",
                "the row is held until the provider has answered a question",
            ),
            (
                "请按提示补正后重新报送该行",
                "complete the row as the question asks and deliver it again",
            ),
        ),
        FaultCode::Q02 => (
            (
                "身份库中没有该证件号码，该行暂不归集",
                "the identity register does not know the document number; the row is attached to nobody",
            ),
            (
                "请核对证件号码；号码无误的，待身份库更新后自动归集",
                "check the number; if it is right, the row is taken in once the register knows it",
            ),
        ),
        FaultCode::Q03 => (
            (
                "该行须由人工审核决定是否归集，决定前不提供",
                "a human decides whether the row is recorded; until then it is shown to nobody",
            ),
            (
                "请在待核事项中核对依据并说明理由；已不属实的，请以“数据状态=删除”报送",
                "decide the review with reasons; if the row is not right, send it with 数据状态 = 删除",
            ),
        ),
    }
}

/// Message and remedy of a detail without numbers.
#[expect(clippy::too_many_lines, reason = "a table of texts")]
const fn fixed(detail: &Detail) -> (Pair, Pair) {
    match detail {
        Detail::HeaderUnknown => (
            (
                "表头与该事项的任何版本都不符",
                "the header fits no version of the item's template",
            ),
            (
                "请使用该事项的模板表头，表头应在第一行",
                "use the header of the item's template, in the first row",
            ),
        ),
        Detail::ColumnMissing => (
            ("缺少必需的列", "a required column is missing"),
            ("请按模板补上该列", "add the column as in the template"),
        ),
        Detail::ColumnTwice => (
            ("有两列表示同一数据项", "two columns stand for the same field"),
            ("请只保留一列", "keep one of them"),
        ),
        Detail::NotANumber => (
            ("不是数字", "the cell is not a number"),
            (
                "请只填数字，按表头的单位换算",
                "give digits only, in the unit of the header",
            ),
        ),
        Detail::ControlCharacters => (
            (
                "含有控制字符、改变文字方向的字符或转码丢失的字符",
                "the cell has control characters, characters that turn the direction of the text, or characters lost in a conversion",
            ),
            (
                "请删去不可见字符，核对文字后重新报送",
                "remove invisible characters, check the text and deliver it again",
            ),
        ),
        Detail::NotAName => (
            ("不是有效的姓名", "the cell is not a name"),
            (
                "请按证件填写完整姓名，不要脱敏",
                "give the full name as in the document, unmasked",
            ),
        ),
        Detail::CellError => (
            (
                "单元格是电子表格的错误值",
                "the cell is an error value of the spreadsheet",
            ),
            ("请修正公式后重新报送", "correct the formula and deliver it again"),
        ),
        Detail::DigitsLost => (
            ("长数字被电子表格截断", "the spreadsheet has cut the long number"),
            (
                "请将该列设为文本格式后重新填写",
                "set the column to text and enter the number again",
            ),
        ),
        Detail::CellsBeyondHeader => (
            ("该行的单元格多于表头的列", "the row has more cells than the header"),
            (
                "请检查单元格内的逗号和引号",
                "check commas and quotation marks inside cells",
            ),
        ),
        Detail::NumberShape => (
            (
                "身份证号码不是 18 位（或旧 15 位）",
                "the identity number has not 18 (or the former 15) characters",
            ),
            ("请核对证件原件上的号码", "check the number against the document itself"),
        ),
        Detail::DocumentShape => (
            (
                "证件号码与证件类型不符",
                "the number has not the form of its kind of document",
            ),
            ("请核对证件类型和号码", "check the kind of document and the number"),
        ),
        Detail::NumberCheck => (
            ("身份证号码校验码不符", "the identity number fails its check character"),
            ("请核对证件原件上的号码", "check the number against the document itself"),
        ),
        Detail::NumberDate => (
            (
                "身份证号码中的出生日期无效",
                "the date of birth in the identity number is impossible",
            ),
            ("请核对证件原件上的号码", "check the number against the document itself"),
        ),
        Detail::NumberArea => (
            (
                "身份证号码中的地区代码无效",
                "the area in the identity number is impossible",
            ),
            ("请核对证件原件上的号码", "check the number against the document itself"),
        ),
        Detail::TestArea => (
            (
                "测试用号码，本系统不接收",
                "a test number, which this system does not take",
            ),
            (
                "请勿在正式系统中报送测试数据",
                "do not deliver test data to a production system",
            ),
        ),
        Detail::NotADay => (
            ("不是有效日期", "the cell is not a day"),
            ("请按 YYYY/MM/DD 填写真实日期", "give a real day as YYYY/MM/DD"),
        ),
        Detail::InFuture => (
            ("日期晚于报送当日", "the day is later than the day of the delivery"),
            ("请核对日期", "check the day"),
        ),
        Detail::OrganUnknown => (
            (
                "作出机关未在单位名录中登记",
                "the deciding organ is not in the register of organisations",
            ),
            (
                "请核对机关代码，或联系市信用中心登记",
                "check its code, or ask the credit centre to register it",
            ),
        ),
        Detail::NotAPerson => (
            (
                "信息主体不是自然人",
                "the row is about an organisation or a business, not about a person",
            ),
            (
                "请勿将单位和个体工商户的信息报入个人信用系统",
                "do not deliver organisations or businesses to the system of persons",
            ),
        ),
        Detail::General
        | Detail::NotInList { .. }
        | Detail::File(_)
        | Detail::Refused { .. }
        | Detail::Question { .. }
        | Detail::TooLong { .. }
        | Detail::WrongLength { .. }
        | Detail::TooManyDigits { .. }
        | Detail::TooEarly { .. } => general(FaultCode::E03),
    }
}
