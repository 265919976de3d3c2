// Checks in the reader's own browser that what this page says is what the public log holds: the same steps as
// `chengdang-verify entries` takes, over the same file. Only the browser's own ciphers are used (Web Cryptography).

const utf8 = new TextEncoder();
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
/// First byte of what the tree hashes of an entry.
const LEAF_VERSION = 1;

/// What does not hold, in a word of the page's texts.
class Fault extends Error {
  constructor(word, values = {}) {
    super(word);
    this.values = values;
  }
}

/// Bytes in the one form that base64 has for them; `word` says what is wrong with another.
function bytesOf(base64, word) {
  const isForm = typeof base64 === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(base64) && base64.length % 4 === 0;
  const bytes = isForm ? Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)) : new Uint8Array();
  if (!isForm || btoa(String.fromCharCode(...bytes)) !== base64) throw new Fault(word);
  return bytes;
}

function fromHex(hex) {
  if (typeof hex !== "string" || !/^([0-9a-f]{2})*$/i.test(hex)) throw new Fault("form");
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/// The hash by which the log knows an entry: label, nonce and content, each after its length.
function entryHash(label, nonce, content) {
  const parts = [utf8.encode(label), nonce, utf8.encode(content)];
  return sha256(joined(utf8.encode("chengdang entry 1\0"), ...parts.flatMap((part) => [eightBytes(part.length), part])));
}

const above = (left, right) => sha256(joined(NODE, left, right));

/// RFC 9162 section 2.1.3.2: the root that follows from a leaf, its number and its path.
async function rootFrom(leaf, index, size, path) {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) throw new Fault("tree");
  let [place, last] = [index, size - 1];
  let hash = await sha256(joined(LEAF, leaf));
  for (const sibling of path) {
    if (last === 0 || sibling.length !== 32) throw new Fault("tree");
    if (place % 2 === 1 || place === last) {
      hash = await above(sibling, hash);
      while (place % 2 === 0 && place !== 0) [place, last] = [place / 2, Math.floor(last / 2)];
    } else {
      hash = await above(hash, sibling);
    }
    [place, last] = [Math.floor(place / 2), Math.floor(last / 2)];
  }
  if (last !== 0) throw new Fault("tree");
  return hash;
}

/// Name, key id and key of `<name>+<id>+<key>` (C2SP signed-note).
async function verifierOf(vkey, kind) {
  const [name, id, key] = vkey.split("+", 2).concat(vkey.split("+").slice(2).join("+"));
  const typed = bytesOf(key, "signature");
  if (!/^\S+$/.test(name) || typed.length !== 33 || typed[0] !== kind) throw new Fault("signature");
  const named = (await sha256(joined(utf8.encode(`${name}\n`), typed))).slice(0, 4);
  if (toHex(named) !== id) throw new Fault("signature");
  const imported = await crypto.subtle.importKey("raw", typed.slice(1), "Ed25519", true, ["verify"]);
  return { name, id: named, key: imported };
}

/// A checkpoint, its signatures not yet checked (C2SP tlog-checkpoint).
function noteOf(checkpoint) {
  const end = checkpoint.lastIndexOf("\n\n");
  const text = checkpoint.slice(0, end + 1);
  const [origin, size, root] = text.split("\n");
  const lines = checkpoint.slice(end + 2).split("\n");
  const isSigned = lines.pop() === "" && lines.length > 0 && lines.every((line) => /^— [^\s+]+ \S+$/.test(line));
  if (end < 0 || !isSigned || !/^(0|[1-9][0-9]*)$/.test(size) || !Number.isSafeInteger(Number(size))) throw new Fault("signature");
  const signatures = lines.map((line) => line.slice(2).split(" "));
  return { text, origin, size: Number(size), root: bytesOf(root, "signature"), signatures };
}

async function isSignedBy(note, verifier, messageOf, moment) {
  for (const [name, signature] of note.signatures) {
    const bytes = bytesOf(signature, "signature");
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
  // One who is named twice would count twice.
  if (new Set(witnesses).size < witnesses.length) throw new Fault("signature");
  const message = (moment) => {
    const at = moment.length === 8 ? new DataView(moment.buffer).getBigUint64(0) : -1n;
    // C2SP tlog-cosignature: "It MUST NOT exceed 2^63 - 1."
    if (at < 0n || at >> 63n !== 0n) throw new Fault("signature");
    return `cosignature/v1\ntime ${at}\n${note.text}`;
  };
  for (const vkey of witnesses) {
    if (await isSignedBy(note, await verifierOf(vkey, 4), message, 8)) cosigned += 1;
  }
  return cosigned;
}

/// A block of a comparison is one entry of the log over trees of its rows: the root that `steps` lead to.
async function blockOf(hash, steps) {
  let root = hash;
  for (const { index, size, hashes } of steps) root = await rootFrom(root, index, size, hashes.map(fromHex));
  return root;
}

async function checkEntry(entry, note, entries) {
  const hash = fromHex(entry.entry_hash);
  const isErased = entry.content === undefined && entry.nonce === undefined;
  // Whoever leaves out one of both would have a content pass that nobody can hash.
  if (hash.length !== 32 || (!isErased && (typeof entry.content !== "string" || typeof entry.label !== "string"))) throw new Fault("form");
  if (!isErased && !isSame(await entryHash(entry.label, fromHex(entry.nonce), entry.content), hash)) throw new Fault("content");
  if (entry.named_by !== undefined) {
    // Its hash stands in what a row says, and the row has its way to the log.
    const row = entries.find((other) => other.entry_hash === entry.named_by && other.named_by === undefined);
    if (typeof row?.content !== "string" || JSON.parse(row.content).header !== entry.entry_hash) throw new Fault("content");
    return checkEntry(row, note, entries);
  }
  const inLog = await blockOf(hash, entry.steps ?? []);
  if (entry.index === undefined) return "waits";
  const leaf = bytesOf(entry.leaf, "form");
  if (leaf.length !== 42 || leaf[0] !== LEAF_VERSION || !isSame(leaf.slice(10), inLog)) throw new Fault("leaf");
  const path = (entry.path ?? []).map((sibling) => bytesOf(sibling, "form"));
  const root = await rootFrom(leaf, entry.index, note.size, path);
  if (!isSame(root, note.root)) throw new Fault("tree");
  return "holds";
}

/// Checks a whole file of proofs. For each entry: `holds`, `waits` (its place is given within a minute), or what is wrong.
export async function verify(proofs) {
  if (proofs.checkpoint === undefined) {
    return { entries: proofs.entries.map(() => "waits"), cosigned: 0, size: 0, root: "" };
  }
  const note = noteOf(proofs.checkpoint);
  const cosigned = await checkSignatures(note, proofs.log, proofs.witnesses);
  const one = async (entry) => {
    try {
      return await checkEntry(entry, note, proofs.entries);
    } catch (error) {
      if (error instanceof Fault) return error.message;
      return "form";
    }
  };
  return { entries: await Promise.all(proofs.entries.map(one)), cosigned, size: note.size, root: toHex(note.root) };
}

/// What all of it comes to, in a word of the page's texts, where the page shows so many things that no proof covers.
export function verdict(proofs, found, unproved = 0) {
  const count = (word) => found.entries.filter((state) => state === word).length;
  const [holds, waits, witnesses] = [count("holds"), count("waits"), proofs.witnesses.length];
  const wrong = found.entries.length - holds - waits + unproved;
  // Witnesses of whom none need have cosigned witness nothing.
  const isQuorum = Number.isInteger(proofs.quorum) && proofs.quorum >= 1 && proofs.quorum <= witnesses;
  const needed = isQuorum ? proofs.quorum : witnesses;
  const values = { holds, waits, wrong, size: found.size, cosigned: found.cosigned, needed, witnesses };
  const word = () => {
    if (wrong > 0) return "wrong";
    if (proofs.checkpoint === undefined) return "unpublished";
    if (found.entries.length === 0) return "nothing";
    if (found.cosigned < needed) return "cosign";
    if (waits > 0) return "partly";
    return witnesses > 0 ? "good" : "alone";
  };
  return { word: word(), values };
}

/// The address of a tile with so many of its hashes (C2SP tlog-tiles, "Merkle Tree").
function tilePath(level, index, width) {
  const groups = [];
  for (let rest = index; groups.length === 0 || rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift((groups.length > 0 ? "x" : "") + String(rest % 1000).padStart(3, "0"));
  }
  return `${level}/${groups.join("/")}${width < 256 ? `.p/${width}` : ""}`;
}

/// The root of `size` leaves from `begin` on, a power of two of them, in a tree of `whole`: from the tile that has it or the roots
/// below it. `read` gives the bytes of a tile.
async function rootOf(begin, size, whole, read) {
  let [level, unit] = [0, 1];
  for (; unit * 256 <= size; unit *= 256) level += 1;
  const [first, index] = [begin / unit, Math.floor(begin / unit / 256)];
  const width = Math.min(256, Math.floor(whole / unit) - index * 256);
  const bytes = await read(level, index, width);
  if (bytes.length !== 32 * width) throw new Fault("forked");
  let row = Array.from({ length: size / unit }, (_, at) => bytes.slice(32 * (first % 256 + at), 32 * (first % 256 + at + 1)));
  while (row.length > 1) row = await Promise.all(Array.from({ length: row.length / 2 }, (_, at) => above(row[2 * at], row[2 * at + 1])));
  return row[0];
}

/// Whether the tree of `now` begins with that of `before` (size and root each): both roots follow from the same hashes.
export async function isContinued(before, now, read) {
  const parts = [];
  const rootTo = async (begin, end) => {
    let half = 1;
    while (half * 2 < end - begin) half *= 2;
    // Whole on one side of the old end, and a power of two: its root is in the tiles.
    const isOne = end <= before.size || begin >= before.size;
    if (isOne && (end - begin === 1 || half * 2 === end - begin)) {
      const root = await rootOf(begin, end - begin, now.size, read);
      if (end <= before.size) parts.push(root);
      return root;
    }
    const left = await rootTo(begin, begin + half);
    return above(left, await rootTo(begin + half, end));
  };
  if (before.size === 0) return true;
  if (before.size >= now.size) return before.size === now.size && before.root === now.root;
  const root = toHex(await rootTo(0, now.size));
  let old = parts.pop();
  while (parts.length > 0) old = await above(parts.pop(), old);
  return root === now.root && toHex(old) === before.root;
}

async function fetchTile(level, index, width) {
  for (const there of new Set([width, 256])) {
    const response = await fetch(`/log/tile/${tilePath(level, index, there)}`, { credentials: "omit" });
    // The log may have filled the tile meanwhile.
    if (response.status === 404) continue;
    if (!response.ok) throw new Fault("away");
    return new Uint8Array(await response.arrayBuffer()).slice(0, 32 * width);
  }
  throw new Fault("away");
}

// What this browser saw last: a log that changes its key, becomes shorter or says something else of what was there is no log that
// only grows. A key may lawfully change; whoever has compared it says so (`accepted`).
const SEEN = "chengdang-log";
const originOf = (vkey) => vkey.split("+")[0];

/// While the log's key is being replaced, checkpoints bear the lines of both: the key that was seen vouches for the other one.
async function isVouchedFor(checkpoint, log) {
  if (checkpoint === undefined) return false;
  const note = noteOf(checkpoint);
  const verifier = await verifierOf(log, 1).catch(() => undefined);
  return verifier !== undefined && note.origin === verifier.name && isSignedBy(note, verifier, () => note.text, 0);
}

async function compareWithSeen(proofs, found, accepted) {
  const seen = JSON.parse(localStorage.getItem(SEEN) ?? "null");
  const isOther = seen && seen.log !== proofs.log && accepted !== proofs.log;
  if (isOther && !(await isVouchedFor(proofs.checkpoint, seen.log))) throw new Fault("key", { before: seen.log, key: proofs.log });
  if (seen && originOf(seen.log) === originOf(proofs.log)) {
    if (found.size < seen.size) throw new Fault("shorter");
    if (seen.root && !(await isContinued(seen, found, fetchTile))) throw new Fault("forked");
  }
  localStorage.setItem(SEEN, JSON.stringify({ log: proofs.log, size: found.size, root: found.root }));
}

/// What the page shows must be what was checked, no more and no less. What was erased shows no content.
function isShown(article, entries, erased) {
  const shown = [...article.querySelectorAll("[data-entry]")];
  const isProved = (part) => entries.some((entry) => entry.entry_hash === part.dataset.entry && (entry.content ?? erased) === part.textContent);
  return shown.every(isProved) && entries.every((entry) => shown.some((part) => part.dataset.entry === entry.entry_hash));
}

function mark(article, entries, states, erased) {
  const bad = states.find((state) => state !== "holds" && state !== "waits");
  const state = bad ?? (!isShown(article, entries, erased) ? "shown" : states.includes("waits") ? "waits" : "holds");
  const tag = article.querySelector("[data-verdict]");
  tag.hidden = false;
  tag.dataset.verdict = state;
  tag.className = `tag ${state === "holds" ? "good" : state === "waits" ? "" : "bad"}`;
  return state;
}

async function run(panel, accepted) {
  const accept = panel.querySelector("[data-accept]");
  accept.hidden = true;
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
    await compareWithSeen(proofs, found, accepted);
    let unproved = 0;
    for (const article of document.querySelectorAll("article[data-look]")) {
      const own = proofs.entries.flatMap((entry, at) => (entry.look === article.dataset.look ? [[entry, found.entries[at]]] : []));
      // What came after the page was loaded is not on it; what is on it must be among what was checked.
      const states = own.length ? own.map(([, state]) => state) : ["shown"];
      const state = mark(article, own.map(([entry]) => entry), states, panel.dataset.erased);
      article.querySelector("[data-verdict]").textContent = panel.dataset[`tag${state[0].toUpperCase()}${state.slice(1)}`] ?? state;
      if (state === "shown") unproved += 1;
    }
    const { word, values } = verdict(proofs, found, unproved);
    Object.assign(panel.querySelector("output").dataset, values, { milliseconds });
    say(word, values);
  } catch (error) {
    if (error instanceof Fault) {
      accept.hidden = error.message !== "key";
      accept.dataset.key = error.values.key ?? "";
      return say(error.message, error.values);
    }
    say(error.name === "NotSupportedError" ? "old" : "away");
  }
}

if (typeof document !== "undefined") {
  for (const panel of document.querySelectorAll("[data-verify]")) {
    const button = panel.querySelector("button");
    button.hidden = false;
    button.addEventListener("click", () => run(panel));
    const accept = panel.querySelector("[data-accept]");
    accept.addEventListener("click", () => run(panel, accept.dataset.key));
  }
}
