//! The catalogue, and rows that can be changed cell by cell.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;
use std::sync::OnceLock;

use domain::catalogue::{Catalogue, FieldRole, FieldSpec, Item, ItemId};
use domain::{Day, Uscc};
use intake::{Cleaned, Context, Fault, HeaderMap, Limits, RawRow};

pub(crate) const NUMBER: &str = "370199198506070039";
pub(crate) const OTHER_NUMBER: &str = "370199190001010018";
/// 市场监督管理局 of the synthetic city.
pub(crate) const ORGAN: &str = "11370199MB9900013X";

pub(crate) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        catalogue::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue")).expect("the catalogue is clean")
    })
}

pub(crate) fn item(id: &str) -> &'static Item {
    catalogue().items.get(&ItemId::parse(id).unwrap()).unwrap()
}

pub(crate) fn day(text: &str) -> Day {
    Day::parse_iso(text).unwrap()
}

pub(crate) fn today() -> Day {
    day("2026-11-24")
}

/// A file of one item: header version, and rows by field code.
#[derive(Clone)]
pub(crate) struct Sheet {
    pub(crate) item: &'static Item,
    pub(crate) version: &'static str,
    pub(crate) allow_test_area: bool,
    /// Field codes of columns left out.
    pub(crate) without: Vec<&'static str>,
    /// Day of delivery.
    pub(crate) today: Day,
}

impl Sheet {
    pub(crate) fn new(item_id: &str, version: &'static str) -> Self {
        Self {
            item: item(item_id),
            version,
            allow_test_area: true,
            without: Vec::new(),
            today: today(),
        }
    }

    pub(crate) fn penalties() -> Self {
        Self::new("ITM-PENALTY", "2018+")
    }

    /// Header texts and field codes, extension columns included.
    pub(crate) fn columns(&self) -> Vec<(&'static str, &'static str)> {
        let layout = self
            .item
            .layouts
            .iter()
            .find(|layout| layout.version == self.version)
            .unwrap();
        let columns = layout
            .columns
            .iter()
            .map(|column| (column.header.as_str(), &*column.field.0));
        columns.filter(|(_, code)| !self.without.contains(code)).collect()
    }

    pub(crate) fn header(&self) -> Vec<String> {
        self.columns()
            .into_iter()
            .map(|(header, _)| header.to_owned())
            .collect()
    }

    pub(crate) fn cells(&self, row: &Row) -> Vec<String> {
        self.columns()
            .into_iter()
            .map(|(_, code)| row.get(code).cloned().unwrap_or_default())
            .collect()
    }

    /// The first field of the version that has the role.
    pub(crate) fn field_with(&self, role: FieldRole) -> Option<&'static FieldSpec> {
        let there = self.columns();
        let mut fields = self.item.fields.iter();
        fields.find(|field| field.role == role && there.iter().any(|(_, code)| *code == &*field.code.0))
    }

    pub(crate) fn map(&self) -> HeaderMap {
        intake::recognise(&RawRow::from_cells(1, &self.header()), self.item, catalogue()).unwrap()
    }

    pub(crate) fn clean(&self, row: &Row) -> Cleaned {
        let provider = self.item.providers.first().unwrap();
        let context = self.context(provider);
        intake::clean(&RawRow::from_cells(7, &self.cells(row)), &self.map(), &context)
    }

    pub(crate) fn context<'a>(&self, provider: &'a Uscc) -> Context<'a> {
        Context {
            catalogue: catalogue(),
            item: self.item,
            provider,
            today: self.today,
            allow_test_area: self.allow_test_area,
        }
    }

    /// Code and field of each fault, in order; checks that line, column and header say the same place.
    pub(crate) fn places(&self, faults: &[Fault]) -> Vec<(String, String)> {
        faults
            .iter()
            .map(|fault| {
                assert_eq!(fault.line, 7, "{fault:?}");
                let columns = self.columns();
                let field = match fault.column {
                    Some(column) => {
                        let (header, code) = columns[column as usize - 1];
                        assert_eq!(fault.header.as_deref(), Some(header));
                        code
                    }
                    None => "",
                };
                (fault.code.as_str().to_owned(), field.to_owned())
            })
            .collect()
    }
}

pub(crate) type Row = BTreeMap<&'static str, String>;

pub(crate) fn row(cells: &[(&'static str, &str)]) -> Row {
    cells.iter().map(|(code, text)| (*code, (*text).to_owned())).collect()
}

/// A penalty without any fault, for every header version.
pub(crate) fn penalty() -> Row {
    row(&[
        ("CF_XDR_MC", "测试甲"),
        ("CF_XDR_LB", "自然人"),
        ("CF_XDR_ZJLX", "身份证"),
        ("CF_XDR_ZJHM", NUMBER),
        ("CF_WSH", "测市监罚字〔2026〕12号"),
        ("CF_CFMC", "违反食品安全规定"),
        ("CF_WFXW", "销售未检验食品"),
        ("CF_SY", "经查，当事人销售未经检验的散装食品，已下架"),
        ("CF_YJ", "《中华人民共和国食品安全法》第一百二十四条"),
        ("CF_CFLB", "罚款"),
        ("CF_NR", "罚款人民币贰万元整"),
        ("CF_NR_FK", "2"),
        ("CF_JDRQ", "2026/09/01"),
        ("CF_YXQ", "2099/12/31"),
        ("CF_CFJG", "测试市市场监督管理局"),
        ("CF_CFJGDM", ORGAN),
        ("CF_SJLY", "测试市市场监督管理局"),
        ("CF_SJLYDM", ORGAN),
        ("CF_CFCX", "普通程序"),
        ("CF_SXDJ", "一般"),
        ("CF_XWZZRQ", "2026/08/20"),
        ("CF_SFZA", "否"),
    ])
}

pub(crate) fn permit() -> Row {
    row(&[
        ("XK_XDR_MC", "测试甲"),
        ("XK_XDR_LB", "自然人"),
        ("XK_XDR_ZJLX", "01"),
        ("XK_XDR_ZJHM", NUMBER),
        ("XK_XKWS", "准予许可决定书"),
        ("XK_WSH", "测许字〔2026〕3号"),
        ("XK_XKLB", "01"),
        ("XK_NR", "食品经营"),
        ("XK_JDRQ", "2024-03-05"),
        ("XK_YXQZ", "2024-03-05"),
        ("XK_YXQZI", "2099/12/31"),
        ("XK_XKJG", "测试市市场监督管理局"),
        ("XK_XKJGDM", ORGAN),
        ("XK_ZT", "1"),
        ("XK_LYDW", "测试市市场监督管理局"),
        ("XK_LYDWDM", ORGAN),
    ])
}

pub(crate) fn defaulter() -> Row {
    row(&[
        ("SX_XM", "测试甲"),
        ("SX_ZJHM", NUMBER),
        ("SX_ZXFY", "测试市甲区人民法院"),
        ("SX_YJWH", "（2025）测0102民初12号"),
        ("SX_LASJ", "2026年3月5日"),
        ("SX_AH", "（2026）测0102执34号"),
        ("SX_YW", "偿还借款本金及利息"),
        ("SX_LXQK", "全部未履行"),
        ("SX_QX", "违反财产报告制度"),
        ("SX_FBSJ", "2026年6月1日"),
    ])
}

pub(crate) fn with(mut row: Row, changes: &[(&'static str, &str)]) -> Row {
    for (code, text) in changes {
        row.insert(code, (*text).to_owned());
    }
    row
}

/// CSV with every cell quoted, lines ended by CR LF, as spreadsheets write it.
pub(crate) fn csv_of(rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .flexible(true)
        .from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

/// Every row of a file: line and cells, the header first.
pub(crate) fn read_all(
    bytes: &[u8],
    name: &str,
    limits: &Limits,
) -> Result<Vec<(u32, Vec<String>)>, intake::FileFault> {
    let mut source = intake::open(Cursor::new(bytes), name, limits)?;
    let mut table = source.table()?;
    let take = |row: &RawRow| (row.line(), row.cells().map(str::to_owned).collect::<Vec<_>>());
    let mut rows = vec![take(table.header())];
    while let Some(row) = table.next_row()? {
        rows.push(take(row));
    }
    Ok(rows)
}
