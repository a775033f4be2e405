// A person whom only the super app knows comes to a mini app: the host's backend makes them known and asks for a one-time
// URL, its web view opens that, and all that the person is asked is to allow.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, visit } from "./lib/browser.mjs";
import { startDemo } from "./lib/demo.mjs";
import { at, claim, decide, decisions, openMiniApp, signUp } from "./lib/steps.mjs";

let demo, browser, token;
before(async () => {
  [demo, browser] = await Promise.all([startDemo(), launch()]);
  const { client_id, client_secret } = demo.clients.find((c) => c.client_id === "nimbus-app");
  const answer = await fetch(`${demo.issuer}/oauth2/token`, {
    method: "POST",
    headers: { Authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials", scope: "superapp" }),
  });
  token = (await answer.json()).access_token;
}, { timeout: 240_000 });
after(async () => {
  await browser?.close();
  await demo?.stop();
}, { timeout: 120_000 });

async function host(path, body, status) {
  const answer = await fetch(`${demo.issuer}/superapp/v1/${path}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, status, path);
  return answer.json();
}

// requestOf opens the mini app as somebody who is not signed in, and returns its authorization request as a path here.
async function requestOf(visitor) {
  const sent = visitor.page.waitForRequest((r) => r.url().startsWith(`${demo.issuer}/oauth2/authorize?`));
  await openMiniApp(visitor, demo);
  const url = (await sent).url();
  await at(visitor, "form#sign-in", "/login"); // where whoever is not handed over would have to go
  return url.slice(demo.issuer.length);
}

for (const [scripts, width] of [[true, 320], [false, 1280]]) {
  test(`a person known only to the host is asked only to allow (scripts ${scripts ? "on" : "off"}, ${width} px)`, { timeout: 300_000 }, async (t) => {
    const visitor = await visit(t, browser, { scripts, width });
    const { page } = visitor;
    const person = { external_id: `u-${width}`, email: `noa.${width}@nimbus.example`, email_verified: true, first_name: "Noa", last_name: "Levi" };
    await host("people", person, 200);
    const { url } = await host("sessions", { external_id: person.external_id, continue: await requestOf(visitor) }, 201);

    const pages = [];
    page.on("framenavigated", (frame) => frame === page.mainFrame() && pages.push(new URL(frame.url()).pathname));
    await page.goto(url);
    await decide(visitor, "allow", ["profile"]);
    assert.deepEqual(await decisions(visitor), {
      openid: "allowed", email: "allowed", profile: "allowed", phone: "denied", points_read: "denied",
    });
    assert.equal(await claim(visitor, "email").innerText(), person.email);
    assert.ok(!pages.includes("/login") && !pages.includes("/signup"), `the way led over ${pages}`);

    await page.goto(`${demo.issuer}/account`);
    await at(visitor, "form#profile", "/account");
    await visitor.inspect();
    assert.equal(await page.locator("input[type=password]").count(), 0, "they have none to change");
    assert.match(await page.locator('section[aria-labelledby="password-title"]').innerText(), /You have no password here/);

    const thief = await visit(t, browser, { scripts, width });
    await thief.page.goto(url);
    await at(thief, 'main#error[data-error="invalid_request"]');
    await thief.page.goto(`${demo.issuer}/account`);
    await at(thief, "form#sign-in", "/login"); // the second to open it is nobody
  });
}

for (const [scripts, width] of [[true, 320], [false, 1280]]) {
  test(`who has no way in but the host is never asked for a password (scripts ${scripts ? "on" : "off"}, ${width} px)`, { timeout: 300_000 }, async (t) => {
    const visitor = await visit(t, browser, { scripts, width });
    const { page } = visitor;
    const person = { external_id: `p-${width}`, email: `lior.${width}@nimbus.example`, first_name: "Lior" };
    await host("people", person, 200);
    const request = await requestOf(visitor);
    const { url } = await host("sessions", { external_id: person.external_id, continue: `${request}&prompt=login` }, 201);
    await page.goto(url);
    await decide(visitor, "allow"); // the hand-over was the sign-in
    assert.equal(await claim(visitor, "email").innerText(), person.email);

    const answered = (name, value) => page.waitForRequest((r) => {
      const got = new URL(r.url()).searchParams.get(name);
      return r.url().startsWith(demo.mini_app) && (value ? got === value : got !== null);
    });
    const refused = answered("error", "login_required");
    await page.goto(`${demo.issuer}${request}&prompt=login`);
    await refused;

    await page.goto(`${demo.issuer}${request}&prompt=select_account`);
    await at(visitor, "form#continue", "/login");
    assert.equal(await page.locator("input[type=password]").count(), 0);
    await page.click("form#switch-account button");
    await at(visitor, "form#sign-in", "/login"); // for somebody else
    await page.goto(`${demo.issuer}${request}&prompt=select_account`);
    const allowed = answered("code");
    await page.click("form#continue button");
    await allowed;
  });
}

for (const [scripts, width, dark] of [[true, 320, true], [false, 1280, false]]) {
  test(`where somebody else is signed in they are asked first (scripts ${scripts ? "on" : "off"}, ${width} px)`, { timeout: 300_000 }, async (t) => {
    const visitor = await visit(t, browser, { scripts, width, dark });
    const { page } = visitor;
    const request = await requestOf(visitor);
    const owner = { email: `mara.${width}@example.com`, firstName: "Mara", lastName: "Nuñez" };
    await signUp(visitor, owner);
    await at(visitor, "form#consent", "/consent");

    const handOver = async (n) => {
      const person = { external_id: `s-${width}-${n}`, email: `teo.${width}.${n}@nimbus.example`, first_name: "Teo", last_name: `the ${n}` };
      await host("people", person, 200);
      const { url } = await host("sessions", { external_id: person.external_id, continue: request }, 201);
      await page.goto(url);
      return person;
    };
    const first = await handOver(1);
    await at(visitor, "form#switch");
    const text = await page.locator("main").innerText();
    assert.ok(text.includes(owner.email) && text.includes(first.email), text);
    await page.click("form#switch a"); // stays
    await at(visitor, "form#profile", "/account");
    assert.ok((await page.content()).includes(owner.email));

    const second = await handOver(2);
    await at(visitor, "form#switch");
    await page.click("form#switch button");
    await decide(visitor, "allow");
    assert.equal(await claim(visitor, "email").innerText(), second.email);

    const third = await handOver(3); // of the same host: nobody is asked
    await at(visitor, "form#consent", "/consent");
    assert.ok((await page.locator("main").innerText()).includes(third.email));
  });
}
