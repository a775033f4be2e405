// A mini app's whole life, by three people in a browser each: a developer registers it, a reviewer asks for a change and
// approves it, the sample mini app runs on it for a person, a scope is added, and it is suspended.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, visit } from "./lib/browser.mjs";
import { startDemo } from "./lib/demo.mjs";
import { spareAddress, startMiniApp } from "./lib/miniapp.mjs";
import { at, claim, decide, decisions, signIn, signUp } from "./lib/steps.mjs";

let demo, browser;
before(async () => ([demo, browser] = await Promise.all([startDemo(), launch()])), { timeout: 240_000 });
after(async () => {
  await browser?.close();
  await demo?.stop();
}, { timeout: 120_000 });

const account = (name) => demo.people.find((p) => p.email.startsWith(name));

// save presses the step's button that goes on to the next one.
async function save(developer, next) {
  await developer.page.click("form#step button[value=next]");
  await developer.page.waitForURL(new RegExp(`/${next}\\b`));
  await at(developer, next === "review" ? "form#submit" : "form#step", undefined);
}

async function wants(developer, scope, use, purpose) {
  await developer.page.selectOption(`[name="use:${scope}"]`, use);
  if (purpose) await developer.page.fill(`[name="purpose:${scope}:en"]`, purpose);
}

async function submit(developer) {
  await developer.page.click("form#submit button");
  await at(developer, "[role=status]");
}

// decided presses a button of the review, with a comment, and waits for the page after it.
async function decided(reviewer, form, action, comment) {
  if (comment) await reviewer.page.fill(`form#${form} textarea`, comment);
  await reviewer.page.click(`form#${form} button[value=${action}]`);
  await at(reviewer, "[role=status]");
}

for (const [scripts, look] of [[true, { width: 1280 }], [false, { width: 320, dark: true }]])
  test(`a mini app is registered, reviewed, used, extended and suspended (${JSON.stringify({ scripts, ...look })})`, { timeout: 600_000 }, async (t) => {
    const [developer, reviewer, person] = await Promise.all([1, 2, 3].map(() => visit(t, browser, { scripts, ...look })));
    const address = await spareAddress();
    const name = scripts ? "Paper Boat" : "Tin Whistle";

    // The developer fills the steps in.
    await developer.page.goto(`${demo.issuer}/developer`);
    await signIn(developer, account("dana"));
    await at(developer, 'a[href="/developer/new"]', "/developer");
    await developer.page.click('a[href="/developer/new"]');
    await at(developer, "form#step");
    await developer.page.fill("[name=name]", name);
    await developer.page.selectOption("[name=publisher]", "gatehouse-demo-labs");
    await developer.page.fill("[name=client_uri]", `http://${address}/`);
    await developer.page.fill("[name=contacts]", "dana@example.com");
    await save(developer, "redirects");
    const id = developer.page.url().match(/\/developer\/apps\/([^/]+)\//)[1];
    await developer.page.fill("#redirect_uris-0", `http://${address}/callback`);
    await save(developer, "data");
    await wants(developer, "openid", "required");
    await wants(developer, "email", "required", "to send your tickets");
    await wants(developer, "profile", "optional", "to print your name on tickets");
    await save(developer, "security");
    await save(developer, "review");
    await submit(developer);

    // The reviewer asks for a change.
    await reviewer.page.goto(`${demo.issuer}/admin/reviews`);
    await signIn(reviewer, account("rui"));
    await at(reviewer, `a[href="/admin/apps/${id}"]`, "/admin/reviews");
    await reviewer.page.click(`a[href="/admin/apps/${id}"]`);
    await at(reviewer, "form#review");
    await decided(reviewer, "review", "request-changes", "Which tickets? Say it in the purpose of the e-mail address.");

    // The developer reads it and changes the purpose.
    await developer.page.goto(`${demo.issuer}/developer/apps/${id}`);
    assert.match(await developer.page.locator("main").innerText(), /Which tickets\?/);
    await developer.page.click(`a[href="/developer/apps/${id}/data"]`);
    await at(developer, "form#step");
    await wants(developer, "email", "required", "to send the boat tickets that you buy");
    await save(developer, "security");
    await developer.page.goto(`${demo.issuer}/developer/apps/${id}/review`);
    await at(developer, "form#submit");
    await submit(developer);

    // The reviewer approves it; the developer makes a secret, which is shown this once.
    await reviewer.page.goto(`${demo.issuer}/admin/apps/${id}`);
    await at(reviewer, "form#review");
    assert.match(await reviewer.page.locator("#scopes").innerText(), /to send the boat tickets/);
    await decided(reviewer, "review", "approve");
    await developer.page.goto(`${demo.issuer}/developer/apps/${id}`);
    await at(developer, "form#secret");
    await developer.page.click("form#secret button");
    await at(developer, "#client-secret");
    const secret = await developer.page.locator("#client-secret").innerText();
    await developer.page.goto(`${demo.issuer}/developer/apps/${id}`);
    assert.equal(await developer.page.locator("#client-secret").count(), 0, "the secret is shown once");

    // The sample mini app runs on it.
    const registered = { issuer: demo.issuer, address, clientID: id, secret, scopes: ["openid", "email", "profile"] };
    const first = await startMiniApp(t, registered);
    await person.page.goto(first.url);
    await person.page.click("#sign-in-with-host");
    await signUp(person, { email: `${id}@example.com`, firstName: "Ida", lastName: "Berg" });
    await decide(person, "allow", ["profile"]);
    assert.deepEqual(await decisions(person), { openid: "allowed", email: "allowed", profile: "allowed" });
    assert.equal(await claim(person, "email").innerText(), `${id}@example.com`);

    // A scope is added; until it is approved the mini app goes on as it is, and nobody is asked.
    await developer.page.goto(`${demo.issuer}/developer/apps/${id}/data`);
    await wants(developer, "phone", "optional", "to call you when the boat is late");
    await save(developer, "security");
    await developer.page.goto(`${demo.issuer}/developer/apps/${id}/review`);
    await at(developer, "form#submit");
    await submit(developer);
    await person.page.click("form#refresh button");
    await at(person, "#refreshed");
    await person.page.click("form#sign-out button");
    await at(person, "main#welcome");
    await person.page.click("#sign-in-with-host");
    assert.deepEqual(await decisions(person), { openid: "allowed", email: "allowed", profile: "allowed" });

    // Approved, and only the new scope is asked for.
    await reviewer.page.goto(`${demo.issuer}/admin/apps/${id}`);
    await at(reviewer, "form#review");
    await decided(reviewer, "review", "approve");
    await first.stop();
    await startMiniApp(t, { ...registered, scopes: [...registered.scopes, "phone"] });
    await person.page.goto(first.url);
    await person.page.click("#sign-in-with-host");
    await at(person, "form#consent", "/consent");
    const asked = await person.page.locator("form#consent input[name=scope]").evaluateAll((boxes) => boxes.map((b) => [b.value, b.checked]));
    assert.deepEqual(asked, [["phone", false]], "what was decided before is not asked again");
    await decide(person, "allow", ["phone"]);
    assert.deepEqual(await decisions(person), { openid: "allowed", email: "allowed", profile: "allowed", phone: "allowed" });

    // Suspended, and nothing works any more: not the tokens that are there, and not a new sign-in.
    await reviewer.page.goto(`${demo.issuer}/admin/apps/${id}`);
    await reviewer.page.locator("details.known > summary").last().click();
    await decided(reviewer, "operate", "suspend", "People say that no boat ever came.");
    await person.page.click("form#refresh button");
    await at(person, 'main#error[data-error="refresh_failed"]');
    await person.page.goto(`${first.url}/login?again=1`);
    await at(person, "main#error[data-error]", "/oauth2/authorize");
    assert.match(await person.page.locator("main#error").innerText(), /not approved/);
  });
