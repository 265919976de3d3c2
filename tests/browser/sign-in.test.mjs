// An officer signs in by a real OpenID provider, looks at a page, confirms with a second factor, looks somebody up, leaves.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { DESKTOP, PHONE, assertAccessible, assertFits, launch, loggedIn, person, screenshot, submit } from "./lib/browser.mjs";
import { startCity } from "./lib/city.mjs";
import { CLIENT, TWO_FACTORS_ACR, freePort, startProvider } from "./lib/provider.mjs";

const SUBJECT = "7d3c1f0e-officer-purchases";

let browser;
let city;
let folder;
let provider;

before(async () => {
  const port = await freePort();
  const address = `http://127.0.0.1:${port}`;
  provider = await startProvider(address);
  folder = await mkdtemp(join(tmpdir(), "chengdang-sign-in-"));
  const secret = join(folder, "client-secret");
  await writeFile(secret, `${CLIENT.secret}\n`, { mode: 0o600 });
  const config = join(folder, "chengdang.toml");
  await writeFile(config, `[sign_in]
issuer = "${provider.issuer}"
client_id = "${CLIENT.id}"
client_secret_file = "${secret}"
address = "${address}"
acr = ["${TWO_FACTORS_ACR}"]
allows_loopback_http = true
`);
  [city, browser] = await Promise.all([startCity({ port, config }), launch()]);
});
after(async () => {
  await browser?.close();
  await city?.stop();
  provider?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

test("the login page names the provider in both languages, and fits a phone", async () => {
  for (const viewport of [PHONE, DESKTOP]) {
    const context = await person(browser, city, { viewport });
    const page = await context.newPage();
    for (const [lang, name] of [["zh-CN", "统一身份认证"], ["en", "City identity provider"]]) {
      await page.goto(`/login?lang=${lang}`);
      await page.getByRole("link", { name }).waitFor();
      await assertFits(page, `/login in ${lang}`);
      await assertAccessible(page, `/login in ${lang}`);
      await screenshot(page, `login-provider-${lang}`);
    }
    await context.close();
  }
});

test("an unbound person gets no account; the administrator binds one", async () => {
  const context = await person(browser, city);
  const page = await context.newPage();
  await page.goto("/login");
  await page.getByRole("link", { name: "统一身份认证" }).click();
  await page.fill('input[name="name"]', SUBJECT);
  await page.click("button");
  await page.waitForURL(`${city.address}/login/return?**`);
  assert.match(await page.locator("main").innerText(), /SIGNIN-0007/);
  await screenshot(page, "sign-in-unbound");
  await context.close();

  const admin = await loggedIn(browser, city, city.account("system_admin"));
  const row = admin.page.getByTestId("account-row").filter({ hasText: city.account("officer", 2).login });
  await row.locator("summary").click();
  await row.locator('input[name="subject"]').fill(SUBJECT);
  await row.locator("details button").click();
  await row.getByText("起使用统一身份认证").waitFor();
  await assertAccessible(admin.page, "/accounts");
  await screenshot(admin.page, "accounts-bound");
  await admin.context.close();
});

test("an officer signs in, looks at a page, confirms, looks up and leaves", async () => {
  const context = await person(browser, city);
  const page = await context.newPage();
  await page.goto("/login");
  await page.getByRole("link", { name: "统一身份认证" }).click();
  await page.fill('input[name="name"]', SUBJECT);
  await page.click("button");
  await page.waitForURL(`${city.address}/catalogue`);
  assert.equal(await page.getByTestId("who").innerText(), city.account("officer", 2).login);
  await screenshot(page, "sign-in-first");
  const session = async () => (await context.cookies(city.address)).find((cookie) => cookie.name === "chengdang");
  const first = await session();
  assert.deepEqual([first.sameSite, first.httpOnly], ["Strict", true]);

  // What needs a second factor goes by the provider, and comes back.
  await page.getByRole("navigation").getByRole("link", { name: "查询", exact: true }).click();
  assert.ok(page.url().startsWith(provider.issuer), page.url());
  assert.equal(await page.locator('input[name="name"]').count(), 0, "who it is stands fast; only the code is wanted");
  await page.fill('input[name="code"]', "123456");
  await page.click("button");
  await page.waitForURL(`${city.address}/look-up`);
  assert.notEqual((await session()).value, first.value, "a fresh session");

  await page.getByTestId("purpose").first().locator("a").click();
  const who = city.account("resident", 0);
  await page.fill("#matter_no", `测采〔${new Date().getFullYear()}〕104号`);
  await page.fill("#document_number", who.number);
  await page.fill("#name", who.name);
  await page.locator("main form button").first().click();
  await page.getByTestId("look-up-id").waitFor();
  await screenshot(page, "sign-in-answer");

  await submit(page, 'form[action="/logout"]');
  await page.waitForURL(`${city.address}/login`);
  await page.goto("/look-up");
  assert.equal(new URL(page.url()).pathname, "/login");
  await context.close();
});

test("who leaves the provider has left here", async () => {
  const context = await person(browser, city);
  const page = await context.newPage();
  await page.goto("/login");
  await page.getByRole("link", { name: "统一身份认证" }).click();
  await page.fill('input[name="name"]', SUBJECT);
  await page.click("button");
  await page.waitForURL(`${city.address}/catalogue`);
  await page.goto(`${provider.issuer}/session/end`);
  await page.locator('button[value="yes"]').click();
  await page.waitForURL(`${provider.issuer}/session/end/success`);
  await page.goto(`${city.address}/catalogue`);
  assert.equal(await page.getByTestId("who").count(), 0, "the provider said so by the back channel");
  await context.close();
});
