// The console: what an operator sees at /admin, on a phone, in the dark, from right to left and without scripts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, visit } from "./lib/browser.mjs";
import { startDemo } from "./lib/demo.mjs";

let demo, browser;
before(async () => {
  [demo, browser] = await Promise.all([startDemo(), launch()]);
}, { timeout: 240_000 });
after(async () => {
  await browser?.close();
  await demo?.stop();
}, { timeout: 120_000 });

for (const [scripts, look] of [[true, { width: 320, locale: "ar" }], [false, { width: 320 }]])
  test(`the console is for everybody (${JSON.stringify({ scripts, ...look })})`, { timeout: 300_000 }, async (t) => {
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
    await page.waitForURL(/30d$/);
    assert.equal(await page.locator(".plot").count(), 6);
    for (let n = 0; n < 120 && (await page.locator(".plot svg").count()) === 0; n++) { // what is counted is there some seconds later
      await page.waitForTimeout(500);
      await page.reload();
    }
    assert.ok((await page.locator(".plot svg").count()) > 0, "the sign-in is drawn");
    await visitor.inspect();
    await page.goto(`${demo.issuer}/admin/reviews`);
    await visitor.inspect();

    await page.goto(`${demo.issuer}/admin/apps?search=photoprint`);
    await visitor.inspect();
    await page.click('a[href="/admin/apps/photoprint"]');
    await page.waitForLoadState();
    for (const summary of await page.locator("details.known > summary").all()) await summary.click();
    await visitor.inspect();

    await page.click("form#operate button[value=suspend]");
    await page.locator("#problems").waitFor();
    await visitor.inspect();
    assert.equal(await page.locator("form#operate button[value=suspend]").count(), 1, "nothing is suspended without a reason");

    await page.fill("form#review textarea", "Looked at on a phone.");
    await page.click("form#review button[value=comment]");
    await page.locator("[role=status]").waitFor();
    await visitor.inspect();
    assert.match(await page.locator("#notes").innerText(), /Looked at on a phone/);
  });

for (const [scripts, look] of [[true, {}], [false, { width: 320, dark: true, locale: "ar" }]])
  test(`operators see what they run (${JSON.stringify({ scripts, ...look })})`, { timeout: 300_000 }, async (t) => {
    const visitor = await visit(t, browser, { scripts, ...look });
    const { page } = visitor;
    await page.goto(`${demo.issuer}/admin/keys`);
    await page.fill("form#sign-in [name=username]", "admin@example.com");
    await page.fill("form#sign-in [name=password]", "correct horse battery staple");
    await page.click("form#sign-in button.button");
    await page.waitForURL(/\/admin\/keys$/);
    await visitor.inspect();
    await page.goto(`${demo.issuer}/admin/new/scopes`);
    const scope = `steps_${scripts}`;
    await page.fill("form#create [name=name]", scope);
    await page.keyboard.press("Enter");
    await page.locator("#problems").waitFor();
    await visitor.inspect();
    await page.fill("form#create [name='title.en']", "Your steps");
    await page.click("form#create button[value=create]");
    await page.waitForURL(new RegExp(`/admin/scopes/${scope}`));
    for (const summary of await page.locator("details.known > summary").all()) await summary.click();
    await visitor.inspect();
    await page.click("form#delete button[value=delete]");
    await page.waitForURL(/\/admin\/scopes\?done=1$/);
  });

for (const [scripts, look] of [[true, { width: 320, locale: "ar" }], [false, { width: 320 }]])
  test(`people and what they have are for everybody too (${JSON.stringify({ scripts, ...look })})`, { timeout: 300_000 }, async (t) => {
    const visitor = await visit(t, browser, { scripts, ...look });
    const { page } = visitor;
    await page.goto(`${demo.issuer}/admin/publishers`);
    await page.fill("form#sign-in [name=username]", "admin@example.com");
    await page.fill("form#sign-in [name=password]", "correct horse battery staple");
    await page.click("form#sign-in button.button");
    await page.waitForURL(/\/admin\/publishers$/);
    await page.goto(`${demo.issuer}/admin/people?q=ana`);
    await page.click(".items h3 a");
    await page.locator("#sessions").waitFor();
    await page.waitForLoadState(); // of the folded forms none is left out
    for (const summary of await page.locator("details.known > summary").all()) await summary.click();
    await visitor.inspect();

    await page.fill("form#change [name=company]", "nobody");
    await page.click("form#change button");
    await page.locator("#problems").waitFor();
    assert.equal(await page.inputValue("form#change [name=company]"), "nobody", "what was typed is still there");
    await visitor.inspect();

    await page.goto(`${demo.issuer}/admin/new/publishers`);
    const id = `printers-${scripts}-${look.width}-${look.locale}`;
    await page.fill("form#create [name=id]", id);
    await page.fill("form#create [name=name]", "Printers");
    await visitor.context.clearCookies();
    await page.click("form#create button");
    await page.locator("form#resend").waitFor();
    await visitor.inspect();
    const [other] = await Promise.all([visitor.context.waitForEvent("page"), page.click("#sign-in-again a[target]")]);
    await other.fill("form#sign-in [name=username]", "admin@example.com");
    await other.fill("form#sign-in [name=password]", "correct horse battery staple");
    await other.click("form#sign-in button.button");
    await other.waitForURL(/\/admin\/new\/publishers$/);
    await other.close();
    await page.click("form#resend button"); // which was sealed for a cookie that is no more, so it is shown once more
    await page.locator("main#send-again").waitFor();
    await visitor.inspect();
    await page.click("form#resend button");
    await page.waitForURL(new RegExp(`/admin/publishers/${id}`));
  });

for (const look of [{ width: 320 }, { width: 320, dark: true, locale: "ar" }, {}])
  test(`the menu folds where there is little room, without scripts and by the keyboard (${JSON.stringify(look)})`, { timeout: 300_000 }, async (t) => {
    const visitor = await visit(t, browser, { scripts: false, ...look });
    const { page } = visitor;
    await page.goto(`${demo.issuer}/admin/deliveries`);
    await page.fill("form#sign-in [name=username]", "admin@example.com");
    await page.fill("form#sign-in [name=password]", "correct horse battery staple");
    await page.click("form#sign-in button.button");
    await page.waitForURL(/\/admin\/deliveries$/);
    const [menu, here] = [page.locator("nav.menu summary"), page.locator("nav.menu [aria-current=page]")];
    assert.equal(await menu.isVisible(), look.width === 320);
    assert.equal(await here.isVisible(), look.width !== 320);
    await page.keyboard.press("Tab");
    if (look.width === 320) {
      assert.ok((await menu.innerText()).includes((await here.textContent()).trim()), "it says where one is");
      assert.ok((await page.locator("header.bar").boundingBox()).height < 130);
      await page.keyboard.press("Enter");
      await here.waitFor({ state: "visible" });
      await visitor.inspect();
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/admin\/dashboard$/);
  });
