// The README's commands do what it says: each curl is run as it stands there, against a demo.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { startDemo } from "./lib/demo.mjs";
import { Person } from "./lib/person.mjs";

const run = promisify(execFile);
const CALLBACK = "http://127.0.0.1:9/callback";

let demo;
before(async () => (demo = await startDemo()), { timeout: 90_000 });
after(async () => demo?.stop(), { timeout: 40_000 });

// commandsOf returns the commands of the README's shell block, a continued line joined.
async function commandsOf(readme) {
  const block = (await readFile(new URL(readme, import.meta.url), "utf8")).match(/```sh\n([\s\S]*?)```/)[1];
  return block.replace(/\\\n\s*/g, "").split("\n").filter((line) => line && !line.startsWith("#"));
}

async function codeFrom(url) {
  const ana = demo.people.find((p) => p.email.startsWith("ana"));
  const person = new Person();
  const login = await person.go(url, { stopAt: CALLBACK });
  const consent = await person.submit(login, "sign-in", { username: ana.email, password: ana.password }, { stopAt: CALLBACK });
  const done = await person.submit(consent, "consent", { decision: "allow" }, { stopAt: CALLBACK });
  return done.url.searchParams.get("code");
}

test("every curl of the README works, in order", { timeout: 120_000 }, async (t) => {
  const hasCurl = await run("curl", ["--version"]).then(() => true, () => false);
  if (!hasCurl) return t.skip("there is no curl on this machine");

  const [settings, more, ...commands] = await commandsOf("../../README.md");
  const env = { PATH: process.env.PATH };
  const shell = async (command) => {
    const script = `${settings}\n${more}\nS=${demo.issuer}\n${command.replace(/^curl /, "curl --silent --show-error --fail --max-time 10 ")}`;
    return (await run("bash", ["-euc", script], { env })).stdout;
  };

  env.CODE = await codeFrom((await shell(commands.shift())).trim());
  for (const command of commands) {
    const answer = await shell(command);
    if (command.includes("/oauth2/revoke")) continue; // RFC 7009 §2.2: nothing to read
    const told = JSON.parse(answer);
    if (command.includes("/introspect")) assert.equal(told.active, true, command);
    if (command.includes("/userinfo")) assert.equal(told.email, "ana@example.com", command);
    if (told.refresh_token) [env.ACCESS_TOKEN, env.REFRESH_TOKEN] = [told.access_token, told.refresh_token];
  }
});
