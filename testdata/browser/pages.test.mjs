// Pages on their own: with the keyboard only, from right to left, without a request, and where something is wrong.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { launch, pathOf, visit } from "./lib/browser.mjs";
import { startDemo } from "./lib/demo.mjs";
import { at, decide, openMiniApp, PASSWORD, signIn, signUp } from "./lib/steps.mjs";

let demo, browser, ana, ben;
before(async () => {
  [demo, browser] = await Promise.all([startDemo(), launch()]);
  [ana, ben] = ["ana", "ben"].map((name) => demo.people.find((p) => p.email.startsWith(name)));
}, { timeout: 240_000 });
after(async () => {
  await browser?.close();
  await demo?.stop();
}, { timeout: 120_000 });

// focused describes the control that has the focus, as a person finds it.
const focused = (page) =>
  page.evaluate(() => {
    const e = document.activeElement;
    return { name: e.getAttribute("name"), value: e.getAttribute("value"), form: e.closest("form")?.id, href: e.getAttribute("href") };
  });

// tabTo presses Tab until the focus is where it should go. The focus must be seen at every stop.
async function tabTo(page, wanted) {
  await page.waitForLoadState();
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    const stop = await focused(page);
    const visible = await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement);
      return document.activeElement === document.body || style.outlineStyle !== "none" || style.boxShadow !== "none";
    });
    assert.ok(visible, `the focus cannot be seen on ${JSON.stringify(stop)}`);
    if (Object.entries(wanted).every(([key, value]) => stop[key] === value)) return;
  }
  assert.fail(`Tab never reached ${JSON.stringify(wanted)} on ${pathOf(page.url())}`);
}

test("the whole flow works with the keyboard alone", { timeout: 300_000 }, async (t) => {
  const visitor = await visit(t, browser);
  const { page } = visitor;
  await page.goto(demo.mini_app);
  await tabTo(page, { href: "/login" });
  await page.keyboard.press("Enter");

  await at(visitor, "form#sign-in", "/login");
  const at_start = await focused(page);
  if (at_start.name !== "username") await tabTo(page, { name: "username", form: "sign-in" });
  await page.keyboard.type(ana.email);
  await tabTo(page, { name: "password", form: "sign-in" });
  await page.keyboard.type(ana.password);
  await page.keyboard.press("Enter");

  await at(visitor, "form#consent", "/consent");
  assert.equal((await focused(page)).name, null, "no answer may have the focus before the person moves it");
  await tabTo(page, { name: "scope", value: "points_read" });
  await page.keyboard.press("Space");
  await tabTo(page, { name: "decision", value: "allow" });
  await page.keyboard.press("Enter");
  await at(visitor, "main#account", "/");
  assert.equal(await page.locator('#scopes [data-scope="points_read"]').getAttribute("data-decision"), "allowed");
});

for (const width of [320, 1280])
  test(`Arabic runs from right to left (${width} px)`, { timeout: 300_000 }, async (t) => {
    const visitor = await visit(t, browser, { locale: "ar", width, dark: width === 320 });
    await openMiniApp(visitor, demo);
    for (const [form, step] of [
      ["form#sign-in", () => signIn(visitor, ben)],
      ["form#consent", () => decide(visitor, "deny")],
    ]) {
      await at(visitor, form);
      const html = visitor.page.locator("html");
      assert.deepEqual([await html.getAttribute("dir"), await html.getAttribute("lang")], ["rtl", "ar"]);
      await step();
    }
    await at(visitor, 'main#error[data-error="access_denied"]');
    await visitor.page.goto(`${demo.issuer}/account/apps`);
    await at(visitor, "form#app-photoprint");
  });

test("a wrong password is said so and the name stays", { timeout: 300_000 }, async (t) => {
  const visitor = await visit(t, browser, { width: 320 });
  const { page } = visitor;
  await page.goto(`${demo.issuer}/login`);
  const [answer] = await Promise.all([
    page.waitForResponse((r) => r.request().method() === "POST"),
    signIn(visitor, { email: ana.email, password: "not her password at all" }),
  ]);
  assert.equal(answer.status(), 401);
  await page.locator("#problems").waitFor();
  await at(visitor, "form#sign-in", "/login");
  assert.equal(await page.inputValue("form#sign-in [name=username]"), ana.email);
  assert.equal(await page.inputValue("form#sign-in [name=password]"), "");
});

test("sign-up says what is wrong and keeps what was typed", { timeout: 300_000 }, async (t) => {
  const visitor = await visit(t, browser, { dark: true, width: 320 });
  const { page } = visitor;
  await page.goto(`${demo.issuer}/login`);
  const [answer] = await Promise.all([
    page.waitForResponse((r) => r.request().method() === "POST"),
    signUp(visitor, { email: "new.person@example.com", password: "password1234", firstName: "New", lastName: "Person" }),
  ]);
  assert.equal(answer.status(), 422);
  await page.locator("#problems").waitFor();
  await at(visitor, "form#sign-up", "/signup");
  assert.equal(await page.inputValue("form#sign-up [name=email]"), "new.person@example.com");

  await page.fill("form#sign-up [name=password]", PASSWORD);
  await page.click("form#sign-up button");
  await page.waitForURL(`${demo.issuer}/account`);
  await visitor.inspect();
});

test("the account page signs the person out", { timeout: 300_000 }, async (t) => {
  const visitor = await visit(t, browser);
  const { page } = visitor;
  await page.goto(`${demo.issuer}/account`);
  await signIn(visitor, ana);
  await page.waitForURL(`${demo.issuer}/account`);
  await visitor.inspect();
  await page.goto(`${demo.issuer}/logout`);
  await at(visitor, "form#sign-out", "/logout");
  await page.click("form#sign-out button");
  await page.locator("form#sign-out").waitFor({ state: "detached" });
  await visitor.inspect();
  await page.goto(`${demo.issuer}/account`);
  await at(visitor, "form#sign-in", "/login");
});

for (const [what, query, status, code] of [
  ["an unknown mini app", "client_id=nobody&redirect_uri=https%3A%2F%2Fnobody.example%2F", 400, "invalid_client"],
  ["a mini app that waits for approval", "client_id=tripdesk&redirect_uri=https%3A%2F%2Ftripdesk.example%2Fcallback", 403, "unauthorized_client"],
  ["a suspended mini app", "client_id=luckydraw&redirect_uri=https%3A%2F%2Fluckydraw.example%2Fcallback", 403, "unauthorized_client"],
  ["a redirect URI that is not registered", "client_id=photoprint&redirect_uri=https%3A%2F%2Fevil.example%2F", 400, "invalid_request"],
])
  test(`${what} gets a page and no redirect`, { timeout: 300_000 }, async (t) => {
    const visitor = await visit(t, browser, { width: 320 });
    const answer = await visitor.page.goto(`${demo.issuer}/oauth2/authorize?response_type=code&${query}`);
    assert.equal(answer.status(), status);
    await at(visitor, "main#error", "/oauth2/authorize");
    assert.equal(await visitor.page.locator("main#error").getAttribute("data-error"), code);
  });

test("the start page shows the way", { timeout: 300_000 }, async (t) => {
  for (const width of [320, 1280]) {
    const visitor = await visit(t, browser, { width, dark: width === 320 });
    await visitor.page.goto(demo.start);
    await at(visitor, "main#start");
    await visitor.page.click("#open-mini-app");
    await at(visitor, "main#welcome");
  }
});

for (const scripts of [true, false])
  test(`form_post reaches the mini app (scripts ${scripts ? "on" : "off"})`, { timeout: 300_000 }, async (t) => {
    const visitor = await visit(t, browser, { scripts });
    const { posted, redirectURI } = await receiver(t);
    const query = new URLSearchParams({
      client_id: "photoprint", redirect_uri: redirectURI, response_type: "code", response_mode: "form_post", scope: "openid email",
      state: "a state", code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256",
    });
    await visitor.page.goto(`${demo.issuer}/oauth2/authorize?${query}`);
    await signUp(visitor, { email: `form.post.${scripts}@example.com`, firstName: "Form", lastName: "Post" });
    await decide(visitor, "allow");
    if (!scripts) {
      await visitor.page.locator("form#form-post button").waitFor();
      await visitor.inspect();
      await visitor.page.click("form#form-post button");
    }
    const fields = await posted;
    assert.equal(fields.get("state"), "a state");
    assert.equal(fields.get("iss"), demo.issuer);
    assert.ok(fields.get("code"));
  });

// receiver is a mini app's redirect URI that takes one POST. The port of a registered loopback address is free
// (RFC 8252 §7.3).
async function receiver(t) {
  let resolve;
  const posted = new Promise((r) => (resolve = r));
  const server = createServer(async (req, res) => {
    let body = "";
    for await (const chunk of req) body += chunk;
    res.setHeader("Content-Type", "text/html").end("<!doctype html><html lang=en><title>Received</title><h1>Received</h1>");
    if (req.method === "POST") resolve(new URLSearchParams(body));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  return { posted, redirectURI: `http://127.0.0.1:${server.address().port}/callback` };
}
