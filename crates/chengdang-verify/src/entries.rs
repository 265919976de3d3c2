//! The file of proofs that a resident saves: each entry's content fits its hash, and the hash is in the log. The page's own
//! script takes the same steps (`crates/web/assets/verify.js`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use translog::{Head, Leaf, SubtreePath, check_inclusion, claim_of, entry_hash, open_any, root_of_path};

use crate::EntriesArgs;
use crate::check::{Trusted, Verdict, cosignature_line, read};
use crate::texts::{Fault, kind, local_time};

/// What may be read at once: a thousand looks have some two megabytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// That all entries of a file are in the log.
pub(crate) fn entries(args: &EntriesArgs) -> anyhow::Result<Verdict> {
    let trusted = Trusted::of(&args.keys)?;
    let bytes = read(&args.file, FILE_BYTES_MAX)?;
    Ok(check_entries(&bytes, &trusted))
}

fn check_entries(bytes: &[u8], trusted: &Trusted) -> Verdict {
    let form = || Fault::new("不是证明文件", "it is not a file of proofs");
    let file: Value = serde_json::from_slice(bytes).map_err(|_| form())?;
    let entries = file.get("entries").and_then(Value::as_array).ok_or_else(form)?;
    let checkpoint = text(&file, "checkpoint")
        .ok_or_else(|| Fault::new("日志尚未发布任何检查点", "the log has published no checkpoint yet"))?;
    if entries.is_empty() {
        return Err(Fault::new("文件中没有任何记录", "there is no entry in the file"));
    }
    let tree = open_any(checkpoint.as_bytes(), &trusted.log)?;
    let (origin, _) = claim_of(checkpoint.as_bytes())?;
    let cosigned = trusted.cosigned(checkpoint.as_bytes())?;
    let (mut waiting, mut erased, mut held) = (0, 0, Vec::new());
    for (number, entry) in entries.iter().enumerate() {
        match check_entry(entry, tree, entries).map_err(|fault| fault.of_entry(number + 1))? {
            Checked::Waits => waiting += 1,
            Checked::Holds { index, leaf, is_erased } => {
                erased += usize::from(is_erased);
                let ((zh, en), at) = (kind(leaf.kind), local_time(leaf.at_ms));
                held.push(format!("       {index} {at} {zh} / {en}"));
            }
        }
    }
    let (size, holds) = (tree.size, held.len());
    let mut lines = vec![
        format!(
            "验证通过：{holds} 条在日志 {origin}（共 {size} 条）中，{waiting} 条尚待发布，{erased} 条内容已依法删除"
        ),
        format!(
            "HOLDS: {holds} entries are in the log {origin} of {size}, {waiting} wait to be published, the content of {erased} \
             was erased"
        ),
    ];
    lines.extend(held);
    lines.extend(cosigned.iter().map(cosignature_line));
    Ok(lines)
}

enum Checked {
    Waits,
    Holds { index: u64, leaf: Leaf, is_erased: bool },
}

fn check_entry(entry: &Value, head: Head, entries: &[Value]) -> Result<Checked, Fault> {
    let form = || Fault::new("格式不正确", "it is not in its form");
    let hash = text(entry, "entry_hash").and_then(|hex| hex::decode(hex).ok());
    let hash: [u8; 32] = hash.and_then(|bytes| bytes.try_into().ok()).ok_or_else(form)?;
    // Whoever leaves out one of nonce and content would have a content pass that nobody can hash.
    let is_erased = entry.get("nonce").is_none() && entry.get("content").is_none();
    if !is_erased {
        let part = |name| text(entry, name).ok_or_else(form);
        let (label, nonce, content) = (part("label")?, part("nonce")?, part("content")?);
        let nonce = hex::decode(nonce).map_err(|_| form())?;
        if entry_hash(label, &[&nonce, content.as_bytes()]) != hash {
            return Err(Fault::new("内容与哈希不符", "its content does not fit its hash"));
        }
    }
    if let Some(named_by) = entry.get("named_by") {
        return check_named(entry, named_by, head, entries);
    }
    let in_log = block_of(hash, entry.get("steps"))?;
    let Some(index) = entry.get("index") else {
        return Ok(Checked::Waits);
    };
    let index = index.as_u64().ok_or_else(form)?;
    let bytes = text(entry, "leaf")
        .and_then(|leaf| STANDARD.decode(leaf).ok())
        .ok_or_else(form)?;
    let leaf = Leaf::from_bytes(&bytes)?;
    if leaf.commitment != in_log {
        return Err(Fault::new("日志里是另一条记录", "the log has another entry there"));
    }
    // A tree of one entry has no path.
    let path: &[Value] = match entry.get("path") {
        None => &[],
        Some(path) => path.as_array().ok_or_else(form)?.as_slice(),
    };
    let path: Option<Vec<[u8; 32]>> = path
        .iter()
        .map(|hash| STANDARD.decode(hash.as_str()?).ok()?.try_into().ok())
        .collect();
    check_inclusion(&path.ok_or_else(form)?, head, index, &bytes)?;
    Ok(Checked::Holds { index, leaf, is_erased })
}

/// The header of a block of a comparison: its hash stands in what a row says, and the row has its way to the log.
fn check_named(entry: &Value, named_by: &Value, head: Head, entries: &[Value]) -> Result<Checked, Fault> {
    let is_row = |other: &&Value| other.get("named_by").is_none() && other.get("entry_hash") == Some(named_by);
    let row = entries.iter().find(is_row);
    let said: Option<Value> = row
        .and_then(|row| text(row, "content"))
        .and_then(|content| serde_json::from_str(content).ok());
    let names = said.as_ref().and_then(|said| said.get("header"));
    match row {
        Some(row) if names.is_some() && names == entry.get("entry_hash") => check_entry(row, head, entries),
        _ => Err(Fault::new("没有记录写明它的哈希", "no row says its hash")),
    }
}

/// A block of a comparison is one entry of the log over trees of its rows: the root that `steps` lead to.
fn block_of(hash: [u8; 32], steps: Option<&Value>) -> Result<[u8; 32], Fault> {
    let form = || Fault::new("格式不正确", "it is not in its form");
    let Some(steps) = steps else { return Ok(hash) };
    let mut root = hash;
    for step in steps.as_array().ok_or_else(form)? {
        let number = |name| step.get(name).and_then(Value::as_u64).ok_or_else(form);
        let hashes = step.get("hashes").and_then(Value::as_array).ok_or_else(form)?;
        let hashes: Option<Vec<[u8; 32]>> = hashes
            .iter()
            .map(|hash| hex::decode(hash.as_str()?).ok()?.try_into().ok())
            .collect();
        let path = SubtreePath {
            index: number("index")?,
            size: number("size")?,
            hashes: hashes.ok_or_else(form)?,
        };
        root = root_of_path(&path, &root)?;
    }
    Ok(root)
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}
