// The harness itself: if these fail, no other result here means anything.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkCharacter, csv, permitRow, slipped } from "./lib/delivery.mjs";
import { gb18030 } from "./lib/gb18030.mjs";
import { base32, codeOfStep } from "./lib/totp.mjs";

test("one-time codes agree with RFC 6238, appendix B", () => {
  const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"; // "12345678901234567890"
  assert.equal(base32(secret).toString("ascii"), "12345678901234567890");
  const vectors = [[59, "94287082"], [1111111109, "07081804"], [1111111111, "14050471"], [1234567890, "89005924"], [2000000000, "69279037"], [20000000000, "65353130"]];
  for (const [seconds, code] of vectors) assert.equal(codeOfStep(secret, Math.floor(seconds / 30), 8), code);
});

test("GB18030 comes back as it went", () => {
  const text = csv([permitRow({ name: "测试甲", number: "370199199001010018" }, { organisation: "1", organisation_name: "测试市" }, "〔2024〕1号")]);
  const bytes = gb18030(text);
  assert.notDeepEqual(bytes, Buffer.from(text, "utf8"));
  assert.equal(new TextDecoder("gb18030", { fatal: true }).decode(bytes), text);
  assert.throws(() => gb18030("𠮷"), /not a two-byte character/);
});

test("a slipped number fails its check, the right one does not", () => {
  const number = "11010519491231002X"; // the example of GB 11643-1999
  assert.equal(checkCharacter(number), "X");
  assert.notEqual(slipped(number).at(-1), "X");
  assert.equal(slipped(number).slice(0, 17), number.slice(0, 17));
});
