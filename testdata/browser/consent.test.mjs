// A person meets a mini app: signs up, refuses, allows a part, comes back, disconnects. With and without scripts, light
// and dark, on a narrow phone and on a desktop.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, visit } from "./lib/browser.mjs";
import { startDemo } from "./lib/demo.mjs";
import { at, claim, decide, decisions, openMiniApp, signIn, signUp } from "./lib/steps.mjs";

let demo, browser;
before(async () => ([demo, browser] = await Promise.all([startDemo(), launch()])), { timeout: 240_000 });
after(async () => {
  await browser?.close();
  await demo?.stop();
}, { timeout: 120_000 });

for (const scripts of [true, false])
  for (const dark of [false, true])
    for (const width of [320, 1280]) {
      const how = `scripts ${scripts ? "on" : "off"}, ${dark ? "dark" : "light"}, ${width} px`;
      test(`a new person refuses, allows a part, returns and disconnects (${how})`, { timeout: 300_000 }, async (t) => {
        const visitor = await visit(t, browser, { scripts, dark, width });
        const person = { email: `${how.replace(/\W+/g, ".")}@example.com`, firstName: "Mei", lastName: "Tanaka" };

        await openMiniApp(visitor, demo);
        await signUp(visitor, person);
        await decide(visitor, "deny");
        await at(visitor, 'main#error[data-error="access_denied"]', "/callback");

        await visitor.page.click("text=Sign in with"); // the sign-in at the host still stands
        await decide(visitor, "allow", ["profile"]);
        assert.deepEqual(await decisions(visitor), {
          openid: "allowed", email: "allowed", profile: "allowed", phone: "denied", points_read: "denied",
        });
        assert.equal(await claim(visitor, "email").innerText(), person.email);
        assert.equal(await claim(visitor, "name").innerText(), "Mei Tanaka");
        assert.equal(await claim(visitor, "phone_number").count(), 0);

        await visitor.page.click("#refresh button");
        await at(visitor, "#refreshed", "/");

        await signOutOfMiniApp(visitor);
        await visitor.page.click("#sign-in-with-host"); // nothing new to decide: nobody asks
        await at(visitor, "main#account", "/");

        await disconnect(visitor);
        await visitor.page.goto(demo.mini_app);
        await at(visitor, 'main#error[data-error="access_ended"]', "/");

        await visitor.page.click("text=Sign in with"); // disconnecting forgets: everything is asked again
        await at(visitor, "form#consent", "/consent");
      });
    }

async function signOutOfMiniApp(visitor) {
  await visitor.page.click("#sign-out button");
  await at(visitor, "main#welcome", "/");
}

async function disconnect(visitor) {
  await visitor.page.goto(`${demo.issuer}/account/apps`);
  await at(visitor, "form#app-photoprint", "/account/apps");
  await visitor.page.click("form#app-photoprint button[name=action][value=disconnect]");
  await visitor.page.locator("form#app-photoprint").waitFor({ state: "detached" });
  await visitor.inspect();
}

test("optional scopes are unticked, required ones have no control", { timeout: 300_000 }, async (t) => {
  const visitor = await visit(t, browser);
  await openMiniApp(visitor, demo);
  await signIn(visitor, demo.people.find((p) => p.email.startsWith("ana")));
  await at(visitor, "form#consent", "/consent");

  const boxes = await visitor.page.locator("form#consent input[name=scope]").all();
  const values = await Promise.all(boxes.map((b) => b.getAttribute("value")));
  assert.deepEqual(values.sort(), ["phone", "points_read", "profile"]);
  for (const box of boxes) assert.equal(await box.isChecked(), false);

  const form = visitor.page.locator("form#consent");
  for (const shared of ["ana@example.com", "+59899123456", "120", "to send your order status"]) {
    assert.match(await form.innerText(), new RegExp(shared.replace(/[+.]/g, "\\$&")));
  }
  const [allow, deny] = await Promise.all(["allow", "deny"].map((d) => form.locator(`button[value=${d}]`).boundingBox()));
  assert.ok(Math.abs(allow.height - deny.height) < 1 && Math.abs(allow.width - deny.width) < 1, "the two answers are the same size");
  assert.ok(allow.height >= 44);
});

test("a person without a value sees that nothing would be shared", { timeout: 300_000 }, async (t) => {
  const visitor = await visit(t, browser, { width: 320 });
  await openMiniApp(visitor, demo);
  await signIn(visitor, demo.people.find((p) => p.email.startsWith("ben"))); // has no phone
  await decide(visitor, "allow", ["phone", "profile", "points_read"]);
  assert.equal((await decisions(visitor)).phone, "allowed");
  assert.equal(await claim(visitor, "phone_number").count(), 0);
  assert.equal(await claim(visitor, "points").innerText(), "4250");
});

test("another account can be chosen on the consent page without losing the request", { timeout: 300_000 }, async (t) => {
  const visitor = await visit(t, browser);
  await openMiniApp(visitor, demo);
  await signUp(visitor, { email: "wrong.account@example.com", firstName: "Wrong", lastName: "Account" });
  await at(visitor, "form#consent", "/consent");
  await visitor.page.click("form#switch-account button");
  await signUp(visitor, { email: "right.account@example.com", firstName: "Right", lastName: "Account" });
  await decide(visitor, "allow");
  await at(visitor, "main#account", "/");
  assert.equal(await claim(visitor, "email").innerText(), "right.account@example.com");
});
