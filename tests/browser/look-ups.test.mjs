// An officer looks one person up; the person sees it, locks the file and complains; the officer explains. Without JavaScript.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESKTOP, PHONE, assertAccessible, assertFits, launch, loggedIn, person, screenshot, weigh } from "./lib/browser.mjs";
import { startCity } from "./lib/city.mjs";

const PAGE_BYTES_MAX = 100_000;

let browser;
let city;
let officer;
let resident;

before(async () => {
  [city, browser] = await Promise.all([startCity(), launch()]);
  // The third officer of the demonstration is the one who may look up.
  officer = await loggedIn(browser, city, city.account("officer", 2), { viewport: DESKTOP, javaScript: false });
  resident = await loggedIn(browser, city, city.account("resident", 0), { viewport: PHONE, javaScript: false });
});
after(async () => {
  await browser?.close();
  await city?.stop();
});

test("an officer goes from purpose and matter to an answer with its receipt", async () => {
  const { page } = officer;
  await page.goto("/look-up");
  await screenshot(page, "look-up");
  await page.getByTestId("purpose").first().locator("a").click();
  const year = (await page.locator("#matter-hint").innerText()).match(/\d{4}/)[0];
  const who = city.account("resident", 0);
  await page.fill("#matter_no", `测采〔${year}〕999号`);
  await page.fill("#document_number", who.number);
  await page.fill("#name", who.name);
  await screenshot(page, "look-up-form");
  await page.locator("main form button").first().click();
  assert.match(await page.getByTestId("fault").innerText(), /POLICY-0204/);
  await screenshot(page, "look-up-fault");
  // Two matters of the demonstration are used; this one is not.
  await page.fill("#matter_no", `测采〔${new Date().getFullYear()}〕104号`);
  await page.fill("#document_number", who.number);
  await page.fill("#name", who.name);
  await page.locator("main form button").first().click();
  await page.getByTestId("look-up-id").waitFor();
  const text = await page.locator("main").innerText();
  assert.ok(!text.includes(who.number) && !text.includes(who.name), "neither number nor name");
  await screenshot(page, "look-up-answer");
});

test("the resident sees who looked at once, on a phone", async () => {
  const { page } = resident;
  await page.goto("/me");
  await screenshot(page, "me-with-looks");
  await page.getByTestId("card-looks").locator("a").click();
  const looks = page.getByTestId("look");
  assert.ok((await looks.count()) >= 3, "the demonstration's and the one just made");
  const text = await looks.first().innerText();
  for (const label of ["经办人代号", "法律依据", "办件编号", "查询事项"]) assert.ok(text.includes(label), label);
  await screenshot(page, "me-look-ups");
  await looks.first().locator("details").last().locator("summary").click();
  assert.match(await looks.first().getByTestId("entry-hash").first().innerText(), /^[0-9a-f]{64}$/);
});

test("the resident complains and locks; the officer explains", async () => {
  const { page } = resident;
  const first = page.getByTestId("look").first();
  await first.locator("details").first().locator("summary").click();
  await first.locator("textarea").fill("我没有参加投标");
  await first.locator("form button").click();
  await page.getByTestId("complaint").first().waitFor();
  await page.getByTestId("lock").locator("button").click();
  assert.equal(await page.getByTestId("lock").getAttribute("data-locked"), "true");
  await screenshot(page, "me-look-ups-locked");

  await officer.page.goto("/look-up");
  await officer.page.getByTestId("complaint").locator("textarea").fill("录入时选错办件");
  await screenshot(officer.page, "look-up-inbox");
  await officer.page.getByTestId("complaint").locator("button").click();
  await page.reload();
  assert.ok((await page.getByTestId("complaint").first().innerText()).includes("录入时选错办件"));
});

test("the pages are light, fit and are accessible in both languages", async () => {
  for (const [who, path] of [[resident, "/me/look-ups"], [officer, "/look-up"], [officer, "/look-up?purpose=PUR-PROCUREMENT"], [officer, "/catalogue"]]) {
    for (const viewport of [PHONE, DESKTOP]) {
      const context = await person(browser, city, { viewport, session: who.session });
      const page = await context.newPage();
      const bytes = await weigh(page, path);
      assert.ok(bytes > 0 && bytes < PAGE_BYTES_MAX, `${path}: ${bytes} bytes`);
      await assertFits(page, path);
      await assertAccessible(page, path);
      await screenshot(page, path.slice(1).replaceAll(/[/?=]/g, "-"));
      await page.goto(`${path}${path.includes("?") ? "&" : "?"}lang=en`);
      await assertFits(page, `${path} in English`);
      await assertAccessible(page, `${path} in English`);
      await screenshot(page, `${path.slice(1).replaceAll(/[/?=]/g, "-")}-en`);
      await page.goto("/catalogue?lang=zh-CN");
      await context.close();
    }
  }
});
