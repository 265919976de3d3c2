// Debian's Chromium through playwright-core: contexts as persons have them, login, screenshots, axe.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import { chromium } from "playwright-core";
import { codeOfStep, currentStep } from "./totp.mjs";

const EXECUTABLE = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGUMENTS = [
  "--no-sandbox", // CI runs as root in a container
  "--headless=new",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const SCREENSHOTS = fileURLToPath(new URL("../screenshots/", import.meta.url));

/** A phone as narrow as `GB/T 37668` and WCAG 1.4.10 ask to serve, and a desktop. */
export const PHONE = { width: 360, height: 740 };
export const DESKTOP = { width: 1280, height: 900 };

export async function launch() {
  return chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS });
}

/** A fresh person at a fresh device: no cookies, Chinese first. */
export async function person(browser, city, options = {}) {
  const { viewport = DESKTOP, javaScript = true, locale = "zh-CN", session } = options;
  const context = await browser.newContext({
    baseURL: city.address,
    viewport,
    locale,
    javaScriptEnabled: javaScript,
    storageState: session,
    acceptDownloads: true,
  });
  context.setDefaultTimeout(15_000);
  return context;
}

/** The last step each login has used: a code is good once (RFC 6238 §5.2), and the server takes one step of skew. */
const usedSteps = new Map();

// Never the code of the step before: on the way to the server the next step may begin, and it is two steps old.
export function nextCode(account, now = Date.now()) {
  const step = Math.max(currentStep(now), (usedSteps.get(account.login) ?? -1) + 1);
  assert.ok(step <= currentStep(now) + 1, "logged in too often within a minute: keep the session instead");
  usedSteps.set(account.login, step);
  return codeOfStep(account.totp_secret, step);
}

/** Both factors; ends on the account's first page. */
export async function login(page, account) {
  await page.goto("/login");
  await page.locator('input[name="login"]').fill(account.login);
  await page.locator('input[name="password"]').fill(account.password);
  await submit(page, 'form[action="/login"]');
  await page.waitForURL("**/login/code");
  await page.locator('input[name="code"]').fill(nextCode(account));
  await submit(page, 'form[action="/login/code"]');
  try {
    await page.waitForURL((url) => !url.pathname.startsWith("/login"));
  } catch (error) {
    throw new Error(`${account.login} was not let in; the page says: ${await page.locator("main").innerText()}`, { cause: error });
  }
}

/** Presses the one submit button of a form. */
export async function submit(page, form) {
  await page.locator(`${form} button[type="submit"]`).click();
}

/** A context that is logged in; its session can be given to other devices by `session`. */
export async function loggedIn(browser, city, account, options = {}) {
  const context = await person(browser, city, options);
  const page = await context.newPage();
  await login(page, account);
  return { context, page, session: await context.storageState() };
}

/** A screenshot to look at; git ignores them. */
export async function screenshot(page, name) {
  await mkdir(SCREENSHOTS, { recursive: true });
  const { width } = page.viewportSize();
  await page.screenshot({ path: `${SCREENSHOTS}${name}-${width}.png`, fullPage: true });
}

/** WCAG 2.2 A and AA by axe: nothing serious or critical (and nothing lesser is hidden: it is printed). */
export async function assertAccessible(page, where) {
  await page.evaluate(axe.source);
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const results = await page.evaluate((values) => globalThis.axe.run(document, { runOnly: { type: "tag", values } }), tags);
  assert.ok(results.passes.length > 0, "axe looked at nothing");
  const lines = results.violations.map((found) => {
    const nodes = found.nodes.map((node) => node.target.join(" ")).slice(0, 3).join(", ");
    return `${found.impact}: ${found.id}: ${found.help}: ${nodes}`;
  });
  const grave = results.violations.filter((found) => found.impact === "serious" || found.impact === "critical");
  assert.equal(grave.length, 0, `${where}:\n${lines.join("\n")}`);
  for (const line of lines) console.log(`axe, ${where}: ${line}`);
}

/** WCAG 1.4.10: nothing to scroll sideways at this width. */
export async function assertFits(page, where) {
  const { inner, outer } = await page.evaluate(() => ({
    inner: document.documentElement.scrollWidth,
    outer: document.documentElement.clientWidth,
  }));
  assert.ok(inner <= outer, `${where}: the page is ${inner} px wide on a screen of ${outer} px`);
}

/** Loads a page and adds up what came over the line. */
export async function weigh(page, path) {
  const bodies = [];
  const note = (response) => bodies.push(response.body().then((body) => body.length, () => 0));
  page.on("response", note);
  await page.goto(path, { waitUntil: "networkidle" });
  page.off("response", note);
  const sizes = await Promise.all(bodies);
  return sizes.reduce((sum, size) => sum + size, 0);
}
