// A resident reads the own records: on a phone, without JavaScript, and nobody else's.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESKTOP, PHONE, assertAccessible, assertFits, launch, loggedIn, person, screenshot, weigh } from "./lib/browser.mjs";
import { startCity } from "./lib/city.mjs";

const PAGE_BYTES_MAX = 100_000;
const PAGES = ["/me", "/me/records", "/me/notices"];

let browser;
let city;
let first;
let second;

before(async () => {
  [city, browser] = await Promise.all([startCity(), launch()]);
  // The whole login works without JavaScript, on a phone.
  first = await loggedIn(browser, city, city.account("resident", 0), { viewport: PHONE, javaScript: false });
  second = await loggedIn(browser, city, city.account("resident", 1), { viewport: PHONE, javaScript: false });
});
after(async () => {
  await browser?.close();
  await city?.stop();
});

test("the records say what, who, on what basis, since and until when", async () => {
  const { page } = first;
  await page.goto("/me");
  await screenshot(page, "home-without-javascript");
  await page.locator('main a[href="/me/records"]').first().click();
  const records = page.getByTestId("record");
  assert.ok((await records.count()) >= 1, "the first resident of the demo has records");
  const text = await records.first().innerText();
  for (const label of ["法律依据", "最晚"]) assert.match(text, new RegExp(label));
  assert.ok((await page.locator("main").innerText()).includes(city.account("resident", 0).name), "the page names the person");
  await screenshot(page, "records-without-javascript");
});

test("each sees only the own file", async () => {
  const own = await recordTitles(first.page);
  const others = await recordTitles(second.page);
  const [mine, theirs] = [city.account("resident", 0), city.account("resident", 1)];
  const text = await first.page.locator("body").innerText();
  assert.ok(!text.includes(theirs.name) && !text.includes(theirs.number), "nothing of the other person");
  assert.notDeepEqual(own, others);
  const reverse = await second.page.locator("body").innerText();
  assert.ok(!reverse.includes(mine.name) && !reverse.includes(mine.number));
});

async function recordTitles(page) {
  await page.goto("/me/records");
  return page.getByTestId("record").evaluateAll((records) => records.map((record) => record.getAttribute("aria-labelledby")));
}

test("an officer's pages do not open for a resident", async () => {
  for (const path of ["/deliver", "/deliveries", "/reviews", "/reconciliation"]) {
    const response = await first.page.goto(path);
    assert.ok([403, 404].includes(response.status()), `${path}: ${response.status()}`);
    assert.equal(await first.page.getByTestId("review-row").count(), 0);
  }
});

test("every page is light, fits, and is accessible in both languages", async () => {
  for (const viewport of [PHONE, DESKTOP]) {
    const context = await person(browser, city, { viewport, session: first.session });
    const page = await context.newPage();
    for (const path of PAGES) {
      const bytes = await weigh(page, path);
      assert.ok(bytes > 0 && bytes < PAGE_BYTES_MAX, `${path}: ${bytes} bytes`);
      await assertFits(page, path);
      await assertAccessible(page, path);
      await screenshot(page, path.slice(1).replaceAll("/", "-"));
    }
    await page.goto("/me/records?lang=en");
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
    await assertFits(page, "/me/records in English");
    await assertAccessible(page, "/me/records in English");
    await screenshot(page, "me-records-en");
    await page.goto("/me?lang=zh-CN");
    await context.close();
  }
});

test("the page is not the bank's report, repair is free, agents are not needed", async () => {
  await first.page.goto("/me/records");
  const foot = await first.page.locator("footer").innerText();
  assert.match(foot, /征信/);
  assert.match(foot, /不收取任何费用/);
  assert.match(foot, /代理|中介/);
});

test("no page runs a script or calls another host", async () => {
  const context = await person(browser, city, { session: first.session });
  const page = await context.newPage();
  const foreign = [];
  page.on("request", (request) => { if (!request.url().startsWith(city.address)) foreign.push(request.url()); });
  for (const path of PAGES) {
    await page.goto(path, { waitUntil: "networkidle" });
    assert.equal(await page.locator("script").count(), 0, path);
  }
  assert.deepEqual(foreign, []);
  await context.close();
});
