// The console: what an operator sees at /admin, on a phone, in the dark, from right to left and without scripts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, visit } from "./lib/browser.mjs";
import { startDemo } from "./lib/demo.mjs";

let demo, browser;
before(async () => {
  [demo, browser] = await Promise.all([startDemo(), launch()]);
}, { timeout: 90_000 });
after(async () => {
  await browser?.close();
  await demo?.stop();
}, { timeout: 40_000 });

for (const [scripts, look] of [[true, {}], [true, { width: 320, dark: true }], [true, { width: 320, locale: "ar" }], [false, { width: 320 }]])
  test(`the console is for everybody (${JSON.stringify({ scripts, ...look })})`, { timeout: 90_000 }, async (t) => {
    const visitor = await visit(t, browser, { scripts, ...look });
    const { page } = visitor;
    await page.goto(`${demo.issuer}/admin`);
    await page.fill("form#sign-in [name=username]", "admin@example.com");
    await page.fill("form#sign-in [name=password]", "correct horse battery staple");
    await page.click("form#sign-in button.button");
    await page.waitForURL(/\/admin\/dashboard$/);
    for (const summary of await page.locator(".plot summary").all()) await summary.click();
    await visitor.inspect();
    await page.click('#ranges a[href$="30d"]');
    assert.equal(await page.locator(".plot svg").count(), 6);
    await visitor.inspect();
    await page.goto(`${demo.issuer}/admin/reviews`);
    await visitor.inspect();

    await page.goto(`${demo.issuer}/admin/apps?search=photoprint`);
    await visitor.inspect();
    await page.click('a[href="/admin/apps/photoprint"]');
    await page.locator("form#review").waitFor();
    for (const summary of await page.locator("details.known > summary").all()) await summary.click();
    await visitor.inspect();

    await page.click("form#operate button[value=suspend]");
    await page.locator("#problems").waitFor();
    assert.equal(await page.locator("form#operate button[value=suspend]").count(), 1, "nothing is suspended without a reason");
    await visitor.inspect();

    await page.fill("form#review textarea", "Looked at on a phone.");
    await page.click("form#review button[value=comment]");
    await page.locator("[role=status]").waitFor();
    assert.match(await page.locator("#notes").innerText(), /Looked at on a phone/);
    await visitor.inspect();
  });
