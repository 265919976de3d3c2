// GB18030 as departments send it. Node decodes it but cannot encode: the table is turned round.
let table;

function reversed() {
  const decoder = new TextDecoder("gb18030");
  const map = new Map();
  for (let lead = 0x81; lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) {
      if (trail === 0x7f) continue;
      const letter = decoder.decode(Uint8Array.of(lead, trail));
      if (!map.has(letter)) map.set(letter, [lead, trail]);
    }
  }
  return map;
}

/** Encodes text of ASCII and two-byte characters; anything rarer is an error, so that no test sends "?" unseen. */
export function gb18030(text) {
  table ??= reversed();
  const bytes = [];
  for (const letter of text) {
    const code = letter.codePointAt(0);
    if (code < 0x80) bytes.push(code);
    else if (table.has(letter)) bytes.push(...table.get(letter));
    else throw new Error(`U+${code.toString(16)} is not a two-byte character of GB18030`);
  }
  return Buffer.from(bytes);
}
