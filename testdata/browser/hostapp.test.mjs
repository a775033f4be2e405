// A person in the host app: signs in, refuses a mini app, allows a part, sees it opened in the phone, disconnects it, and
// the mini app says so. With and without scripts, light and dark, on a narrow phone and on a desktop.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, visit } from "./lib/browser.mjs";
import { startDemo } from "./lib/demo.mjs";
import { at, signIn, signUp } from "./lib/steps.mjs";

let demo, browser;
before(async () => ([demo, browser] = await Promise.all([startDemo(), launch()])), { timeout: 240_000 });
after(async () => {
  await browser?.close();
  await demo?.stop();
}, { timeout: 120_000 });

// inPhone waits for something in the mini app that is open in the phone, and inspects all that there is to see.
async function inPhone(visitor, selector) {
  const miniApp = visitor.page.frameLocator("main#run iframe");
  await miniApp.locator(selector).first().waitFor();
  await visitor.inspect();
  return miniApp;
}

async function answer(visitor, decision, scopes = []) {
  await at(visitor, "main#sheet", "/apps/photoprint");
  for (const scope of scopes) await visitor.page.check(`#decide input[name=scope][value="${scope}"]`);
  await visitor.page.click(`#decide button[value=${decision}]`);
}

const scopesOf = (locator) =>
  locator.evaluateAll((rows) => Object.fromEntries(rows.map((r) => [r.dataset.scope, r.dataset.decision])));

for (const [scripts, dark, width] of [[true, false, 320], [true, true, 1280], [false, true, 320], [false, false, 1280]]) {
  const how = `scripts ${scripts ? "on" : "off"}, ${dark ? "dark" : "light"}, ${width} px`;
  test(`a person refuses, allows a part, opens and disconnects in the host app (${how})`, { timeout: 300_000 }, async (t) => {
    const visitor = await visit(t, browser, { scripts, dark, width });
    const { page } = visitor;
    const person = { email: `host.${how.replace(/\W+/g, ".")}@example.com`, firstName: "Mei", lastName: "Tanaka" };

    await page.goto(demo.host_app);
    await at(visitor, "main#welcome", "/");
    await page.click("#sign-in");
    await signUp(visitor, person); // and nobody asks whether the super app may know its own people
    await at(visitor, "main#home", "/");
    assert.match(await page.locator("main#home h1").innerText(), /Mei/);

    await page.click("#app-photoprint");
    await at(visitor, "main#sheet", "/apps/photoprint");
    await page.click("#not-now"); // which decides nothing
    await at(visitor, 'main#home #app-photoprint:has-text("Not opened yet")', "/");

    await page.click("#app-photoprint");
    await answer(visitor, "deny");
    await at(visitor, "main#home", "/");
    assert.match(await page.locator("[role=status]").innerText(), /PhotoPrint was not opened/);

    await page.click("#app-photoprint");
    await answer(visitor, "allow", ["profile"]);
    const miniApp = await inPhone(visitor, "main#account");
    assert.deepEqual(await scopesOf(miniApp.locator("#scopes li")), {
      openid: "allowed", email: "allowed", profile: "allowed", phone: "denied", points_read: "denied",
    });
    assert.equal(await miniApp.locator('#claims [data-claim="email"] dd').innerText(), person.email);
    assert.equal(await miniApp.locator('#claims [data-claim="phone_number"]').count(), 0);

    await page.click("#close");
    await at(visitor, "main#home", "/");
    await page.click("#app-photoprint"); // decided already: it opens at once
    await inPhone(visitor, "main#account");

    await page.click("#close");
    await page.click("#to-connected");
    await at(visitor, 'main#connected [data-app="photoprint"][data-status="partial"]', "/connected");
    await page.click("#disconnect-photoprint button");
    await at(visitor, "[role=status]", "/connected");
    assert.equal(await page.locator('[data-app="photoprint"]').count(), 0);

    await page.click("#see");
    const ended = await inPhone(visitor, 'main#error[data-error="access_ended"]');
    await ended.locator("text=Open again in").click(); // begins again, in the phone and not in the frame
    await at(visitor, "main#sheet", "/apps/photoprint");
  });
}

test("the sheet shows the person's own values, purposes and the publisher", { timeout: 300_000 }, async (t) => {
  const visitor = await visit(t, browser);
  await visitor.page.goto(demo.start);
  await visitor.page.click("#open-host-app");
  await at(visitor, "main#welcome", "/");
  await visitor.page.click("#sign-in");
  await signIn(visitor, demo.people.find((p) => p.email.startsWith("ana")));
  await visitor.page.click("#app-photoprint");
  await at(visitor, "main#sheet");

  const sheet = visitor.page.locator("main#sheet");
  for (const shown of ["Print Co", "verified", "ana@example.com (verified)", "+59899123456", "120", "Ana Souza", "to send your order status"]) {
    assert.ok((await sheet.innerText()).includes(shown), shown);
  }
  assert.deepEqual(await sheet.locator("input").evaluateAll((all) => all.map((i) => [i.value, i.checked]).sort()),
    [["phone", false], ["points_read", false], ["profile", false]], "what is required has no control, what is not is unticked");
  const [allow, deny] = await Promise.all(["allow", "deny"].map((d) => sheet.locator(`button[value=${d}]`).boundingBox()));
  assert.ok(Math.abs(allow.height - deny.height) < 1 && Math.abs(allow.width - deny.width) < 1, "the two answers are the same size");
  assert.ok(allow.height >= 44);
  assert.equal(await visitor.page.evaluate(() => document.activeElement.tagName), "BODY", "no answer has the focus");
});

test("a mini app that the person has not allowed does not open", { timeout: 300_000 }, async (t) => {
  const visitor = await visit(t, browser, { width: 320 });
  await visitor.page.goto(demo.host_app);
  await visitor.page.click("#sign-in");
  await signIn(visitor, demo.people.find((p) => p.email.startsWith("ben")));
  await at(visitor, "main#home");
  await visitor.page.goto(`${demo.host_app}/run/photoprint`);
  const closed = await inPhone(visitor, 'main#closed[data-error="consent_required"]');
  await closed.locator("a.button").click();
  await at(visitor, "main#sheet", "/apps/photoprint");
});

test("signing out of the host app ends what the mini app got there", { timeout: 300_000 }, async (t) => {
  const visitor = await visit(t, browser);
  const { page } = visitor;
  await page.goto(demo.host_app);
  await page.click("#sign-in");
  await signUp(visitor, { email: "leaves@example.com", firstName: "Lea", lastName: "Ves" });
  await page.click("#app-photoprint");
  await answer(visitor, "allow");
  await inPhone(visitor, "main#account");
  await page.click("#close");
  await page.click("#sign-out button");
  await at(visitor, "main#welcome", "/");
  await page.goto(demo.mini_app);
  await at(visitor, 'main#error[data-error="access_ended"]');
});
