// A real Chromium, and a visitor in it who notices what is wrong with a page.
import assert from "node:assert/strict";
import axe from "axe-core";
import { chromium } from "playwright-core";

const STEP_MS = 60_000; // a wait that ends well costs nothing, and a machine can be slow
const RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

// launch starts the browser. Chromium's sandbox cannot work for root, nor in most containers.
export function launch() {
  return chromium.launch({
    executablePath: process.env.GATEHOUSE_TEST_BROWSER || "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
}

// visit opens a browser profile of its own. The visitor remembers what no page may do: answer 5xx, break its own
// content security policy, or throw.
export async function visit(t, browser, { scripts = true, dark = false, width = 1280, locale = "en-US" } = {}) {
  const context = await browser.newContext({
    javaScriptEnabled: scripts,
    colorScheme: dark ? "dark" : "light",
    viewport: { width, height: width < 600 ? 640 : 800 },
    locale,
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(STEP_MS);
  t.after(() => context.close());

  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (err) => wrong.push(`script error on ${page.url()}: ${err.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && /Content Security Policy|Refused to/.test(message.text())) wrong.push(message.text());
  });
  page.on("response", (response) => {
    if (response.status() >= 500) wrong.push(`${response.status()} from ${pathOf(response.url())}`);
  });
  return { page, context, scripts, inspect: (rules) => inspect(page, scripts, wrong, rules) };
}

// inspect is called on every page that is met: accessible by axe's rules, or by the ones named, nothing wider than the window,
// nothing broken.
async function inspect(page, scripts, wrong, rules) {
  assert.deepEqual(wrong, []);
  for (const frame of page.frames()) await inspectFrame(frame, scripts, rules); // the page itself, and a mini app in it
}

async function inspectFrame(frame, scripts, rules) {
  await frame.waitForLoadState(); // what was waited for may be there before the end of the page, or its style sheet
  const [wide, narrow] = await frame.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= narrow, `${pathOf(frame.url())} is ${wide} px wide in a window of ${narrow} px`);
  if (!scripts) return; // axe is a script
  const seen = `${rules} ${await appearance(frame)}`;
  if (passed.has(seen)) return;
  if (!(await frame.evaluate(() => Boolean(globalThis.axe)))) await frame.evaluate(axe.source);
  const result = await frame.evaluate((rules) => globalThis.axe.run({ runOnly: rules, iframes: false }), rules ?? RULES);
  assert.ok(rules || result.passes.length > 5, "axe looked at the page");
  const found = result.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(" ")}: ${n.failureSummary}`));
  assert.deepEqual(found, [], `accessibility of ${pathOf(frame.url())}`);
  passed.add(seen);
}

// passed are the appearances that axe found nothing wrong with. Most pages are met again and again, and axe takes longer than a page.
const passed = new Set();

// appearance is all of a document that axe looks at: what stands in it, the window, the colours, where the focus is and what is
// ticked. It leaves out what nobody sees, hidden fields and the queries of addresses, and says the same of any request and e-mail address.
async function appearance(frame) {
  const [html, ...look] = await frame.evaluate(() => [
    document.documentElement.outerHTML,
    innerWidth, innerHeight, matchMedia("(prefers-color-scheme: dark)").matches,
    document.activeElement.name, ...[...document.querySelectorAll(":checked")].map((e) => e.value),
  ]);
  const seen = html.replace(/<input[^>]* type="hidden"[^>]*>/g, "").replace(/ (href|src|action)="([^"?]*)\?[^"]*"/g, ' $1="$2"')
    .replace(/<bdi>[A-Z2-7]{26}<\/bdi>/g, "").replace(/[\w.+-]+@(\w+\.)?example(\.com)?/g, "@");
  return `${look} ${seen}`;
}

// pathOf leaves the query out: it can hold codes and sealed values.
export const pathOf = (url) => new URL(url).pathname;
