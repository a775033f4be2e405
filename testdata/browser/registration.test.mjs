// openid-client registers a mini app by itself (RFC 7591), signs somebody in with it, and ends it (RFC 7592).
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as client from "openid-client";
import { startDemo } from "./lib/demo.mjs";
import { Person } from "./lib/person.mjs";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-registration-"));
let demo;
before(async () => { demo = await startDemo("--data", folder); }, { timeout: 240_000 });
after(async () => {
  await demo?.stop();
  rmSync(folder, { recursive: true, force: true });
}, { timeout: 120_000 });

// initialToken makes an initial access token, as whoever runs the server would.
function initialToken(...args) {
  const env = { ...process.env, GATEHOUSE_DATABASE: `sqlite:${join(folder, "gatehouse.db")}` };
  const made = execFileSync(process.env.GATEHOUSE_BINARY, ["initial-access-token", "create", "--name", "Tests", "-o", "json", ...args], { env, encoding: "utf8" });
  return JSON.parse(made).initial_access_token;
}

const redirect_uri = "https://registered.example/cb";
const insecure = { execute: [client.allowInsecureRequests] };
const register = (token, metadata) =>
  client.dynamicClientRegistration(new URL(demo.issuer), { redirect_uris: [redirect_uri], ...metadata }, undefined, { initialAccessToken: token, ...insecure });

test("a mini app that an approving token registers signs people in, and is ended by itself", { timeout: 300_000 }, async () => {
  const config = await register(initialToken("--status", "approved", "--purposes", "optional", "--scopes", "openid", "--scopes", "email"), { client_name: "Registered", grant_types: ["authorization_code", "refresh_token"] });
  const mine = config.clientMetadata();
  assert.equal(mine.status, "approved");
  assert.equal(mine.id_token_signed_response_alg, "RS256");

  const checks = { pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedState: client.randomState(), expectedNonce: client.randomNonce() };
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri, scope: "openid email", state: checks.expectedState, nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier), code_challenge_method: "S256",
  });
  const { email: username, password } = demo.people.find((p) => p.email.startsWith("ana"));
  const person = new Person();
  const login = await person.go(url.href, { stopAt: redirect_uri });
  const consent = await person.submit(login, "sign-in", { username, password }, { stopAt: redirect_uri });
  const { url: back } = await person.submit(consent, "consent", [["decision", "allow"], ["scope", "email"]], { stopAt: redirect_uri });
  const tokens = await client.authorizationCodeGrant(config, back, { ...checks, idTokenExpected: true });
  assert.equal((await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub)).email, username);

  const headers = { authorization: `Bearer ${mine.registration_access_token}` };
  const read = await fetch(mine.registration_client_uri, { headers });
  assert.equal((await read.json()).client_name, "Registered");
  assert.equal((await fetch(mine.registration_client_uri, { method: "DELETE", headers })).status, 204);
  assert.equal((await fetch(mine.registration_client_uri, { headers })).status, 401);
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), (err) => err.status === 401);
});

test("what is registered waits for a review, and what is wrong says so", { timeout: 300_000 }, async () => {
  const token = initialToken();
  assert.equal((await register(token, { client_name: "Waiting" })).clientMetadata().status, "submitted");
  await assert.rejects(register(token, { client_name: "Waiting", redirect_uris: ["https://*.registered.example/"] }), (err) => err.error === "invalid_redirect_uri");
  await assert.rejects(register("gia_none_none", { client_name: "Waiting" }));
});
