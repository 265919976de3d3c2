// Logging in: two factors, equal silence about accounts, both languages, leaving.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DESKTOP, PHONE, assertAccessible, assertFits, launch, loggedIn, nextCode, person, screenshot, submit } from "./lib/browser.mjs";
import { startCity } from "./lib/city.mjs";

let browser;
let city;

before(async () => {
  [city, browser] = await Promise.all([startCity(), launch()]);
});
after(async () => {
  await browser?.close();
  const end = await city?.stop();
  if (end) assert.deepEqual(end, { code: 0, signal: null }, "SIGTERM is a graceful stop");
});

async function firstFactor(page, login, password) {
  await page.goto("/login");
  await page.locator('input[name="login"]').fill(login);
  await page.locator('input[name="password"]').fill(password);
  await submit(page, 'form[action="/login"]');
}

test("the form is Chinese first, reachable by keyboard, and fits a phone", async () => {
  for (const viewport of [PHONE, DESKTOP]) {
    const context = await person(browser, city, { viewport });
    const page = await context.newPage();
    await page.goto("/login");
    assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
    assert.equal(await page.locator('input[name="login"]').getAttribute("autocomplete"), "username");
    assert.equal(await page.locator('input[name="password"]').getAttribute("type"), "password");
    for (const name of ["login", "password"]) {
      const id = await page.locator(`input[name="${name}"]`).getAttribute("id");
      assert.equal(await page.locator(`label[for="${id}"]`).count(), 1, `${name} has one label`);
    }
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")), "#main", "first comes the skip link");
    await assertFits(page, "/login");
    await assertAccessible(page, "/login");
    await screenshot(page, "login");
    await context.close();
  }
});

test("the language is chosen once and kept", async () => {
  const context = await person(browser, city);
  const page = await context.newPage();
  await page.goto("/login?lang=en");
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  const title = await page.locator("h1").innerText();
  assert.match(title, /^[\x20-\x7e]+$/, "an English page has an English title");
  await page.goto("/login");
  assert.equal(await page.locator("html").getAttribute("lang"), "en", "kept on the next page");
  await page.locator('a[hreflang="zh-CN"]').click();
  assert.equal(await page.locator("html").getAttribute("lang"), "zh-CN");
  await context.close();
});

test("a wrong password and an unknown login look the same", async () => {
  const seen = [];
  for (const login of [city.account("resident", 1).login, "nobody-of-this-name"]) {
    const context = await person(browser, city);
    const page = await context.newPage();
    await firstFactor(page, login, "not the password");
    assert.equal(new URL(page.url()).pathname, "/login");
    const alert = page.getByRole("alert");
    assert.equal(await alert.count(), 1, "the fault is announced");
    seen.push({ title: await page.title(), alert: await alert.innerText() });
    await context.close();
  }
  assert.deepEqual(seen[0], seen[1]);
});

test("without the second factor nothing opens; a code is good once", async () => {
  const account = city.account("centre");
  const context = await person(browser, city);
  const page = await context.newPage();
  await firstFactor(page, account.login, account.password);
  await page.waitForURL("**/login/code");
  await assertAccessible(page, "/login/code");
  await screenshot(page, "code");

  const early = await context.newPage();
  await early.goto("/reviews");
  assert.match(new URL(early.url()).pathname, /^\/login/, "half a login opens no page");

  const code = nextCode(account);
  const wrong = code === "000000" ? "000001" : "000000";
  await page.locator('input[name="code"]').fill(wrong);
  await submit(page, 'form[action="/login/code"]');
  assert.equal(await page.getByRole("alert").count(), 1, "a wrong code is named");
  await page.locator('input[name="code"]').fill(code);
  await submit(page, 'form[action="/login/code"]');
  await page.waitForURL((url) => !url.pathname.startsWith("/login"));
  await context.close();

  const again = await person(browser, city);
  const other = await again.newPage();
  await firstFactor(other, account.login, account.password);
  await other.waitForURL("**/login/code");
  await other.locator('input[name="code"]').fill(code);
  await submit(other, 'form[action="/login/code"]');
  assert.equal(await other.getByRole("alert").count(), 1, "the same code a second time is refused (RFC 6238 §5.2)");
  await again.close();
});

test("leaving ends the session on the server, not only in the browser", async () => {
  const { context, page, session } = await loggedIn(browser, city, city.account("resident"));
  await page.goto("/me");
  await submit(page, 'form[action="/logout"]');
  await page.goto("/me");
  assert.match(new URL(page.url()).pathname, /^\/login/);
  await context.close();

  const thief = await person(browser, city, { session });
  const stolen = await thief.newPage();
  await stolen.goto("/me");
  assert.match(new URL(stolen.url()).pathname, /^\/login/, "the old cookie opens nothing");
  await thief.close();
});

test("the session cookie cannot be read by script or sent from elsewhere", async () => {
  const { context } = await loggedIn(browser, city, city.account("resident", 1));
  const cookies = (await context.cookies()).filter((cookie) => cookie.httpOnly);
  assert.ok(cookies.length >= 1, "there is an HttpOnly cookie");
  for (const cookie of cookies) assert.ok(["Strict", "Lax"].includes(cookie.sameSite), `${cookie.name}: ${cookie.sameSite}`);
  await context.close();
});
