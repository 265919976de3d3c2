//! Receipts: of a delivery, of a look-up, of a block of a comparison. What the signature does not cover is not said to hold, and
//! a receipt that has other parts than it should is none.

use anyhow::Context;
use serde_json::Value;
use translog::verifies;

use crate::ReceiptArgs;
use crate::check::{FILE_BYTES_MAX, Verdict, read};
use crate::texts::{Fault, local_time};

/// That a receipt is signed.
pub(crate) fn receipt(args: &ReceiptArgs) -> anyhow::Result<Verdict> {
    let key = hex::decode(&args.key)
        .ok()
        .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let key = key.context("--key is not 64 hexadecimal digits")?;
    let bytes = read(&args.file, FILE_BYTES_MAX)?;
    Ok(check_receipt(&bytes, &key))
}

fn check_receipt(bytes: &[u8], key: &[u8; 32]) -> Verdict {
    let whole: Value = serde_json::from_slice(bytes).map_err(|_| form())?;
    // A look-up's receipt is a part of its answer, that of a comparison's block a line of it.
    let part = ["receipt", "block"].iter().find_map(|name| whole.get(name));
    let part = part.unwrap_or(&whole);
    if part.get("look_up").is_some() {
        look_up(part, key)
    } else if part.get("answer_hash").is_some() {
        block(part, key)
    } else {
        delivery(&whole, key)
    }
}

fn form() -> Fault {
    Fault::new("不是回执", "it is not a receipt")
}

/// `{"key": …, "receipt": {…}, "signature": …}`, with an SM2 signature beside it in an installation that has the SM suite.
fn delivery(whole: &Value, key: &[u8; 32]) -> Verdict {
    let has_sm2 = only(whole, &["key", "key_sm2", "receipt", "signature", "signature_sm2"]);
    if !has_sm2 && !only(whole, &["key", "receipt", "signature"]) {
        return Err(form());
    }
    let receipt = whole.get("receipt").ok_or_else(form)?;
    if text(whole, "key")? != hex::encode(key) {
        return Err(not_signed());
    }
    // The signature is over the compact JSON, whose keys are in alphabetical order.
    check(whole, receipt.to_string().as_bytes(), key)?;
    let word = |name: &str| text(receipt, name).unwrap_or("-").to_owned();
    let rows = receipt.get("rows").map(ToString::to_string).unwrap_or_default();
    let (delivery, item, at) = (word("delivery"), word("item"), word("finished_at"));
    let mut lines = vec![
        format!("验证通过：归集回执 {delivery}，项目 {item}，{at}"),
        format!("HOLDS: receipt of delivery {delivery}, item {item}, {at}"),
        format!("       {rows}"),
    ];
    if has_sm2 {
        lines.push("       SM2 签名未验证 / its SM2 signature was not checked".to_owned());
    }
    Ok(lines)
}

/// `app::look_ups::promise` is what is signed.
fn look_up(receipt: &Value, key: &[u8; 32]) -> Verdict {
    if !only(receipt, &["at_ms", "entry_hash", "look_up", "signature"]) {
        return Err(form());
    }
    let (id, hash, at_ms) = (
        id(receipt, "look_up")?,
        hash(receipt, "entry_hash")?,
        moment(receipt, "at_ms")?,
    );
    let promise = format!("chengdang look-up receipt 1\n{id}\n{hash}\n{at_ms}\n");
    check(receipt, promise.as_bytes(), key)?;
    let at = local_time(at_ms);
    Ok(vec![
        format!("验证通过：查询回执 {id}，{at}"),
        format!("HOLDS: receipt of look-up {id}, {at}"),
        format!("       日志记录 / entry of the log: {hash}"),
    ])
}

/// `app::comparisons::promise` is what is signed: not the number of rows, which the entries themselves give.
fn block(receipt: &Value, key: &[u8; 32]) -> Verdict {
    let signed = ["answer_hash", "as_of_ms", "entry_hash", "id", "signature"];
    if !only(receipt, &signed)
        && !only(
            receipt,
            &["answer_hash", "as_of_ms", "entry_hash", "id", "rows", "signature"],
        )
    {
        return Err(form());
    }
    let (id, at_ms) = (id(receipt, "id")?, moment(receipt, "as_of_ms")?);
    let (hash, answer) = (hash(receipt, "entry_hash")?, hash(receipt, "answer_hash")?);
    let promise = format!("chengdang comparison receipt 1\n{id}\n{hash}\n{answer}\n{at_ms}\n");
    check(receipt, promise.as_bytes(), key)?;
    let at = local_time(at_ms);
    Ok(vec![
        format!("验证通过：批量比对回执 {id}，{at}"),
        format!("HOLDS: receipt of block {id} of a comparison, as of {at}"),
        format!("       日志记录 / entries of the log: {hash} (rows), {answer} (answers)"),
    ])
}

fn check(receipt: &Value, message: &[u8], key: &[u8; 32]) -> Result<(), Fault> {
    let signature = hex::decode(text(receipt, "signature")?).map_err(|_| form())?;
    if verifies(key, message, &signature) {
        Ok(())
    } else {
        Err(not_signed())
    }
}

fn not_signed() -> Fault {
    Fault::new("签名不是由该密钥作出的", "it is not signed by that key")
}

/// Whether `value` has these parts and no other.
fn only(value: &Value, names: &[&str]) -> bool {
    let has_all = |parts: &serde_json::Map<String, Value>| names.iter().all(|name| parts.contains_key(*name));
    value
        .as_object()
        .is_some_and(|parts| parts.len() == names.len() && has_all(parts))
}

fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, Fault> {
    value.get(name).and_then(Value::as_str).ok_or_else(form)
}

fn id<'a>(value: &'a Value, name: &str) -> Result<&'a str, Fault> {
    let id = text(value, name)?;
    let is_good = id.len() == 36 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    if is_good { Ok(id) } else { Err(form()) }
}

fn hash<'a>(value: &'a Value, name: &str) -> Result<&'a str, Fault> {
    let hash = text(value, name)?;
    let is_good = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_good { Ok(hash) } else { Err(form()) }
}

fn moment(value: &Value, name: &str) -> Result<i64, Fault> {
    value.get(name).and_then(Value::as_i64).ok_or_else(form)
}
