// Checks in the reader's own browser that what this page says is what the public log holds: the same steps as
// `chengdang-verify entries` takes, over the same file. Only the browser's own ciphers are used (Web Cryptography).

const utf8 = new TextEncoder();
const bytesOf = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
const fromHex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const isSame = (left, right) => left.length === right.length && left.every((byte, at) => byte === right[at]);

function joined(...parts) {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function eightBytes(number) {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(number));
  return out;
}

const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/// What does not hold, in a word of the page's texts.
class Fault extends Error {}

/// The hash by which the log knows an entry: label, nonce and content, each after its length.
function entryHash(label, nonce, content) {
  const parts = [utf8.encode(label), nonce, utf8.encode(content)];
  return sha256(joined(utf8.encode("chengdang entry 1\0"), ...parts.flatMap((part) => [eightBytes(part.length), part])));
}

/// RFC 9162 section 2.1.3.2: the root that follows from a leaf, its number and its path.
async function rootFrom(leaf, index, size, path) {
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) throw new Fault("tree");
  let [place, last] = [index, size - 1];
  let hash = await sha256(joined(LEAF, leaf));
  for (const sibling of path) {
    if (last === 0 || sibling.length !== 32) throw new Fault("tree");
    if (place % 2 === 1 || place === last) {
      hash = await sha256(joined(NODE, sibling, hash));
      while (place % 2 === 0 && place !== 0) [place, last] = [place / 2, Math.floor(last / 2)];
    } else {
      hash = await sha256(joined(NODE, hash, sibling));
    }
    [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
  }
  if (last !== 0) throw new Fault("tree");
  return hash;
}

/// Name, key id and key of `<name>+<id>+<key>` (C2SP signed-note).
async function verifierOf(vkey, kind) {
  const [name, id, key] = vkey.split("+", 2).concat(vkey.split("+").slice(2).join("+"));
  const typed = bytesOf(key);
  if (typed.length !== 33 || typed[0] !== kind) throw new Fault("signature");
  const named = (await sha256(joined(utf8.encode(`${name}\n`), typed))).slice(0, 4);
  if (toHex(named) !== id) throw new Fault("signature");
  const imported = await crypto.subtle.importKey("raw", typed.slice(1), "Ed25519", true, ["verify"]);
  return { name, id: named, key: imported };
}

/// A checkpoint, its signatures not yet checked (C2SP tlog-checkpoint).
function noteOf(checkpoint) {
  const end = checkpoint.indexOf("\n\n");
  const text = checkpoint.slice(0, end + 1);
  const [origin, size, root] = text.split("\n");
  const lines = checkpoint.slice(end + 2).split("\n");
  const signatures = lines.filter((line) => line.startsWith("— ")).map((line) => line.slice(2).split(" "));
  if (end < 0 || !/^(0|[1-9][0-9]*)$/.test(size ?? "") || !root) throw new Fault("signature");
  return { text, origin, size: Number(size), root: bytesOf(root), signatures };
}

async function isSignedBy(note, verifier, messageOf, moment) {
  for (const [name, signature] of note.signatures) {
    const bytes = bytesOf(signature);
    if (name !== verifier.name || !isSame(bytes.slice(0, 4), verifier.id)) continue;
    const message = messageOf(bytes.slice(4, 4 + moment));
    if (!(await crypto.subtle.verify("Ed25519", verifier.key, bytes.slice(4 + moment), utf8.encode(message)))) {
      throw new Fault("signature");
    }
    return true;
  }
  return false;
}

/// Checks the checkpoint; how many of the witnesses cosigned it.
async function checkSignatures(note, log, witnesses) {
  const verifier = await verifierOf(log, 1);
  if (note.origin !== verifier.name || !(await isSignedBy(note, verifier, () => note.text, 0))) {
    throw new Fault("signature");
  }
  let cosigned = 0;
  for (const vkey of witnesses) {
    const at = (moment) => new DataView(moment.buffer).getBigUint64(0);
    const message = (moment) => `cosignature/v1\ntime ${at(moment)}\n${note.text}`;
    if (await isSignedBy(note, await verifierOf(vkey, 4), message, 8)) cosigned += 1;
  }
  return cosigned;
}

async function checkEntry(entry, note) {
  const hash = fromHex(entry.entry_hash);
  if (entry.content !== undefined) {
    if (!isSame(await entryHash(entry.label, fromHex(entry.nonce), entry.content), hash)) throw new Fault("content");
  }
  if (entry.index === undefined) return "waits";
  const leaf = bytesOf(entry.leaf);
  if (leaf.length !== 42 || !isSame(leaf.slice(10), hash)) throw new Fault("leaf");
  const root = await rootFrom(leaf, entry.index, note.size, entry.path.map(bytesOf));
  if (!isSame(root, note.root)) throw new Fault("tree");
  return "holds";
}

/// Checks a whole file of proofs. For each entry: `holds`, `waits` (its place is given within a minute), or what is wrong.
export async function verify(proofs) {
  if (proofs.checkpoint === undefined) {
    return { entries: proofs.entries.map(() => "waits"), cosigned: 0, size: 0 };
  }
  const note = noteOf(proofs.checkpoint);
  const cosigned = await checkSignatures(note, proofs.log, proofs.witnesses);
  const one = async (entry) => {
    try {
      return await checkEntry(entry, note);
    } catch (error) {
      if (error instanceof Fault) return error.message;
      return "form";
    }
  };
  return { entries: await Promise.all(proofs.entries.map(one)), cosigned, size: note.size };
}

// What this browser saw last: a log that changes its key or becomes shorter is no log that only grows.
const SEEN = "chengdang-log";

/// While the log's key is being replaced, checkpoints bear the lines of both: the key that was seen vouches for the other one.
async function isVouchedFor(checkpoint, log) {
  if (checkpoint === undefined) return false;
  const note = noteOf(checkpoint);
  const verifier = await verifierOf(log, 1).catch(() => undefined);
  return verifier !== undefined && note.origin === verifier.name && isSignedBy(note, verifier, () => note.text, 0);
}

async function compareWithSeen(proofs, size) {
  const seen = JSON.parse(localStorage.getItem(SEEN) ?? "null");
  if (seen && seen.log !== proofs.log && !(await isVouchedFor(proofs.checkpoint, seen.log))) throw new Fault("key");
  if (seen && size < seen.size) throw new Fault("shorter");
  localStorage.setItem(SEEN, JSON.stringify({ log: proofs.log, size }));
}

/// What the page shows must be what was checked.
function isShown(article, entry) {
  const shown = article.querySelector(`[data-entry="${entry.entry_hash}"]`);
  return shown !== null && (entry.content === undefined || shown.textContent === entry.content);
}

function mark(article, entries, states) {
  const bad = states.find((state) => state !== "holds" && state !== "waits");
  const unshown = entries.some((entry) => !isShown(article, entry));
  const state = bad ?? (unshown ? "shown" : states.includes("waits") ? "waits" : "holds");
  const tag = article.querySelector("[data-verdict]");
  tag.hidden = false;
  tag.dataset.verdict = state;
  tag.className = `tag ${state === "holds" ? "good" : state === "waits" ? "" : "bad"}`;
  return state;
}

async function run(panel) {
  const say = (word, values = {}) => {
    let text = panel.dataset[word] ?? word;
    for (const [name, value] of Object.entries(values)) text = text.replaceAll(`{${name}}`, value);
    const out = panel.querySelector("output");
    out.dataset.state = word;
    out.textContent = text;
  };
  say("busy");
  try {
    const response = await fetch(panel.dataset.proofs, { credentials: "same-origin" });
    if (!response.ok) return say("away");
    const proofs = await response.json();
    const begin = performance.now();
    const found = await verify(proofs);
    const milliseconds = Math.round(performance.now() - begin);
    await compareWithSeen(proofs, found.size);
    let wrong = found.entries.filter((state) => state !== "holds" && state !== "waits").length;
    for (const article of document.querySelectorAll("article[data-look]")) {
      const own = proofs.entries.flatMap((entry, at) => (entry.look === article.dataset.look ? [[entry, found.entries[at]]] : []));
      // What came after the page was loaded is not on it; what is on it must be among what was checked.
      const state = mark(article, own.map(([entry]) => entry), own.length ? own.map(([, state]) => state) : ["shown"]);
      article.querySelector("[data-verdict]").textContent = panel.dataset[`tag${state[0].toUpperCase()}${state.slice(1)}`] ?? state;
      if (state === "shown") wrong += 1;
    }
    const waits = found.entries.filter((state) => state === "waits").length;
    const holds = found.entries.filter((state) => state === "holds").length;
    const values = { holds, waits, wrong, size: found.size, cosigned: found.cosigned, witnesses: proofs.witnesses.length, milliseconds };
    Object.assign(panel.querySelector("output").dataset, values);
    say(wrong > 0 ? "wrong" : waits > 0 ? "partly" : values.witnesses > 0 ? "good" : "alone", values);
  } catch (error) {
    if (error instanceof Fault) return say(error.message);
    say(error.name === "NotSupportedError" ? "old" : "away");
  }
}

if (typeof document !== "undefined") {
  for (const panel of document.querySelectorAll("[data-verify]")) {
    const button = panel.querySelector("button");
    button.hidden = false;
    button.addEventListener("click", () => run(panel));
  }
}
