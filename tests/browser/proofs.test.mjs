// The resident's browser checks who looked: each entry's content, its place in the public log, the log's signature.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { DESKTOP, PHONE, assertAccessible, assertFits, launch, loggedIn, screenshot } from "./lib/browser.mjs";
import { startCity } from "./lib/city.mjs";

const ENTRIES = 1_000;

let browser;
let city;
let resident;

before(async () => {
  [city, browser] = await Promise.all([startCity(), launch()]);
  resident = await loggedIn(browser, city, city.account("resident", 0), { viewport: PHONE });
});
after(async () => {
  await browser?.close();
  await city?.stop();
});

/** Presses the button; what the page says in the end. */
async function check(page) {
  const panel = page.getByTestId("verify");
  await panel.locator("button:not([data-accept])").click();
  const output = panel.locator("output");
  await output.and(page.locator(':not([data-state="busy"])[data-state]')).waitFor();
  return { state: await output.getAttribute("data-state"), text: await output.innerText(), data: await output.evaluate((out) => ({ ...out.dataset })) };
}

/** The same until all that is on the page has its place in the log: entries are published within seconds. */
async function checkedWhenPublished(page, address) {
  const end = Date.now() + 30_000;
  for (;;) {
    await page.goto(address);
    const found = await check(page);
    if (found.state !== "partly" || Date.now() > end) return found;
  }
}

test("what the page shows is in the log, and the browser finds that out by itself", async () => {
  const { page } = resident;
  const found = await checkedWhenPublished(page, "/me/look-ups");
  // The city of the demonstration has no witnesses.
  assert.equal(found.state, "alone", found.text);
  assert.ok(Number(found.data.holds) >= 4, `who looked and what was answered, of two look-ups at least: ${found.text}`);
  const tags = page.locator("article [data-verdict]");
  for (const verdict of await tags.evaluateAll((all) => all.map((tag) => tag.dataset.verdict))) assert.equal(verdict, "holds");
  await assertFits(page, "checked");
  await assertAccessible(page, "checked");
  await screenshot(page, "me-look-ups-checked");
});

/** Key of a witness that cosigned nothing. */
const witness = (name) => {
  const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
  const key = Buffer.concat([Buffer.of(4), Buffer.alloc(32, 7)]);
  return `${name}+${sha256(Buffer.from(`${name}\n`), key).subarray(0, 4).toString("hex")}+${key.toString("base64")}`;
};
const WITNESS = witness("audit.example/w");

const CHANGES = [
  ["content", (file) => (file.entries[0].content = file.entries[0].content.replace("PUR-", "PUR_")), "wrong", "content"],
  ["nonce", (file) => (file.entries[0].nonce = "00".repeat(32)), "wrong", "content"],
  ["content and hash", (file) => { for (const name of ["content", "nonce", "entry_hash"]) file.entries[0][name] = file.entries[1][name]; }, "wrong", null],
  ["place", (file) => (file.entries[0].index += 1), "wrong", "tree"],
  ["path", (file) => (file.entries[0].path[0] = btoa("x".repeat(32))), "wrong", "tree"],
  ["leaf", (file) => (file.entries[0].leaf = file.entries[1].leaf), "wrong", "leaf"],
  ["nonce without content", (file) => delete file.entries[0].content, "wrong", "form"],
  ["erased, and shown all the same", (file) => { for (const name of ["content", "nonce"]) delete file.entries[0][name]; }, "wrong", "shown"],
  ["no cosignature", (file) => Object.assign(file, { witnesses: [WITNESS], quorum: 1 }), "cosign", null],
  ["a witness twice", (file) => Object.assign(file, { witnesses: [WITNESS, WITNESS], quorum: 1 }), "signature", null],
  ["left out", (file) => file.entries.splice(0, file.entries.length), "wrong", "shown"],
  ["checkpoint", (file) => (file.checkpoint = file.checkpoint.replace(/\n(\d+)\n/, (_, size) => `\n${Number(size) + 1}\n`)), "signature", null],
  ["no signature", (file) => (file.checkpoint = file.checkpoint.split("\n\n")[0] + "\n\n"), "signature", null],
  ["no file", () => null, "away", null],
];

for (const [what, change, state, verdict] of CHANGES) {
  test(`a changed proof does not hold: ${what}`, async () => {
    const { page } = resident;
    await page.goto("/me/look-ups");
    await page.route("**/me/look-ups/proofs*", async (route) => {
      const file = await (await route.fetch()).json();
      const body = change(file) === null ? "<html>" : JSON.stringify(file);
      await route.fulfill({ contentType: "application/json", body });
    });
    const found = await check(page);
    await page.unroute("**/me/look-ups/proofs*");
    assert.equal(found.state, state, found.text);
    assert.ok(found.text.length > 10 && !found.text.includes("{"), found.text);
    const verdicts = await page.locator("article [data-verdict]").evaluateAll((all) => all.map((tag) => tag.dataset.verdict));
    if (verdict) assert.ok(verdicts.includes(verdict), `${verdicts}`);
    if (what === "content") await screenshot(page, "me-look-ups-changed");
  });
}

/** What the browser saw last; with `text`, what it is to have seen. */
const seen = (page, text) => page.evaluate((text) => {
  if (text) localStorage.setItem("chengdang-log", text);
  return localStorage.getItem("chengdang-log");
}, text);

test("a log with another key, a shorter or a rewritten one is not the one that this browser saw", async () => {
  const { page } = resident;
  for (const [change, state] of [
    [(old) => ({ ...old, log: "log.example+00000000+AA==" }), "key"],
    [(old) => ({ ...old, size: old.size + 1_000_000 }), "shorter"],
    [(old) => ({ ...old, root: "00".repeat(32) }), "forked"],
    [(old) => ({ ...old, size: old.size - 1 }), "forked"],
  ]) {
    await page.goto("/me/look-ups");
    const before = await seen(page);
    await seen(page, JSON.stringify(change(JSON.parse(before))));
    assert.equal((await check(page)).state, state);
    assert.equal(await page.locator("[data-accept]").isVisible(), state === "key");
    await seen(page, before);
  }
});

test("a log that grew since is the one that this browser saw", async () => {
  const { page } = resident;
  await page.goto("/me/look-ups");
  const before = JSON.parse(await seen(page));
  const end = Date.now() + 30_000;
  let now;
  // Each read of the page is an entry, published within seconds.
  do {
    assert.notEqual((await checkedWhenPublished(page, "/me/look-ups")).state, "forked");
    now = JSON.parse(await seen(page));
  } while (now.size === before.size && Date.now() < end);
  assert.ok(now.size > before.size && now.root !== before.root, `${before.size}, then ${now.size}`);
});

test("a new key is taken once the reader has compared it", async () => {
  const { page } = resident;
  await page.goto("/me/look-ups");
  const before = JSON.parse(await seen(page));
  await seen(page, JSON.stringify({ ...before, log: before.log.replace(/\+.*/, "+00000000+AA==") }));
  const found = await check(page);
  assert.equal(found.state, "key");
  assert.ok(found.text.includes(before.log), "the key is named, so that it can be compared");
  await assertFits(page, "a new key");
  await page.locator("[data-accept]").click();
  const output = page.getByTestId("verify").locator("output");
  await output.and(page.locator(':not([data-state="busy"]):not([data-state="key"])')).waitFor();
  assert.ok(["alone", "partly"].includes(await output.getAttribute("data-state")));
  assert.equal(JSON.parse(await seen(page)).log, before.log);
});

test("what the page shows and no proof covers is not passed over", async () => {
  const { page } = resident;
  await page.goto("/me/look-ups");
  await page.locator("article[data-look]").first().evaluate((article) => {
    const part = document.createElement("p");
    part.dataset.entry = "11".repeat(32);
    part.textContent = "{}";
    article.append(part);
  });
  assert.equal((await check(page)).state, "wrong");
  assert.equal(await page.locator("article[data-look] [data-verdict]").first().getAttribute("data-verdict"), "shown");
});

test("the saved file holds for chengdang-verify, and without script it can still be saved", async () => {
  const { page } = await loggedIn(browser, city, city.account("resident", 1), { viewport: DESKTOP, javaScript: false });
  await page.goto("/me/look-ups?own=1");
  assert.equal(await page.getByTestId("verify").locator("button:visible").count(), 0);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("verify").locator("a").click()]);
  const file = await download.path();
  const { log } = JSON.parse(await (await resident.page.request.get("/me/look-ups/proofs")).text());
  const binary = path.join(path.dirname(process.env.CHENGDANG), "chengdang-verify");
  const said = execFileSync(binary, ["entries", file, "--log", log], { encoding: "utf8" });
  assert.match(said, /HOLDS: \d+ entries/);
  const changed = path.join(mkdtempSync(path.join(tmpdir(), "proofs-")), "proofs.json");
  writeFileSync(changed, JSON.stringify({ ...JSON.parse(await (await import("node:fs/promises")).readFile(file, "utf8")), entries: [{ entry_hash: "00" }] }));
  assert.throws(() => execFileSync(binary, ["entries", changed, "--log", log], { encoding: "utf8" }), /Command failed/);
});

test(`${ENTRIES} entries of a person are checked in the browser`, async (context) => {
  const { page } = resident;
  // Own reads are entries, too.
  for (let read = 0; read < ENTRIES; read += 20) {
    await Promise.all(Array.from({ length: 20 }, () => page.request.get("/me/records")));
  }
  // This very read of the list is an entry, too, and may wait for its place; the reads before it get theirs within seconds.
  const end = Date.now() + 30_000;
  let found;
  do {
    await page.goto("/me/look-ups?own=1");
    found = await check(page);
  } while (Number(found.data.waits) > ENTRIES / 50 && Date.now() < end);
  const [holds, waits] = [Number(found.data.holds), Number(found.data.waits)];
  assert.ok(found.data.wrong === "0" && holds + waits >= ENTRIES && waits <= ENTRIES / 50, found.text);
  context.diagnostic(`${found.data.holds} entries checked in ${found.data.milliseconds} ms`);
  console.log(`# ${found.data.holds} entries of a log of ${found.data.size} checked in the browser in ${found.data.milliseconds} ms`);
});
