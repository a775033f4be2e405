// openid-client, which others wrote and certified, does everything that a mini app's server does.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as client from "openid-client";
import { startDemo } from "./lib/demo.mjs";
import { Person } from "./lib/person.mjs";

let demo, config, server;
before(async () => {
  demo = await startDemo();
  config = await discover("photoprint");
  server = await discover("nimbus-api");
}, { timeout: 240_000 });
after(async () => demo?.stop(), { timeout: 120_000 });

const discover = (id, auth) => {
  const { client_id, client_secret } = demo.clients.find((c) => c.client_id === id);
  const how = (auth ?? client.ClientSecretBasic)(client_secret);
  return client.discovery(new URL(demo.issuer), client_id, client_secret, how, { execute: [client.allowInsecureRequests] });
};

// authorize walks a person through sign-in and consent and returns the URL that the mini app gets back.
async function authorize(scope, { email = "ana", choose = [] } = {}) {
  const redirect_uri = new URL("/callback", demo.mini_app).href;
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedState: client.randomState(), expectedNonce: client.randomNonce(),
  };
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri, scope, state: checks.expectedState, nonce: checks.expectedNonce, prompt: "consent",
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier), code_challenge_method: "S256",
  });
  const { email: username, password } = demo.people.find((p) => p.email.startsWith(email));
  const person = new Person();
  const options = { stopAt: redirect_uri };
  const login = await person.go(url.href, options);
  const consent = await person.submit(login, "sign-in", { username, password }, options);
  const values = [["decision", "allow"], ...choose.map((scope) => ["scope", scope])];
  return { back: (await person.submit(consent, "consent", values, options)).url, checks };
}

async function tokens(scope, options) {
  const { back, checks } = await authorize(scope, options);
  return client.authorizationCodeGrant(config, back, { ...checks, idTokenExpected: true });
}

const refused = (code) => (err) => err instanceof client.ResponseBodyError && err.error === code;

test("discovery names every endpoint that is used here", () => {
  const metadata = config.serverMetadata();
  for (const endpoint of ["authorization", "token", "userinfo", "introspection", "revocation"]) {
    assert.ok(metadata[`${endpoint}_endpoint`]?.startsWith(demo.issuer + "/oauth2/"), endpoint);
  }
  assert.ok(metadata.supportsPKCE(), "PKCE with S256 is announced");
  assert.equal(metadata.authorization_response_iss_parameter_supported, true);
});

test("a code with PKCE gives tokens, and they give the claims that were allowed", { timeout: 300_000 }, async () => {
  const set = await tokens("openid email phone profile", { choose: ["profile"] });
  assert.deepEqual(set.scope.split(" ").sort(), ["email", "openid", "profile"]);

  const info = await client.fetchUserInfo(config, set.access_token, set.claims().sub);
  assert.equal(info.email, "ana@example.com");
  assert.equal(info.name, "Ana Souza");
  assert.equal(info.phone_number, undefined);
});

test("a code works once, and its replay ends what it gave", { timeout: 300_000 }, async () => {
  const { back, checks } = await authorize("openid email");
  const set = await client.authorizationCodeGrant(config, back, { ...checks, idTokenExpected: true });
  await assert.rejects(client.authorizationCodeGrant(config, back, checks), refused("invalid_grant"));
  assert.equal((await client.tokenIntrospection(config, set.access_token)).active, false);
});

test("a wrong code verifier is refused", { timeout: 300_000 }, async () => {
  const { back, checks } = await authorize("openid email");
  const wrong = { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
  await assert.rejects(client.authorizationCodeGrant(config, back, wrong), refused("invalid_grant"));
});

test("a refresh token gives a new pair, narrower if asked", { timeout: 300_000 }, async () => {
  const first = await tokens("openid email profile", { choose: ["profile"] });
  const second = await client.refreshTokenGrant(config, first.refresh_token, { scope: "openid email" });
  assert.notEqual(second.access_token, first.access_token);
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.deepEqual(second.scope.split(" ").sort(), ["email", "openid"]);
  const info = await client.fetchUserInfo(config, second.access_token, first.claims().sub);
  assert.equal(info.name, undefined);
});

test("introspection tells a mini app about its tokens and a resource server about everybody's", { timeout: 300_000 }, async () => {
  const set = await tokens("openid email", { email: "ben" });
  const own = await client.tokenIntrospection(config, set.access_token);
  assert.equal(own.active, true);
  assert.equal(own.client_id, "photoprint");
  assert.equal(own.iss, demo.issuer);
  assert.equal(own.sub, set.claims().sub);
  assert.equal(own.token_kind, "user");
  assert.equal(own.username, undefined);

  assert.equal((await client.tokenIntrospection(server, set.access_token)).username, "ben@example.com");
  assert.equal((await client.tokenIntrospection(config, "not a token")).active, false);
});

test("revocation ends a token at once", { timeout: 300_000 }, async () => {
  const set = await tokens("openid email");
  await client.tokenRevocation(config, set.refresh_token);
  assert.deepEqual(await client.tokenIntrospection(config, set.access_token), { active: false });
  await assert.rejects(client.refreshTokenGrant(config, set.refresh_token), refused("invalid_grant"));
  await client.tokenRevocation(config, "not a token"); // RFC 7009 §2.2: no error
});

test("client_credentials gives a server its own token", { timeout: 300_000 }, async () => {
  const set = await client.clientCredentialsGrant(server, { scope: "catalog_read" });
  assert.equal(set.scope, "catalog_read");
  assert.equal(set.refresh_token, undefined);
  const told = await client.tokenIntrospection(server, set.access_token);
  assert.equal(told.sub, "nimbus-api");
  assert.equal(told.token_kind, "client");
});

test("client_secret_post is accepted as well as basic", { timeout: 300_000 }, async () => {
  const post = await discover("nimbus-api", client.ClientSecretPost);
  assert.ok((await client.clientCredentialsGrant(post, {})).access_token);
});
