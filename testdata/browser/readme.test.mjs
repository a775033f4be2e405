// The README's commands do what it says: each curl is run as it stands there, against a demo.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { startDemo } from "./lib/demo.mjs";
import { Person } from "./lib/person.mjs";

const run = promisify(execFile);
const CALLBACK = "http://127.0.0.1:9/callback";

let demo;
before(async () => (demo = await startDemo()), { timeout: 240_000 });
after(async () => demo?.stop(), { timeout: 120_000 });

// commandsOf returns the README's shell block as commands with what stands before them: lines that set something, and what
// the comments say goes from the answer into a variable. A continued line is joined.
async function commandsOf(readme) {
  const block = (await readFile(new URL(readme, import.meta.url), "utf8")).match(/```sh\n([\s\S]*?)```/)[1];
  const commands = [];
  const settings = [];
  let takes = [];
  for (const line of block.replace(/\\\n\s*/g, "").split("\n")) {
    if (/^(curl|echo) /.test(line)) {
      commands.push({ line, settings: settings.join("\n"), takes });
      takes = [];
    } else if (line.startsWith("#")) {
      for (const [, member, variable] of line.matchAll(/([a-z_]+) into ([A-Z_]+)/g)) takes.push({ member, variable });
    } else settings.push(line);
  }
  return commands;
}

async function codeFrom(url) {
  const ana = demo.people.find((p) => p.email.startsWith("ana"));
  const person = new Person();
  const login = await person.go(url, { stopAt: CALLBACK });
  const consent = await person.submit(login, "sign-in", { username: ana.email, password: ana.password }, { stopAt: CALLBACK });
  const done = await person.submit(consent, "consent", { decision: "allow" }, { stopAt: CALLBACK });
  return done.url.searchParams.get("code");
}

test("every curl of the README works, in order", { timeout: 300_000 }, async (t) => {
  const hasCurl = await run("curl", ["--version"]).then(() => true, () => false);
  if (!hasCurl) return t.skip("there is no curl on this machine");

  const env = { PATH: process.env.PATH };
  const shell = async ({ line, settings }) => {
    const script = `${settings.replace(/^S=.*$/m, `S=${demo.issuer}`)}
${line.replace(/^curl /, "curl --silent --show-error --fail-with-body --max-time 60 ")}`;
    const root = fileURLToPath(new URL("../../", import.meta.url));
    return (await run("bash", ["-euo", "pipefail", "-c", script], { env, cwd: root })).stdout;
  };

  const [authorize, ...commands] = await commandsOf("../../README.md");
  env.CODE = await codeFrom((await shell(authorize)).trim());
  const answers = {};
  for (const command of commands) {
    const answer = await shell(command);
    const [, path] = command.line.match(/\$S(\S+)/);
    const told = answer && JSON.parse(answer);
    answers[command.line.includes("-X DELETE") ? `DELETE ${path}` : path] = told;
    for (const { member, variable } of command.takes) {
      assert.ok(told[member], `${command.line} answers without ${member}`);
      env[variable] = told[member];
    }
  }
  assert.equal(answers["/oauth2/introspect"].active, true);
  assert.equal(answers["/oauth2/userinfo"].email, "ana@example.com");
  assert.equal(answers["/oauth2/grants/$GRANT_ID"].scopes[0].scope, "email openid");
  assert.deepEqual(Object.keys(answers).filter((path) => answers[path] === "").sort(),
    ["/oauth2/revoke", "/superapp/v1/logout", "DELETE /oauth2/grants/$GRANT_ID", "DELETE /superapp/v1/apps/photoprint/sharing"]);
  assert.ok(answers["/superapp/v1/apps"].apps.some((app) => app.client_id === "photoprint"));
  assert.equal(answers["/superapp/v1/apps/photoprint/sharing"].allowed, true, "the last answer is the decision's");
  assert.ok(answers["/api/v1/reviews"].items.some((app) => app.client_id === "tripdesk"));
  assert.equal(answers["/api/v1/clients/tripdesk/approve"].status, "approved");
  assert.equal(answers["/oauth2/register/$CLIENT"].client_name, "Trip Planner");
  assert.match(answers["/superapp/v1/sessions"].url, /^http/);
  assert.ok(answers["/superapp/v1/apps/photoprint/code"].code);
  assert.ok(answers["/oauth2/authorize-challenge"].authorization_code);
});
