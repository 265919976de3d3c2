//! What an adapter leaves for the provider: receipt, fault file, or an error with its remedy. None holds personal data.

use std::io::Write;

use anyhow::Context;
use app::App;
use domain::Clock;
use policy::{Caller, ReadDelivery};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use uuid::Uuid;

use super::folder::Folder;
use crate::clock::SystemClock;

/// Why nothing was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) code: &'static str,
    /// What is wrong and what to do, Chinese and English.
    pub(crate) what: [&'static str; 2],
    pub(crate) remedy: [&'static str; 2],
    /// Whether the adapter tries again by itself.
    pub(crate) tries_again: bool,
}

impl Trouble {
    /// What an error of the use case means to a provider.
    pub(crate) fn of(error: &app::deliver::DeliverError) -> Self {
        Self {
            code: error.code(),
            what: [
                "系统暂时不能接收该文件；已确认的数据没有丢失",
                "the system cannot take in the file now; nothing acknowledged is lost",
            ],
            remedy: [
                "无需处理，系统会自动重试；如长时间未恢复，请将错误代码告知信用中心",
                "nothing: it is tried again by itself; if that lasts, tell the credit centre the code",
            ],
            tries_again: true,
        }
    }

    /// A refusal of the policies.
    pub(crate) fn refused(refusal: &policy::Refusal) -> Self {
        Self {
            code: refusal.code(),
            what: [
                "该单位无权提供该事项",
                "the policies do not let this organisation deliver this item",
            ],
            remedy: [
                "请核对文件夹；如应由本单位提供，请信用中心更新目录",
                "check the folder; if the item is yours, ask the credit centre to enter you in the catalogue",
            ],
            tries_again: false,
        }
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "code": self.code,
            "what": self.what[0],
            "what_en": self.what[1],
            "remedy": self.remedy[0],
            "remedy_en": self.remedy[1],
            "tries_again": self.tries_again,
            "at": SystemClock.now().local_text(),
        })
    }
}

/// Writes `value` as `name`, whole or not at all.
pub(crate) fn write_json(folder: &Folder, name: &str, value: &Value) -> std::io::Result<()> {
    folder.write(name, |file| {
        serde_json::to_writer_pretty(&mut *file, value)?;
        file.write_all(b"\n")
    })
}

/// Writes the fault file of a delivery chunk by chunk, so that a file that is wrong in every row needs no more memory than
/// one chunk.
pub(crate) fn write_faults(
    app: &App,
    caller: &Caller,
    delivery: Uuid,
    folder: &Folder,
    name: &str,
) -> anyhow::Result<()> {
    let runtime = Handle::current();
    let head = runtime
        .block_on(app::deliveries::find(app, delivery))?
        .context("the delivery is gone")?;
    let permit = app.policies().decide(
        caller,
        ReadDelivery {
            delivery,
            provider: head.provider,
        },
    )?;
    folder.write(name, |file| {
        file.write_all(&intake::fault_csv(&[], intake::Lang::Zh, true))?;
        for chunk_no in 0.. {
            let lines = runtime
                .block_on(app::deliveries::fault_lines(app, &permit, chunk_no))
                .map_err(std::io::Error::other)?;
            let Some(lines) = lines else { break };
            file.write_all(&intake::fault_csv(&lines, intake::Lang::Zh, false))?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Delivery and state that a receipt names.
pub(crate) fn named_by(receipt: &[u8]) -> anyhow::Result<(Uuid, String)> {
    let value: Value = serde_json::from_slice(receipt).context("the receipt cannot be read")?;
    let word = |key: &str| value.pointer(key).and_then(Value::as_str).unwrap_or_default();
    let delivery = Uuid::parse_str(word("/receipt/delivery")).context("the receipt names no delivery")?;
    Ok((delivery, word("/receipt/state").to_owned()))
}

/// Data rows that a receipt counts.
pub(crate) fn rows_of(receipt: &[u8]) -> u64 {
    serde_json::from_slice::<Value>(receipt)
        .ok()
        .and_then(|value| value.pointer("/receipt/rows/received").and_then(Value::as_u64))
        .unwrap_or_default()
}
