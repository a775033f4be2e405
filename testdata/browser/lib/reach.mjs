// Goes to every page that one can get to, and through every control of one with the keyboard alone.
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { pathOf } from "./browser.mjs";

const MOST = 30 * 1024; // bytes of a page with its style sheet, compressed

const ROWS = 9; // from this one on the rows of a list are not looked at closely

async function fits(page) {
  const [wide, narrow] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(wide <= narrow, `${pathOf(page.url())} is ${wide} px wide in a window of ${narrow} px`);
}

// kindOf is what all pages of a kind have in common: /admin/apps/{id} for that of each mini app, and "next" for the later parts of a list.
export function kindOf(url) {
  const { pathname, searchParams } = new URL(url);
  const parts = pathname.split("/");
  if (parts.length > 3 && parts[2] !== "new") parts[3] = "{id}";
  return parts.join("/") + (searchParams.has("after") ? " next" : "");
}

// reach visits one page of every kind that links lead to from the page where the visitor is, below root, and returns the kinds.
// liked are paths that are taken as the one of their kind; inspect is called on each page.
export async function reach(visitor, root, liked = [], inspect = () => visitor.inspect()) {
  const { page } = visitor;
  const origin = new URL(page.url()).origin;
  const queue = [page.url(), ...liked.map((path) => origin + path)];
  const kinds = new Set();
  const style = gzipSync(await (await page.request.get(await page.locator("link[rel=stylesheet]").getAttribute("href").then((href) => origin + href))).body()).length;
  while (queue.length > 0) {
    const url = queue.shift();
    if (kinds.has(kindOf(url))) continue;
    const answer = await page.goto(url);
    assert.equal(answer.status(), 200, pathOf(url));
    kinds.add(kindOf(url)).add(kindOf(page.url()));
    const size = gzipSync(await answer.body()).length + style;
    assert.ok(size < MOST, `${url} is ${size} bytes, compressed and with its style sheet`);
    const links = await page.evaluate(() => {
      for (const folded of document.querySelectorAll("main details")) folded.open = true;
      return [...document.querySelectorAll("a[href], iframe[src]")].map((e) => e.href || e.src);
    });
    await fits(page);
    await page.evaluate((rows) => { // the rows of a list are alike, and axe is slow
      for (const one of document.querySelectorAll(["li", "option", "label", "fieldset > div"].map((e) => `main ${e}:nth-of-type(n + ${rows})`))) one.remove();
    }, ROWS);
    await inspect();
    assert.equal(await page.locator("main h1").count(), 1, `${pathOf(url)} has a main part with one title`);
    for (const link of links) {
      const { origin: of, pathname } = new URL(link);
      if (of === origin && (pathname === root || pathname.startsWith(`${root}/`)) && !/\/(sign-in|export)$/.test(pathname)) queue.push(link);
    }
  }
  return [...kinds].sort();
}

// tabThrough presses Tab from the top of a page to its end, and Space on whatever folds something away. Every control has to be met,
// in the order of the page, and be seen when it is.
export async function tabThrough(page) {
  await page.waitForLoadState();
  await page.evaluate(() => {
    document.activeElement.blur();
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
    globalThis.met = [];
  });
  for (let presses = 0; ; presses++) {
    assert.ok(presses < 400, `there is no way out of ${pathOf(page.url())} with Tab`);
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const at = document.activeElement;
      if (at === document.body || at === globalThis.met[0]) return { out: true };
      if (globalThis.met.at(-1) === at) return {}; // the parts of a date
      globalThis.met.push(at);
      const { outlineStyle, outlineWidth } = getComputedStyle(at);
      const box = at.getBoundingClientRect();
      return {
        what: at.outerHTML.slice(0, 120), outlined: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
        seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
        folded: at.matches("main summary") && !at.parentElement.open, frame: at.tagName === "IFRAME",
      };
    });
    if (stop.out) break;
    if (!stop.what) continue;
    assert.ok(stop.frame || (stop.outlined && stop.seen), `the focus cannot be seen on ${stop.what} of ${pathOf(page.url())}`);
    if (stop.folded) await page.keyboard.press("Space");
  }
  const [missed, order] = await page.evaluate(() => {
    const all = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, iframe")]
      .filter((e) => e.checkVisibility() && !e.disabled && e.tabIndex >= 0);
    const text = (e) => e.outerHTML.slice(0, 120);
    const met = globalThis.met.filter((e) => all.includes(e));
    return [all.filter((e) => !met.includes(e)).map(text), met.map((e) => all.indexOf(e)).every((at, i, list) => i === 0 || at > list[i - 1])];
  });
  assert.deepEqual(missed, [], `what Tab does not reach on ${pathOf(page.url())}`);
  assert.ok(order, `Tab goes through ${pathOf(page.url())} in another order than one reads it in`);
}

// tabTo presses Tab until what a selector names has the focus.
export async function tabTo(page, selector) {
  await page.waitForLoadState();
  for (let presses = 0; presses < 300; presses++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((wanted) => document.activeElement.matches(wanted), selector)) return;
  }
  assert.fail(`Tab never reached ${selector} on ${pathOf(page.url())}`);
}
