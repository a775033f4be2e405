// The person's own pages: what each app sees, taken back one by one; where they are signed in; everything as a file.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { launch, visit } from "./lib/browser.mjs";
import { startDemo } from "./lib/demo.mjs";
import { at, decide, decisions, openMiniApp, signIn, signUp } from "./lib/steps.mjs";

let demo, browser, ben;
before(async () => {
  [demo, browser] = await Promise.all([startDemo(), launch()]);
  ben = demo.people.find((p) => p.email.startsWith("ben"));
}, { timeout: 240_000 });
after(async () => {
  await browser?.close();
  await demo?.stop();
}, { timeout: 120_000 });

const app = "article:has(form#app-photoprint)";

// reachable requires that a finger hits a control.
async function reachable(control) {
  const { height } = await control.boundingBox();
  assert.ok(height >= 44, `${await control.innerText()} is ${height} px high`);
}

for (const [scripts, look] of [[true, {}], [true, { width: 320, dark: true }], [true, { width: 320, locale: "ar" }], [false, { width: 320 }]])
  test(`one scope is taken back (${JSON.stringify({ scripts, ...look })})`, { timeout: 300_000 }, async (t) => {
    const visitor = await visit(t, browser, { scripts, ...look });
    const { page } = visitor;
    const email = `take.back.${scripts}.${look.width ?? 0}.${look.locale ?? "en"}@example.com`;
    await openMiniApp(visitor, demo);
    await signUp(visitor, { email, firstName: "Take", lastName: "Back" });
    await decide(visitor, "allow", ["points_read", "profile"]);
    await at(visitor, "main#account", "/");

    await page.goto(`${demo.issuer}/account/apps`);
    await at(visitor, app, "/account/apps");
    const times = await page.locator(`${app} p.hint time`).allInnerTexts();
    assert.deepEqual(times.slice(1), [look.locale ? "الآن" : "just now"], "the mini app has just read who signed in"); // after since
    assert.ok(!(await page.getByText(email).first().isVisible()), "values are folded");
    for (const summary of await page.locator(`${app} details.seen > summary`).all()) await summary.click();
    assert.ok(await page.getByText(email).first().isVisible());
    await visitor.inspect();
    const withdraw = (scope) => page.locator(`${app} form:has(input[name=scope][value="${scope}"]) button[name=action][value=withdraw]`);
    assert.equal(await withdraw("email").count(), 0, "what the app needs goes only with the app");
    await reachable(withdraw("profile"));
    for (const summary of await page.locator(`${app} details.seen > summary`).all()) await reachable(summary);
    await withdraw("profile").click();
    await page.locator("[role=status]").waitFor();
    await visitor.inspect();
    assert.equal(await withdraw("profile").count(), 0);
    assert.equal(await withdraw("points_read").count(), 1);

    await page.goto(demo.mini_app);
    await at(visitor, 'main#error[data-error="access_ended"]', "/");
    await page.click("text=Sign in with");
    const left = await decisions(visitor); // nobody is asked again
    assert.deepEqual([left.email, left.points_read, left.profile], ["allowed", "allowed", "denied"]);

    await page.goto(`${demo.issuer}/account/apps`);
    await page.click("form#app-photoprint button[name=action][value=disconnect]");
    await page.locator("form#app-photoprint").waitFor({ state: "detached" });
    await visitor.inspect();
  });

test("an app that was refused is listed apart and may be let ask again", { timeout: 300_000 }, async (t) => {
  const visitor = await visit(t, browser, { width: 320 });
  const { page } = visitor;
  await openMiniApp(visitor, demo);
  await signUp(visitor, { email: "refuses@example.com", firstName: "Re", lastName: "Fuses" });
  await decide(visitor, "deny");
  await page.goto(`${demo.issuer}/account/apps`);
  await at(visitor, `section[aria-labelledby="refused-title"] ${app}`, "/account/apps");
  await page.click("form#app-photoprint button[name=action][value=clear]");
  await page.locator("form#app-photoprint").waitFor({ state: "detached" });
  await visitor.inspect();
});

test("another device is signed out by its own button", { timeout: 300_000 }, async (t) => {
  const [here, there] = [await visit(t, browser, { width: 320, dark: true, scripts: true }), await visit(t, browser, { scripts: false })];
  for (const visitor of [there, here]) {
    await visitor.page.goto(`${demo.issuer}/account`);
    await signIn(visitor, ben);
    await at(visitor, "form#profile", "/account");
  }
  const buttons = here.page.locator("button[name=action][value=end-session]");
  assert.equal(await buttons.count(), 1, "this device is signed out at /logout");
  await reachable(buttons);
  await buttons.click();
  await here.page.locator("[role=status]").waitFor();
  await here.inspect();
  await there.page.goto(`${demo.issuer}/account`);
  await at(there, "form#sign-in", "/login");
});

test("everything that is kept about a person comes as a file", { timeout: 300_000 }, async (t) => {
  const visitor = await visit(t, browser, { scripts: false });
  await visitor.page.goto(`${demo.issuer}/account`);
  await signIn(visitor, ben);
  await at(visitor, "form#profile", "/account");
  const [download] = await Promise.all([visitor.page.waitForEvent("download"), visitor.page.click('a[href="/account/export"]')]);
  assert.match(download.suggestedFilename(), /^account-\d{4}-\d\d-\d\d\.json$/);
  const record = JSON.parse(await readFile(await download.path(), "utf8"));
  assert.equal(record.profile.email, ben.email);
  assert.ok(record.sessions.some((s) => s.current));
});
