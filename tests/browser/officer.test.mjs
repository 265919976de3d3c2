// An officer delivers a GB18030 file with faults, sees what became of it, decides a review; the resident sees the record.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { DESKTOP, PHONE, assertAccessible, assertFits, launch, loggedIn, person, screenshot, submit } from "./lib/browser.mjs";
import { startCity } from "./lib/city.mjs";
import { checkCharacter, gb18030File, permitRow, slipped } from "./lib/delivery.mjs";

const ITEM = "ITM-PERMIT";
/** Enough rows for the page to be seen at work; each is refused, so that the city stays as it was. */
const MANY_ROWS = 60_000;

let browser;
let city;
let officer;
let resident;

before(async () => {
  [city, browser] = await Promise.all([startCity(), launch()]);
  officer = await loggedIn(browser, city, city.account("officer"));
  resident = await loggedIn(browser, city, city.account("resident"), { viewport: PHONE, javaScript: false });
});
after(async () => {
  await browser?.close();
  await city?.stop();
});

async function upload(page, file) {
  await page.goto("/deliver");
  await page.locator('select[name="item"]').selectOption(ITEM);
  await page.locator('input[name="file"]').setInputFiles(file);
  await submit(page, 'form[action="/deliver"]');
  await page.getByTestId("preview").waitFor();
}

async function confirm(page) {
  await submit(page, 'form[action^="/deliver/"]');
  await page.waitForURL("**/deliveries/*");
}

async function count(page, key) {
  const text = await page.locator(`[data-testid="receipt"] [data-count="${key}"] b`).innerText();
  return Number(text.replaceAll(/[^0-9]/g, ""));
}

/** A valid number that no register of the demo has: the last sequence number of a day in 1900. */
function unknownNumber() {
  const body = "37019919000101999";
  return body + checkCharacter(body);
}

test("delivery, receipt, fault file, review, record", async (context) => {
  const { page } = officer;
  const [clerk, person1] = [city.account("officer"), city.account("resident")];
  const before = await ownRecords();
  const rows = [
    permitRow(person1, clerk, "测许〔2024〕9001号"),
    permitRow({ ...person1, number: slipped(person1.number) }, clerk, "测许〔2024〕9002号"),
    permitRow(person1, clerk, "测许〔2024〕9003号", { 有效期至: "2023/01/01" }),
    permitRow(person1, clerk, "测许〔2024〕9004号", { 许可内容: "" }),
    permitRow({ name: "测试无", number: unknownNumber() }, clerk, "测许〔2024〕9005号"),
  ];
  const file = gb18030File("xzxk.csv", rows);
  let delivery;

  await context.test("the preview shows the first faults in their places, and nothing is recorded yet", async () => {
    await upload(page, file);
    const faults = await page.getByTestId("fault-row").allInnerTexts();
    for (const code of ["E02", "E05", "E09"]) assert.ok(faults.some((row) => row.includes(code)), `${code} in ${faults}`);
    assert.match(await page.getByTestId("preview").innerText(), /GB ?18030/i);
    await assertAccessible(page, "preview");
    await screenshot(page, "preview");
    assert.equal((await ownRecords()).length, before.length);
  });

  await context.test("the receipt adds up", async () => {
    await confirm(page);
    await page.getByTestId("receipt").waitFor();
    delivery = new URL(page.url()).pathname.split("/").at(-1);
    const keys = ["received", "recorded", "repeated", "held", "pending", "refused"];
    const counts = Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await count(page, key)])));
    assert.deepEqual(counts, { received: 5, recorded: 1, repeated: 0, held: 1, pending: 1, refused: 2 });
    await assertAccessible(page, "receipt");
    await assertFits(page, "receipt");
    await screenshot(page, "receipt");
  });

  await context.test("the fault file names lines and remedies and no person", async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator('a[href*="/faults.csv"]').click()]);
    const text = await readFile(await download.path(), "utf8");
    const lines = text.split(/\r?\n/).filter((line) => line !== "");
    assert.ok(lines.some((line) => line.includes("E09") && /(^|\D)4(\D|$)/.test(line)), text);
    assert.ok(lines.some((line) => line.includes("E02") && /(^|\D)5(\D|$)/.test(line)), text);
    for (const secret of [person1.number, slipped(person1.number), person1.name, unknownNumber()]) {
      assert.ok(!text.includes(secret), "the fault file carries personal data");
    }
  });

  await context.test("the same bytes again: the same receipt", async () => {
    await upload(page, file);
    await confirm(page);
    await page.getByTestId("receipt").waitFor();
    assert.equal(new URL(page.url()).pathname.split("/").at(-1), delivery);
    assert.equal(await count(page, "recorded"), 1);
  });

  await context.test("the resident sees the record of the clear row only", async () => {
    assert.equal((await ownRecords()).length, before.length + 1);
    const text = await resident.page.locator("main").innerText();
    assert.ok(text.includes("9001") && !text.includes("9002"), "the doubtful row is not shown");
  });

  await context.test("the review explains the doubt, wants a reason, and attaches the row", async () => {
    await page.goto("/reviews");
    await screenshot(page, "reviews");
    await assertAccessible(page, "/reviews");
    const row = page.getByTestId("review-row").filter({ has: page.locator(`a[href="/deliveries/${delivery}"]`) });
    assert.equal(await row.count(), 1);
    assert.equal(await row.getAttribute("data-reason"), "check_digit_slip");
    await row.locator('a[href^="/reviews/"]').click();
    await candidatesAreExplained(page, person1);
    await page.locator('input[name="decision"][value="attach"]').check();
    await submit(page, 'form[action^="/reviews/"]');
    assert.equal(await page.getByRole("alert").count(), 1, "no decision without a reason");
    await assertAccessible(page, "review");
    await screenshot(page, "review");
    await page.locator('input[name="decision"][value="attach"]').check();
    await page.locator('textarea[name="reason"]').fill("与许可卷宗核对，证件号码末位录入有误");
    await submit(page, 'form[action^="/reviews/"]');
    await page.getByTestId("review-closed").waitFor();
  });

  await context.test("now the resident sees it, with a notice", async () => {
    assert.equal((await ownRecords()).length, before.length + 2);
    const text = await resident.page.locator("main").innerText();
    assert.ok(text.includes("9001") && text.includes("9002"));
    await screenshot(resident.page, "records-after-review");
    await resident.page.goto("/me/notices");
    assert.ok((await resident.page.getByTestId("notice").count()) >= 2);
  });
});

/** The few persons that the row could be, feature by feature, masked; also on a phone, without JavaScript, in English. */
async function candidatesAreExplained(page, meant) {
  const first = page.getByTestId("candidate").first();
  const words = (shown) => shown.locator("[data-feature]").evaluateAll((points) => points.map((point) => `${point.dataset.feature} ${point.dataset.word}`));
  assert.deepEqual(await words(first), ["name equal", "number check_character", "birth same"]);
  assert.match(await first.innerText(), /仅最后一位（校验位）不同/);
  assert.match(await page.getByTestId("candidates").innerText(), /候选人不是匹配结果/);
  assert.ok((await page.getByTestId("candidate").count()) <= 5);
  assert.ok(!(await page.locator("main").innerText()).includes(meant.number), "numbers are masked");
  await assertAccessible(page, "candidates");
  const context = await person(browser, city, { viewport: PHONE, javaScript: false, session: officer.session });
  const phone = await context.newPage();
  await phone.goto(`${page.url()}?lang=en`);
  const text = await phone.getByTestId("candidates").innerText();
  assert.match(text, /only the last character, the check character, differs/);
  assert.match(text, /A candidate is not a match/);
  await assertFits(phone, "candidates");
  await screenshot(phone, "candidates");
  await context.close();
}

async function ownRecords() {
  await resident.page.goto("/me/records");
  return resident.page.getByTestId("record").allInnerTexts();
}

test("a long delivery shows its progress and arrives at the receipt by itself, without JavaScript", async () => {
  const context = await person(browser, city, { javaScript: false, session: officer.session });
  const page = await context.newPage();
  const clerk = city.account("officer");
  const someone = city.account("resident");
  const rows = Array.from({ length: MANY_ROWS }, (_, index) => permitRow(someone, clerk, `测许〔2024〕${index}号`, { 许可内容: "" }));
  await upload(page, gb18030File("many.csv", rows));
  await confirm(page);
  await page.getByTestId("progress").waitFor();
  assert.equal(await page.locator("progress").count(), 1);
  await screenshot(page, "progress");
  await page.getByTestId("receipt").waitFor({ timeout: 90_000 });
  assert.equal(await count(page, "received"), MANY_ROWS);
  assert.equal(await count(page, "refused"), MANY_ROWS);
  await context.close();
});

test("the desk's pages fit both widths", async () => {
  for (const viewport of [PHONE, DESKTOP]) {
    const context = await person(browser, city, { viewport, session: officer.session });
    const page = await context.newPage();
    for (const path of ["/deliver", "/deliveries", "/reviews", "/reconciliation"]) {
      await page.goto(path);
      await assertFits(page, path);
      await assertAccessible(page, path);
      await screenshot(page, path.slice(1));
    }
    await context.close();
  }
});

test("a file that is neither CSV nor XLSX is refused with a reason", async () => {
  const { page } = officer;
  await page.goto("/deliver");
  await page.locator('select[name="item"]').selectOption(ITEM);
  const buffer = Buffer.from("%PDF-1.7 not a table");
  await page.locator('input[name="file"]').setInputFiles({ name: "x.pdf", mimeType: "application/pdf", buffer });
  await submit(page, 'form[action="/deliver"]');
  const said = page.getByRole("alert").or(page.getByTestId("fault-row"));
  assert.ok((await said.count()) >= 1);
  assert.equal(await page.locator('form[action^="/deliver/"]').count(), 0, "there is nothing to confirm");
});
