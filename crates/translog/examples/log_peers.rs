//! Writes a log of many entries and cases about it for verifiers that others wrote (`tools/log-peers`): one case a line, the
//! first ones true, the others each changed in one of fifty ways. Usage: `log_peers FOLDER [ENTRIES]`

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use translog::{Hash, Head, InclusionProof, LEAF_BYTES, Leaf, LogFiles, LogKey, TileFolder, Tree};
use vault::Vault;

type Failure = Box<dyn std::error::Error>;

const ORIGIN: &str = "chengdang.example/370199";
const INDEX: u64 = 77;

/// What a verifier is given.
#[derive(Clone)]
struct Case {
    name: String,
    vkey: String,
    leaf: Vec<u8>,
    proof: String,
    old: String,
    new: String,
    steps: Vec<String>,
}

impl Case {
    /// One line of JSON; a text has nothing in it that needs escaping but line ends and what a mutation puts there.
    fn line(&self, is_true: bool) -> String {
        let text = |text: &str| {
            text.chars().fold(String::new(), |mut out, c| {
                match c {
                    '\n' => out.push_str("\\n"),
                    '"' | '\\' => {
                        out.push('\\');
                        out.push(c);
                    }
                    c if (c as u32) < 0x20 => {
                        let _ = write!(out, "\\u{:04x}", c as u32);
                    }
                    c => out.push(c),
                }
                out
            })
        };
        let steps: Vec<String> = self.steps.iter().map(|step| format!("\"{}\"", text(step))).collect();
        format!(
            "{{\"name\":\"{}\",\"is_true\":{is_true},\"vkey\":\"{}\",\"leaf\":\"{}\",\"proof\":\"{}\",\"old\":\"{}\",\"new\":\"{}\",\
             \"steps\":[{}]}}\n",
            text(&self.name),
            text(&self.vkey),
            STANDARD.encode(&self.leaf),
            text(&self.proof),
            text(&self.old),
            text(&self.new),
            steps.join(",")
        )
    }
}

fn leaf(number: u64) -> Leaf {
    Leaf {
        kind: u8::try_from(number % 14 + 1).unwrap_or(1),
        at_ms: 1_780_000_000_000_i64.saturating_add(number.cast_signed()),
        commitment: translog::leaf_hash(&number.to_be_bytes()),
    }
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("a folder is wanted")?;
    let entries: u64 = arguments.next().map_or(Ok(100_000), |count| count.parse())?;
    let folder = Path::new(&folder);
    let vault = Vault::ephemeral()?;
    let key = LogKey::new(ORIGIN, vault.public_key())?;
    let tiles = TileFolder::open(folder)?;
    let note = |head| translog::sign(&key, head, |text| vault.sign(text));

    let mut tree = Tree::default();
    let mut filled = Vec::new();
    let mut leaves = Vec::new();
    let mut heads: Vec<Head> = Vec::new();
    for number in 0..entries {
        let leaf = leaf(number).to_bytes();
        leaves.extend_from_slice(&leaf);
        tree.append(&leaf, &mut filled);
        if [entries / 3, entries / 2, entries].contains(&tree.size()) {
            filled.extend(tree.partial());
            tiles.write(&std::mem::take(&mut filled))?;
            heads.push(tree.head());
        }
    }
    let [third, half, all] = heads[..] else {
        return Err("too few entries".into());
    };
    tiles.publish(&note(all)?)?;
    fs::write(folder.join("leaves"), &leaves)?;
    fs::write(folder.join("vkey"), key.to_vkey())?;

    let steps = |from: Head, to: Head| -> Result<Vec<String>, Failure> {
        let proof: Vec<Hash> = translog::prove_consistency(|tile| tiles.read(tile), to, from.size)?;
        Ok(proof.iter().map(|hash| STANDARD.encode(hash)).collect())
    };
    let case = |index: u64, old: Head, new: Head| -> Result<Case, Failure> {
        let proof = InclusionProof {
            extra: Vec::new(),
            index,
            path: translog::prove_inclusion(|tile| tiles.read(tile), new, index)?,
            checkpoint: note(new)?,
        };
        Ok(Case {
            name: format!("entry {index} of {}, from {}", new.size, old.size),
            vkey: key.to_vkey(),
            leaf: leaf(index).to_bytes().to_vec(),
            proof: proof.to_text()?,
            old: String::from_utf8(note(old)?)?,
            new: String::from_utf8(note(new)?)?,
            steps: steps(old, new)?,
        })
    };
    let mut lines = String::new();
    for index in [0, 1, 255, 256, INDEX, entries / 2, entries - 1] {
        lines.push_str(&case(index, half, all)?.line(true));
    }
    lines.push_str(&case(INDEX, third, half)?.line(true));
    lines.push_str(&case(INDEX, all, all)?.line(true));
    let good = case(INDEX, half, all)?;
    let other = Vault::ephemeral()?;
    let mutations = mutations(&good, &case(INDEX + 1, third, all)?, &key, &other, half, all)?;
    assert_eq!(mutations.len(), 50, "fifty ways");
    for mutation in &mutations {
        lines.push_str(&mutation.line(false));
    }
    fs::write(folder.join("cases"), lines)?;
    Ok(())
}

/// The fifty ways to change a true case.
fn mutations(
    good: &Case,
    sibling: &Case,
    key: &LogKey,
    other: &Vault,
    half: Head,
    all: Head,
) -> Result<Vec<Case>, Failure> {
    let mut cases = Vec::new();
    let mut add = |name: &str, change: &dyn Fn(&mut Case)| {
        let mut case = good.clone();
        change(&mut case);
        name.clone_into(&mut case.name);
        cases.push(case);
    };
    leaf_and_proof(&mut add, sibling);
    checkpoints(&mut add, sibling);
    let strange = LogKey::new(ORIGIN, other.public_key())?;
    let renamed = LogKey::new("other.example/log", other.public_key())?;
    let signed = |key: &LogKey, head: Head| -> Result<String, Failure> {
        Ok(String::from_utf8(translog::sign(key, head, |text| other.sign(text))?)?)
    };
    let (by_other, named_other) = (signed(&strange, all)?, signed(&renamed, all)?);
    let with_key_id = by_other.replacen(&id_part(&by_other), &id_part(&good.new), 1);
    add("the new checkpoint is signed by another key", &|case| {
        case.new.clone_from(&by_other);
    });
    add("the proof's checkpoint is signed by another key", &|case| {
        case.proof = good.proof.replacen(&good.new, &by_other, 1);
    });
    add("another key's signature under this key's id", &|case| {
        case.new.clone_from(&with_key_id);
    });
    add("the checkpoint of another log", &|case| {
        case.new.clone_from(&named_other);
    });
    let forged = Head {
        size: half.size + 1,
        ..half
    };
    let forged = signed(&strange, forged)?;
    add("the old checkpoint is signed by another key", &|case| {
        case.old.clone_from(&forged);
    });
    let vkey = strange.to_vkey();
    add("the verifier trusts another key", &|case| case.vkey.clone_from(&vkey));
    add("old and new are exchanged", &|case| {
        std::mem::swap(&mut case.old, &mut case.new);
    });
    add("the new checkpoint is the old one", &|case| {
        case.new.clone_from(&case.old);
    });
    steps(&mut add, sibling);
    let _ = key;
    Ok(cases)
}

/// The part of the signature line that carries the key's id.
fn id_part(note: &str) -> String {
    note.trim_end()
        .rsplit(' ')
        .next()
        .unwrap_or_default()
        .chars()
        .take(5)
        .collect()
}

type Add<'a> = dyn FnMut(&str, &dyn Fn(&mut Case)) + 'a;

fn flip(text: &str, line: usize, at: usize) -> String {
    let mut lines: Vec<String> = text.split('\n').map(ToOwned::to_owned).collect();
    let Some(found) = lines.get_mut(line) else {
        return text.to_owned();
    };
    *found = found
        .chars()
        .enumerate()
        .map(|(place, c)| match c {
            c if place != at => c,
            'A' => 'B',
            _ => 'A',
        })
        .collect();
    lines.join("\n")
}

fn without_line(text: &str, line: usize) -> String {
    let lines = text.split('\n').enumerate().filter(|(number, _)| *number != line);
    lines.map(|(_, line)| line).collect::<Vec<_>>().join("\n")
}

fn leaf_and_proof(add: &mut Add<'_>, sibling: &Case) {
    add("the version of the leaf", &|case| flip_byte(&mut case.leaf, 0));
    add("the kind of the leaf", &|case| flip_byte(&mut case.leaf, 1));
    add("the moment of the leaf", &|case| flip_byte(&mut case.leaf, 9));
    add("the first byte of the commitment", &|case| {
        flip_byte(&mut case.leaf, 10);
    });
    add("the last byte of the commitment", &|case| {
        flip_byte(&mut case.leaf, LEAF_BYTES - 1);
    });
    add("a leaf cut short", &|case| _ = case.leaf.pop());
    add("a leaf with a byte more", &|case| case.leaf.push(0));
    add("an empty leaf", &|case| case.leaf.clear());
    add("the leaf of another entry", &|case| case.leaf.clone_from(&sibling.leaf));
    add("the proof of another entry", &|case| {
        case.proof.clone_from(&sibling.proof);
    });
    add("the index one more", &|case| {
        case.proof = case.proof.replacen("index 77", "index 78", 1);
    });
    add("the index one less", &|case| {
        case.proof = case.proof.replacen("index 77", "index 76", 1);
    });
    add("the index beyond the tree", &|case| {
        case.proof = case.proof.replacen("index 77", "index 100000", 1);
    });
    add("a negative index", &|case| {
        case.proof = case.proof.replacen("index 77", "index -77", 1);
    });
    add("an index with a zero in front", &|case| {
        case.proof = case.proof.replacen("index 77", "index 077", 1);
    });
    add("no index", &|case| case.proof = without_line(&case.proof, 1));
    add("another version of the proof", &|case| {
        case.proof = case.proof.replacen("@v1", "@v2", 1);
    });
    add("no heading", &|case| case.proof = without_line(&case.proof, 0));
    add("the first hash of the path", &|case| {
        case.proof = flip(&case.proof, 2, 3);
    });
    add("the last hash of the path", &|case| {
        let last = case.proof.split('\n').position(str::is_empty).unwrap_or(3) - 1;
        case.proof = flip(&case.proof, last, 40);
    });
    add("a path without its first hash", &|case| {
        case.proof = without_line(&case.proof, 2);
    });
    add("a path with a hash twice", &|case| {
        let hash = case.proof.split('\n').nth(2).unwrap_or_default().to_owned();
        case.proof = case.proof.replacen(&hash, &format!("{hash}\n{hash}"), 1);
    });
    add("two hashes of the path exchanged", &|case| {
        let mut lines: Vec<&str> = case.proof.split('\n').collect();
        lines.swap(2, 3);
        case.proof = lines.join("\n");
    });
    add("a hash of the path that is not base64", &|case| {
        case.proof = case.proof.replacen("index 77\n", "index 77\n*", 1);
    });
    add("a proof without its checkpoint", &|case| {
        case.proof = case.proof.split("\n\n").next().unwrap_or_default().to_owned() + "\n\n";
    });
}

fn flip_byte(bytes: &mut [u8], at: usize) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1;
    }
}

fn checkpoints(add: &mut Add<'_>, sibling: &Case) {
    add("the name in the new checkpoint", &|case| {
        case.new = flip(&case.new, 0, 0);
    });
    add("the size in the new checkpoint", &|case| {
        case.new = case.new.replacen("\n100000\n", "\n100001\n", 1);
    });
    add("a size with a zero in front", &|case| {
        case.new = case.new.replacen("\n100000\n", "\n0100000\n", 1);
    });
    add("the root in the new checkpoint", &|case| {
        case.new = flip(&case.new, 2, 5);
    });
    add("the signature of the new checkpoint", &|case| {
        let at = case.new.trim_end().rfind(' ').unwrap_or_default() + 20;
        let swap = if case.new.as_bytes().get(at) == Some(&b'A') {
            "B"
        } else {
            "A"
        };
        case.new.replace_range(at..=at, swap);
    });
    add("no signature", &|case| {
        case.new = case.new.split("\n\n").next().unwrap_or_default().to_owned() + "\n\n";
    });
    add("no last line end", &|case| _ = case.new.pop());
    add("the root in the old checkpoint", &|case| {
        case.old = flip(&case.old, 2, 5);
    });
    add("the size in the proof's checkpoint", &|case| {
        case.proof = case.proof.replacen("\n100000\n", "\n99999\n", 1);
    });
    add("the old checkpoint of another size", &|case| {
        case.old.clone_from(&sibling.old);
    });
}

fn steps(add: &mut Add<'_>, sibling: &Case) {
    add("no steps", &|case| case.steps.clear());
    add("the first step", &|case| {
        if let Some(step) = case.steps.first_mut() {
            *step = flip(step, 0, 4);
        }
    });
    add("the last step", &|case| {
        if let Some(step) = case.steps.last_mut() {
            *step = flip(step, 0, 4);
        }
    });
    add("a step left out", &|case| _ = case.steps.pop());
    add("a step more", &|case| {
        let step = case.steps.first().cloned().unwrap_or_default();
        case.steps.push(step);
    });
    add("two steps exchanged", &|case| case.steps.swap(0, 1));
    add("the steps of another size", &|case| {
        case.steps.clone_from(&sibling.steps);
    });
}
