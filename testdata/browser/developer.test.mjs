// The steps of a registration at /developer: on a phone, in the dark, from right to left and without scripts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, visit } from "./lib/browser.mjs";
import { startDemo } from "./lib/demo.mjs";
import { at, signIn } from "./lib/steps.mjs";

let demo, browser, logo;
before(async () => {
  [demo, browser] = await Promise.all([startDemo(), launch()]);
  const page = await browser.newPage();
  const drawn = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 300, height: 200 });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "teal";
    pen.fillRect(0, 0, 300, 200);
    return canvas.toDataURL("image/webp", 0.9).split(",")[1];
  });
  logo = { name: "logo.webp", mimeType: "image/webp", buffer: Buffer.from(drawn, "base64") };
  await page.close();
}, { timeout: 240_000 });
after(async () => {
  await browser?.close();
  await demo?.stop();
}, { timeout: 120_000 });

const shots = process.env.GATEHOUSE_SHOTS; // a folder, for whoever wants to look

for (const [scripts, look] of [[true, { width: 320, dark: true }], [false, { width: 320 }]])
  test(`the developer portal is for everybody (${JSON.stringify({ scripts, ...look })})`, { timeout: 300_000 }, async (t) => {
    const visitor = await visit(t, browser, { scripts, ...look });
    const { page } = visitor;
    const seen = async (name) => {
      await visitor.inspect();
      if (shots) await page.screenshot({ path: `${shots}/${name}-${look.width ?? 1280}${look.dark ? "-dark" : ""}${look.locale ?? ""}${scripts ? "" : "-plain"}.png`, fullPage: true });
    };
    const save = async (then) => {
      await Promise.all([page.waitForNavigation(), page.click(`form#step button[value=${then}]`)]);
    };

    await page.goto(`${demo.issuer}/developer`);
    await signIn(visitor, demo.people.find((p) => p.email.startsWith("dana")));
    await at(visitor, 'a[href="/developer/new"]', "/developer");
    await seen("list");
    await page.click('a[href="/developer/new"]');
    await page.fill("[name=name]", "Harbour");
    await page.fill("[name=client_uri]", "https://harbour.example/");
    await page.click("details.more > summary");
    await page.fill('[name="name:es"]', "Puerto");
    await page.setInputFiles("[name=logo]", { name: "logo.svg", mimeType: "image/svg+xml", buffer: Buffer.from("<svg/>") });
    await save("stay");
    await page.locator("#logo-problem").waitFor();
    assert.equal(await page.inputValue('[name="name:es"]'), "Puerto", "what was typed is not lost");
    await seen("identity-wrong");
    await page.setInputFiles("[name=logo]", logo);
    await save("stay");
    const shown = page.locator("form#step img.logo");
    await shown.waitFor();
    if (scripts) assert.equal(await shown.evaluate((img) => img.naturalWidth), 96);
    await seen("identity");

    await save("next");
    await page.fill("#redirect_uris-0", "https://harbour.example/cb");
    await page.fill("#redirect_uris-1", "http://127.0.0.1:9/cb");
    await save("stay");
    await seen("redirects");
    const [tried] = await Promise.all([page.context().waitForEvent("request", (r) => r.url().startsWith("http://127.0.0.1:9/cb")), page.click('button[name=test][value="http://127.0.0.1:9/cb"]')]);
    assert.equal(new URL(tried.url()).searchParams.get("error"), "access_denied");
    for (const other of page.context().pages()) if (other !== page) await other.close();

    await save("next");
    await page.selectOption('[name="use:email"]', "required");
    await page.selectOption("[name=in]", "es");
    await save("stay");
    await page.fill('[name="purpose:email:es"]', "Para enviarle el horario de los barcos");
    await seen("data");
    await save("next");
    await seen("security");
    await save("next");
    await at(visitor, "form#submit");
    await page.selectOption("form#look [name=lang]", "ar");
    await page.selectOption("form#look [name=theme]", "dark");
    await Promise.all([page.waitForNavigation(), page.click("form#look button")]);
    const frame = page.frameLocator("iframe.phone");
    await frame.locator("form#consent").waitFor();
    assert.equal(await frame.locator("html").getAttribute("dir"), "rtl");
    assert.equal(await frame.locator("html").getAttribute("data-theme"), "dark");
    await seen("review");
    await page.goto(page.url().replace(/\/review.*/, ""));
    await page.click("details.known:has(form#archive) > summary");
    await seen("app");

    // A reviewer sees the logo of the draft.
    const draft = new URL(page.url()).pathname.replace("/developer", "/admin");
    await visitor.context.clearCookies();
    await page.goto(`${demo.issuer}${draft}`);
    await signIn(visitor, { email: "admin@example.com", password: "correct horse battery staple" });
    const reviewed = page.locator("#fields figure img");
    await reviewed.waitFor();
    await page.waitForLoadState();
    if (scripts) assert.equal(await reviewed.evaluate((img) => img.naturalWidth), 96);
    await seen("reviewed");
  });
