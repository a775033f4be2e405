// Sign-in by other providers: one that others wrote, npm's oidc-provider, with its own pages for sign-in and consent, and a
// second Gatehouse, where the person is signed in already.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import Provider from "oidc-provider";
import { launch, pathOf, visit } from "./lib/browser.mjs";
import { spareAddress } from "./lib/miniapp.mjs";

const SECRET = "a-client-secret-of-at-least-32-characters";
const PASSWORD = "correct horse battery staple";
let browser, elsewhere, gatehouse, second, folder;
const children = [];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-upstream-"));
  [gatehouse, second] = [`http://${await spareAddress()}`, `http://${await spareAddress()}`];
  elsewhere = await startProvider(`${gatehouse}/login/upstream/elsewhere/callback`);
  await startSecond(`${gatehouse}/login/upstream/second/callback`);
  [browser] = await Promise.all([launch(), startFirst()]);
}, { timeout: 240_000 });
after(async () => {
  await browser?.close();
  for (const child of children) {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
  }
  elsewhere?.closeAllConnections();
  if (elsewhere) await close(elsewhere);
  await rm(folder, { recursive: true, force: true });
}, { timeout: 120_000 });

const listen = async (server) => (server.listen(0, "127.0.0.1"), await once(server, "listening"), server);
const close = (server) => new Promise((resolve) => server.close(resolve));
const originOf = (server) => `http://127.0.0.1:${server.address().port}`;

async function startProvider(callback) {
  const server = await listen(createServer({ keepAliveTimeout: 120_000 }));
  const provider = new Provider(originOf(server), {
    clients: [{ client_id: "nimbus", client_secret: SECRET, redirect_uris: [callback] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["given_name", "family_name", "locale"] },
    cookies: { keys: ["only for this test"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@elsewhere.example`, email_verified: true, given_name: "Carla", family_name: "Ruiz" }),
    }),
  });
  server.on("request", provider.callback());
  return server;
}

// startFirst starts the Gatehouse that people come to, which knows both providers.
async function startFirst() {
  const file = join(folder, "upstreams.yaml");
  await writeFile(file, `upstreams:
  - {id: elsewhere, name: Elsewhere, names: {ja: よそ}, issuer: "${originOf(elsewhere)}", client_id: nimbus, client_secret: ${SECRET}}
  - {id: second, name: Second, issuer: "${second}", client_id: nimbus, client_secret: ${SECRET}}
`);
  await serve("first", gatehouse, { GATEHOUSE_UPSTREAMS_FILE: file });
}

// startSecond starts the Gatehouse that is a provider: it trusts the first one, and knows Dora.
async function startSecond(callback) {
  const file = join(folder, "second.yaml");
  await writeFile(file, `users:
  - {email: dora@second.example, email_verified: true, password: ${PASSWORD}, first_name: Dora, last_name: Lima}
clients:
  - client_id: nimbus
    client_secret: ${SECRET}
    name: Nimbus
    first_party: true
    redirect_uris: ["${callback}"]
    scopes: [{name: openid}, {name: profile}, {name: email}]
`);
  await serve("second", second, {}, file);
}

// serve starts a Gatehouse with a database of its own, and with what is in a seed file.
async function serve(name, issuer, settings, seed) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GATEHOUSE_")));
  Object.assign(env, settings, {
    GATEHOUSE_ISSUER: issuer, GATEHOUSE_LISTEN: new URL(issuer).host, GATEHOUSE_DATABASE: `sqlite:${join(folder, `${name}.db`)}`,
    GATEHOUSE_ALLOW_PRIVATE_NETWORK: "true",
  });
  if (seed) execFileSync(process.env.GATEHOUSE_BINARY, ["seed", "apply", seed], { env, stdio: ["ignore", "ignore", "pipe"] });
  const child = spawn(process.env.GATEHOUSE_BINARY, ["serve"], { env, stdio: ["ignore", "ignore", "pipe"] });
  children.push(child);
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (log += text));
  for (let tries = 0; tries < 900; tries++) {
    if (child.exitCode !== null) break;
    const ready = await fetch(`${issuer}/readyz`).then((r) => r.ok, () => false);
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`gatehouse did not start:\n${log}`);
}

// Gatehouse gives another server five seconds, which a machine that is busy with other things may take from it: Away says so.
class Away extends Error {}

// signsIn lets a visitor take these steps, and, as a person would, another one where a server did not answer in time. No page
// fetches anything from the internet, as the provider's would fonts.
async function signsIn(t, options, steps) {
  for (let tries = 1; ; tries++) {
    const visitor = await visit(t, browser, options);
    await visitor.context.route((url) => url.hostname !== "127.0.0.1", (route) => route.abort());
    try {
      return await steps(visitor);
    } catch (err) {
      if (!(err instanceof Away) || tries === 5) throw err;
      await new Promise((resolve) => setTimeout(resolve, 4_000)); // who did not answer is left alone for three
    }
  }
}

// arrive waits for a page that a sign-in elsewhere leads to.
async function arrive(page, wanted) {
  const failed = (url) => url.origin === gatehouse && url.pathname.startsWith("/login/upstream/");
  await page.waitForURL((url) => failed(url) || wanted(url));
  if (failed(new URL(page.url())) && (await page.locator("main#error[data-error=upstream_unavailable]").count())) throw new Away();
}

const home = (url) => url.href === `${gatehouse}/account`;
const there = (url) => url.pathname.startsWith("/interaction/");

// signInThere fills in the provider's own forms.
async function signInThere(page, name) {
  await arrive(page, there);
  await page.fill("[name=login]", name);
  await page.fill("[name=password]", "any");
  await page.click("button[type=submit]");
  await page.locator("[name=login]").waitFor({ state: "detached" });
  await page.click("button[type=submit]");
}

for (const [name, options] of Object.entries({ "with scripts": {}, "without scripts, on a phone": { scripts: false, width: 320, dark: true } })) {
  test(`a person of another provider signs in by one click, ${name}`, { timeout: 300_000 }, (t) => signsIn(t, options, async ({ page, inspect }) => {
    for (const path of ["/signup", "/login"]) {
      await page.goto(gatehouse + path);
      await inspect();
    }
    await page.getByRole("link", { name: "Continue with Elsewhere" }).click();
    await signInThere(page, "carla");
    await arrive(page, home);
    await inspect();
    assert.match(await page.content(), /carla@elsewhere\.example/);
    assert.equal(await page.inputValue("[name=first_name]"), "Carla");
  }));

  test(`a person who is signed in at a second Gatehouse signs in by one click, ${name}`, { timeout: 300_000 }, (t) => signsIn(t, options, async ({ page, inspect }) => {
    await page.goto(`${second}/login`);
    await page.fill("[name=username]", "dora@second.example");
    await page.fill("[name=password]", PASSWORD);
    await page.press("[name=password]", "Enter");
    await page.waitForURL(`${second}/account`);

    await page.goto(`${gatehouse}/login`);
    await page.getByRole("link", { name: "Continue with Second" }).click();
    await arrive(page, home);
    await inspect();
    assert.match(await page.content(), /dora@second\.example/);
    assert.equal(await page.inputValue("[name=first_name]"), "Dora");
  }));
}

test("the button is in the page's language, and who cancels there can choose another way here", { timeout: 300_000 }, (t) => signsIn(t, { locale: "ja", width: 320 }, async ({ page, inspect }) => {
  await page.goto(`${gatehouse}/login`);
  await page.getByRole("link", { name: "よそで続ける" }).click();
  await arrive(page, there);
  await page.click("a[href$='/abort']");
  await page.waitForSelector("main#error[data-error=upstream_denied]");
  await inspect();
  await page.click("main a.button");
  await page.waitForSelector("form#sign-in");
  assert.equal(pathOf(page.url()), "/login");
}));
