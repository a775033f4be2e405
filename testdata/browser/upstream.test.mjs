// Sign-in by a provider that others wrote: npm's oidc-provider, with its own pages for sign-in and consent.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import Provider from "oidc-provider";
import { launch, pathOf, visit } from "./lib/browser.mjs";

const SECRET = "a-client-secret-of-at-least-32-characters";
let browser, elsewhere, gatehouse, child, folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "gatehouse-upstream-"));
  const own = await listen(createServer());
  gatehouse = originOf(own);
  await close(own); // its port is free for the program now
  elsewhere = await startProvider(`${gatehouse}/login/upstream/elsewhere/callback`);
  [browser] = await Promise.all([launch(), startGatehouse(originOf(elsewhere))]);
}, { timeout: 90_000 });
after(async () => {
  await browser?.close();
  child?.kill("SIGTERM");
  if (child && child.exitCode === null) await once(child, "exit");
  elsewhere?.closeAllConnections();
  if (elsewhere) await close(elsewhere);
  await rm(folder, { recursive: true, force: true });
}, { timeout: 40_000 });

const listen = async (server) => (server.listen(0, "127.0.0.1"), await once(server, "listening"), server);
const close = (server) => new Promise((resolve) => server.close(resolve));
const originOf = (server) => `http://127.0.0.1:${server.address().port}`;

async function startProvider(callback) {
  const server = await listen(createServer());
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

async function startGatehouse(issuer) {
  const file = join(folder, "upstreams.yaml");
  await writeFile(file, `upstreams:
  - {id: elsewhere, name: Elsewhere, names: {ja: よそ}, issuer: "${issuer}", client_id: nimbus, client_secret: ${SECRET}}
`);
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GATEHOUSE_")));
  Object.assign(env, {
    GATEHOUSE_ISSUER: gatehouse, GATEHOUSE_LISTEN: new URL(gatehouse).host, GATEHOUSE_DATABASE: `sqlite:${join(folder, "gatehouse.db")}`,
    GATEHOUSE_UPSTREAMS_FILE: file, GATEHOUSE_ALLOW_PRIVATE_NETWORK: "true",
  });
  child = spawn(process.env.GATEHOUSE_BINARY, ["serve"], { env, stdio: ["ignore", "ignore", "pipe"] });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (log += text));
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) break;
    const ready = await fetch(`${gatehouse}/readyz`).then((r) => r.ok, () => false);
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`gatehouse did not start:\n${log}`);
}

// visitElsewhere is visit, without the fonts that the provider's pages would fetch from the internet.
async function visitElsewhere(t, options) {
  const visitor = await visit(t, browser, options);
  await visitor.context.route((url) => url.hostname !== "127.0.0.1", (route) => route.abort());
  return visitor;
}

// signInThere fills in the provider's own forms.
async function signInThere(page, name) {
  await page.waitForURL((url) => url.pathname.startsWith("/interaction/"));
  await page.fill("[name=login]", name);
  await page.fill("[name=password]", "any");
  await page.click("button[type=submit]");
  await page.locator("[name=login]").waitFor({ state: "detached" });
  await page.click("button[type=submit]");
}

for (const [name, options] of Object.entries({ "with scripts": {}, "without scripts, on a phone": { scripts: false, width: 320, dark: true } })) {
  test(`a person of another provider signs in by one click, ${name}`, { timeout: 90_000 }, async (t) => {
    const { page, inspect } = await visitElsewhere(t, options);
    for (const path of ["/signup", "/login"]) {
      await page.goto(gatehouse + path);
      await inspect();
    }
    await page.getByRole("link", { name: "Continue with Elsewhere" }).click();
    await signInThere(page, "carla");
    await page.waitForURL(`${gatehouse}/account`);
    await inspect();
    assert.match(await page.content(), /carla@elsewhere\.example/);
    assert.equal(await page.inputValue("[name=first_name]"), "Carla");
  });
}

test("the button is in the page's language, and who cancels there can choose another way here", { timeout: 90_000 }, async (t) => {
  const { page, inspect } = await visitElsewhere(t, { locale: "ja", width: 320 });
  await page.goto(`${gatehouse}/login`);
  await page.getByRole("link", { name: "よそで続ける" }).click();
  await page.waitForURL((url) => url.pathname.startsWith("/interaction/"));
  await page.click("a[href$='/abort']");
  await page.waitForSelector("main#error[data-error=upstream_denied]");
  await inspect();
  await page.click("main a.button");
  await page.waitForSelector("form#sign-in");
  assert.equal(pathOf(page.url()), "/login");
});
