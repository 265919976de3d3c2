//! How fast deliveries are read and cleaned: `cargo run --release -p intake --example intake-speed [ROWS]`.
//!
//! Rows of penalties in the national layout with its extension columns, every cell that a real row fills filled. One
//! thread; rows per second of processor time.

use std::io::{Cursor, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use domain::catalogue::ItemId;
use domain::{Day, ResidentId};
use intake::{Cleaned, Context, Limits};

const ROWS: u32 = 200_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rows = std::env::args().nth(1).map_or(Ok(ROWS), |text| text.parse())?;
    let catalogue = catalogue::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue"))?;
    let item = catalogue
        .items
        .get(&ItemId::parse("ITM-PENALTY")?)
        .ok_or("no item ITM-PENALTY")?;
    let provider = item.providers.first().ok_or("no provider")?;
    let context = Context {
        catalogue: &catalogue,
        item,
        provider,
        today: Day::parse_iso("2026-11-24")?,
        allow_test_area: true,
    };

    let layout = item.layouts.first().ok_or("no layout")?;
    let header: Vec<&str> = layout.columns.iter().map(|column| column.header.as_str()).collect();
    let codes: Vec<&str> = layout.columns.iter().map(|column| &*column.field.0).collect();
    let text = delivery(rows, &header, &codes)?;
    let gb18030 = encoding_rs::GB18030.encode(std::str::from_utf8(&text)?).0.into_owned();

    let mut out = std::io::stdout().lock();
    for (name, bytes) in [("UTF-8", text), ("GB18030", gb18030)] {
        let megabytes = bytes.len() / 1_000_000;
        let begin = Time::now();
        let read = read_only(&bytes)?;
        let reading = begin.elapsed();
        let begin = Time::now();
        let (clean, refused) = take_in(&bytes, &context)?;
        let all = begin.elapsed();
        let per_second = |elapsed: Duration| f64::from(rows) / elapsed.as_secs_f64();
        writeln!(
            out,
            "{name}: {read} rows of {} columns, {megabytes} MB; read only {:.0} rows/s; read and cleaned {:.0} rows/s \
             ({clean} clean, {refused} refused)",
            header.len(),
            per_second(reading),
            per_second(all),
        )?;
    }
    Ok(())
}

/// Time that this thread had a processor (Linux; elsewhere the time of day), so that a busy machine does not distort it.
enum Time {
    Processor(Duration),
    Clock(Instant),
}

impl Time {
    fn now() -> Self {
        Self::processor().map_or_else(|| Self::Clock(Instant::now()), Self::Processor)
    }

    fn processor() -> Option<Duration> {
        let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        stat.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
    }

    fn elapsed(&self) -> Duration {
        match self {
            Self::Processor(begin) => Self::processor().unwrap_or_default().saturating_sub(*begin),
            Self::Clock(begin) => begin.elapsed(),
        }
    }
}

fn read_only(bytes: &[u8]) -> Result<u32, intake::FileFault> {
    let mut source = intake::open(Cursor::new(bytes), "speed.csv", &Limits::default())?;
    let mut table = source.table()?;
    while table.next_row()?.is_some() {}
    Ok(table.rows_read())
}

fn take_in(bytes: &[u8], context: &Context<'_>) -> Result<(u32, u32), Box<dyn std::error::Error>> {
    let mut source = intake::open(Cursor::new(bytes), "speed.csv", &Limits::default())?;
    let mut table = source.table()?;
    let map = intake::recognise(table.header(), context.item, context.catalogue).map_err(|_| "unknown header")?;
    let (mut clean, mut refused) = (0, 0);
    while let Some(row) = table.next_row()? {
        match intake::clean(row, &map, context) {
            Cleaned::Row(..) => clean += 1,
            Cleaned::Refused(_) | Cleaned::Slip(..) => refused += 1,
        }
    }
    Ok((clean, refused))
}

/// A delivery of `rows` different penalties, every hundredth with two faults.
fn delivery(rows: u32, header: &[&str], codes: &[&str]) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    let birth = Day::parse_iso("1960-01-01")?;
    for row in 0..rows {
        let number = ResidentId::compose(
            "370199",
            birth.plus_days(i32::try_from(row % 14_000)?)?,
            u16::try_from(row % 900)?,
        )?;
        let (month, day) = (1 + row % 10, 1 + row % 28);
        let cell = |code: &str| -> String {
            match code {
                "CF_XDR_MC" => format!(
                    "测试{}",
                    ["甲", "乙", "丙", "丁"].get(row as usize % 4).unwrap_or(&"戊")
                ),
                "CF_XDR_LB" => "自然人".into(),
                "CF_XDR_ZJLX" => "身份证".into(),
                "CF_XDR_ZJHM" => number.expose().to_owned(),
                "CF_WSH" if row % 100 == 0 => String::new(),
                "CF_WSH" => format!("测市监罚字〔2026〕{row}号"),
                "CF_WFXW" => "销售未经检验的散装食品".into(),
                "CF_SY" => format!(
                    "经查，当事人于2026年{month}月{day}日在经营场所销售未经检验的散装食品{row}公斤，货值金额较小，案发后当事人积极配合调查，并将剩余食品下架封存"
                ),
                "CF_YJ" => {
                    "《中华人民共和国食品安全法》第一百二十四条第一款第一项、《中华人民共和国行政处罚法》第三十二条"
                        .into()
                }
                "CF_CFLB" => "罚款;没收违法所得".into(),
                "CF_NR" => {
                    "1.没收违法所得人民币叁佰元整；2.罚款人民币伍仟元整，自收到决定书之日起十五日内缴至指定银行".into()
                }
                "CF_NR_FK" if row % 100 == 0 => "伍仟".into(),
                "CF_NR_FK" => "0.5".into(),
                "CF_NR_WFFF" => "0.03".into(),
                "CF_JDRQ" => format!("2026/{month:02}/{day:02}"),
                "CF_XWZZRQ" => format!("2026/{month:02}/01"),
                "CF_YXQ" => "2099/12/31".into(),
                "CF_CFJG" | "CF_SJLY" => "测试市市场监督管理局".into(),
                "CF_CFJGDM" | "CF_SJLYDM" => "11370199MB9900013X".into(),
                "CF_CFCX" => "普通程序".into(),
                "CF_SXDJ" => "一般".into(),
                "CF_SFZA" => "否".into(),
                "CF_LXQK" => "已履行".into(),
                "CF_LXWBRQ" => "2026/11/01".into(),
                "CF_GZSDRQ" => format!("2026/{month:02}/28"),
                "CF_XFGZSD" => "是".into(),
                "MLBM" => "ITM-PENALTY".into(),
                "SJZT" => "0".into(),
                _ => String::new(),
            }
        };
        writer.write_record(codes.iter().map(|code| cell(code)))?;
    }
    Ok(writer.into_inner()?)
}
