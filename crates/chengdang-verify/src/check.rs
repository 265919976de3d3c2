//! The checks. The outer error is a file or a key that cannot be read, the inner one a thing that does not hold.

use std::fs;
use std::path::Path;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use translog::{
    Cosigned, InclusionProof, Leaf, LogFault, LogKey, WitnessKey, check_consistency, claim_of, cosigned_by, open_any,
};

use crate::texts::{Fault, kind, local_time};
use crate::{ConsistencyArgs, Keys, ProofArgs};

/// Lines to be printed, or why it does not hold.
pub(crate) type Verdict = Result<Vec<String>, Fault>;

/// What may be read at once; a proof has a few kilobytes.
pub(crate) const FILE_BYTES_MAX: u64 = 1 << 20;

pub(crate) struct Trusted {
    pub(crate) log: Vec<LogKey>,
    witnesses: Vec<WitnessKey>,
    quorum: usize,
}

impl Trusted {
    pub(crate) fn of(keys: &Keys) -> anyhow::Result<Self> {
        let witnesses = keys
            .witness
            .iter()
            .map(|vkey| WitnessKey::from_vkey(vkey).with_context(|| format!("{vkey} is not the key of a witness")))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let quorum = keys.quorum.unwrap_or(witnesses.len());
        if quorum > witnesses.len() {
            bail!("--quorum is larger than the number of witnesses");
        }
        Ok(Self {
            log: LogKey::all_from(&keys.log.join(" ")).context("--log is not the key of a log")?,
            witnesses,
            quorum,
        })
    }

    /// Who cosigned; enough of them.
    pub(crate) fn cosigned(&self, checkpoint: &[u8]) -> Result<Vec<Cosigned>, Fault> {
        let cosigned = cosigned_by(checkpoint, &self.witnesses)?;
        if cosigned.len() < self.quorum {
            let (reached, needed) = (cosigned.len(), self.quorum);
            return Err(Fault::new(
                format!("需要 {needed} 个见证方签名，只有 {reached} 个"),
                format!("{reached} witnesses cosigned of the {needed} that are needed"),
            ));
        }
        Ok(cosigned)
    }
}

pub(crate) fn read(path: &Path, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
    let context = || format!("{} cannot be read", path.display());
    if fs::metadata(path).with_context(context)?.len() > bytes_max {
        bail!("{} is too large to be what it should be", path.display());
    }
    fs::read(path).with_context(context)
}

/// That an entry is in the log.
pub(crate) fn proof(args: &ProofArgs) -> anyhow::Result<Verdict> {
    let trusted = Trusted::of(&args.keys)?;
    let entry = match &args.entry {
        None => None,
        Some(text) => {
            let bytes = hex::decode(text)
                .ok()
                .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            Some(bytes.context("--entry is not 64 hexadecimal digits")?)
        }
    };
    let bytes = read(&args.file, FILE_BYTES_MAX)?;
    Ok(check_proof(&bytes, &trusted, entry))
}

fn check_proof(bytes: &[u8], trusted: &Trusted, entry: Option<[u8; 32]>) -> Verdict {
    let form = || Fault::new("不是日志证明文件", "it is not a tlog-proof");
    let text = std::str::from_utf8(bytes).map_err(|_| form())?;
    let proof = InclusionProof::from_text(text).map_err(|_| form())?;
    let leaf = Leaf::from_bytes(&proof.extra)?;
    let head = proof.check_any(&proof.extra, &trusted.log)?;
    if entry.is_some_and(|entry| entry != leaf.commitment) {
        return Err(Fault::new("证明的是另一条记录", "it proves another entry"));
    }
    let cosigned = trusted.cosigned(&proof.checkpoint)?;
    let (zh, en) = kind(leaf.kind);
    let (origin, _) = claim_of(&proof.checkpoint)?;
    let (index, size) = (proof.index, head.size);
    let (at, hash) = (local_time(leaf.at_ms), hex::encode(leaf.commitment));
    let mut lines = vec![
        format!("验证通过：日志 {origin} 的第 {index} 条（共 {size} 条），{zh}，{at}"),
        format!("HOLDS: entry {index} of {size} of the log {origin}, {en}, {at}"),
        format!("       {hash}"),
    ];
    lines.extend(cosigned.iter().map(cosignature_line));
    Ok(lines)
}

pub(crate) fn cosignature_line(cosigned: &Cosigned) -> String {
    let at = local_time(i64::try_from(cosigned.at_s.saturating_mul(1000)).unwrap_or(i64::MAX));
    format!("       见证 / cosigned: {} {at}", cosigned.witness)
}

/// That the log of one checkpoint continues that of another.
pub(crate) fn consistency(args: &ConsistencyArgs) -> anyhow::Result<Verdict> {
    let trusted = Trusted::of(&args.keys)?;
    let (old, new, proof) = (
        read(&args.old, FILE_BYTES_MAX)?,
        read(&args.new, FILE_BYTES_MAX)?,
        read(&args.proof, FILE_BYTES_MAX)?,
    );
    Ok(check_steps(&old, &new, &proof, &trusted))
}

fn check_steps(old: &[u8], new: &[u8], proof: &[u8], trusted: &Trusted) -> Verdict {
    let form = || Fault::new("证明的格式不正确", "the proof is not in its form");
    let (before, after) = (open_any(old, &trusted.log)?, open_any(new, &trusted.log)?);
    // Keys of several logs may be trusted; a log continues itself only.
    let (origin, _) = claim_of(new)?;
    if claim_of(old)?.0 != origin {
        return Err(LogFault::Origin.into());
    }
    let text = std::str::from_utf8(proof).map_err(|_| form())?;
    let hashes: Vec<[u8; 32]> = text
        .lines()
        .map(|line| STANDARD.decode(line).ok()?.try_into().ok())
        .collect::<Option<_>>()
        .ok_or_else(form)?;
    check_consistency(&hashes, before, after)?;
    let cosigned = trusted.cosigned(new)?;
    let mut lines = vec![
        format!(
            "验证通过：日志 {origin} 从 {} 条增至 {} 条，此前内容未改",
            before.size, after.size
        ),
        format!(
            "HOLDS: the log {origin} grew from {} to {} entries and kept what it had",
            before.size, after.size
        ),
    ];
    lines.extend(cosigned.iter().map(cosignature_line));
    Ok(lines)
}
