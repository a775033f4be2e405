// Every page of the console and of the developers: for everybody, of little weight however much there is to list, and with the
// keyboard alone.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { launch, visit } from "./lib/browser.mjs";
import { startDemo } from "./lib/demo.mjs";
import { reach, tabThrough, tabTo } from "./lib/reach.mjs";
import { signIn } from "./lib/steps.mjs";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-reach-"));
let demo, browser, boss, dana;

// run is a command of whoever runs the server.
async function run(...args) {
  const env = { ...process.env, GATEHOUSE_DATABASE: `sqlite:${join(folder, "gatehouse.db")}` };
  return (await promisify(execFile)(process.env.GATEHOUSE_BINARY, args, { env })).stdout;
}

const MANY = 60; // a list has 50 on a page
const of = (make) => Array.from({ length: MANY }, (_, i) => make(String(i).padStart(3, "0")));

// many is more of everything than is on one page of a list.
const many = () => ({
  publishers: of((n) => ({ id: `house-${n}`, name: `Publishing House No. ${n}`, developers: [n < 3 ? "dana@example.com" : "rui@example.com"] })),
  companies: of((n) => ({ id: `firm-${n}`, name: `The Firm No. ${n}` })),
  users: of((n) => ({ email: `person.${n}@example.com`, first_name: "Person", last_name: `No. ${n}`, company: `firm-${n}` })),
  scopes: of((n) => ({ name: `things_${n}_read`, title: { en: `Your things of the sort No. ${n}` } })),
  clients: of((n) => ({
    client_id: `app-${n}`, client_secret: `a secret of app ${n} that nobody needs`, name: `Mini App No. ${n}`, publisher: "house-000", redirect_uris: [`https://app-${n}.example/cb`], client_uri: `https://app-${n}.example/`,
    status: "submitted", scopes: [{ name: "openid" }, { name: `things_${n}_read`, purpose: { en: `to show you your things of the sort ${n}` } }],
  })),
});

before(async () => {
  [demo, browser] = await Promise.all([startDemo("--data", folder), launch()]);
  [boss, dana] = ["admin", "dana"].map((name) => demo.people.find((p) => p.email.startsWith(name)));
  const file = join(folder, "many.json");
  writeFileSync(file, JSON.stringify(many()));
  await run("seed", "apply", file);
  await run("initial-access-token", "create", "--name", "Tests");
  await run("test-user", "create", "gatehouse-demo");
}, { timeout: 240_000 });
after(async () => {
  await browser?.close();
  await demo?.stop();
  rmSync(folder, { recursive: true, force: true });
}, { timeout: 120_000 });

const list = (path) => [`/admin/${path}`, `/admin/${path} next`];
const expected = {
  "/admin": [
    ...["apps", "reviews", "people", "publishers", "companies", "scopes"].flatMap(list),
    ...["apps", "people", "publishers", "companies", "scopes"].map((path) => `/admin/${path}/{id}`),
    ...["people", "publishers", "companies", "scopes", "keys", "api-keys", "initial-access-tokens"].map((path) => `/admin/new/${path}`),
    ...["dashboard", "evaluate", "sessions", "decisions", "deliveries", "api-keys", "keys", "audit", "initial-access-tokens"].map((path) => `/admin/${path}`),
  ],
  "/developer": [
    "/developer", "/developer next", "/developer/new", "/developer/people", "/developer/keys",
    ...["", "/identity", "/redirects", "/data", "/security", "/review", "/preview", "/code"].map((step) => `/developer/apps/{id}${step}`),
  ],
};

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 320, height: 640 };
const SEEN = ["color-contrast", "target-size"]; // what is otherwise in another size and other colours

// looks are how each page is looked at: by whom, and what is done there.
const looks = {
  "wide and light, then narrow and dark": [{}, async ({ page, inspect }) => {
    await inspect();
    await page.setViewportSize(NARROW);
    await page.emulateMedia({ colorScheme: "dark" });
    await inspect(SEEN);
    await page.setViewportSize(WIDE);
    await page.emulateMedia({ colorScheme: "light" });
  }],
  "narrow and from right to left": [{ width: 320, locale: "ar" }, ({ inspect }) => inspect(["target-size"])],
  "narrow and without scripts": [{ width: 320, scripts: false }, ({ inspect }) => inspect()],
};

for (const [how, [look, inspect]] of Object.entries(looks))
  for (const [root, who] of [["/admin", () => boss], ["/developer", () => dana]])
    test(`every page below ${root} is for everybody, and light: ${how}`, { timeout: 600_000 }, async (t) => {
      const visitor = await visit(t, browser, look);
      await visitor.page.goto(demo.issuer + root);
      await signIn(visitor, who());
      await visitor.page.waitForURL((url) => url.pathname.startsWith(root));
      const met = await reach(visitor, root, root === "/admin" ? ["/admin/apps", "/admin/apps/tripdesk"] : ["/developer/apps/photoprint/data"], () => inspect(visitor));
      assert.deepEqual(expected[root].filter((kind) => !met.includes(kind)), [], `met: ${met}`);
    });

// entered is a visitor without a mouse who has signed in and is at path.
async function entered(t, path, person) {
  const visitor = await visit(t, browser, {});
  await visitor.page.goto(demo.issuer + path);
  if (await visitor.page.evaluate(() => document.activeElement.getAttribute("name") !== "username")) await tabTo(visitor.page, "[name=username]");
  await visitor.page.keyboard.type(person.email);
  await tabTo(visitor.page, "[name=password]");
  await visitor.page.keyboard.type(person.password);
  await visitor.page.keyboard.press("Enter");
  await visitor.page.waitForURL((url) => url.pathname === path);
  return visitor;
}

test("the console works with the keyboard alone", { timeout: 600_000 }, async (t) => {
  const { page } = await entered(t, "/admin/apps", boss);
  for (const path of ["dashboard", "reviews", "audit", "evaluate", "people", "new/people", "new/api-keys", "publishers/house-001", "scopes/points_read", "apps/photoprint"]) {
    await page.goto(`${demo.issuer}/admin/${path}`);
    await tabThrough(page);
  }
  await page.goto(`${demo.issuer}/admin/apps`);
  await tabTo(page, "#find [name=search]");
  await page.keyboard.type("TripDesk");
  await page.keyboard.press("Enter");
  await page.waitForURL(/search=TripDesk/);
  await tabTo(page, 'a[href="/admin/apps/tripdesk"]');
  await page.keyboard.press("Enter");
  await page.locator("form#review").waitFor();
  await tabThrough(page);
  await tabTo(page, "form#review textarea");
  await page.keyboard.type("Which bookings?");
  await tabTo(page, "form#review button[value=request-changes]");
  await page.keyboard.press("Space");
  await page.locator("[role=status]").waitFor();

  await page.goto(`${demo.issuer}/admin/publishers/house-001`);
  await tabTo(page, "form#change button");
  await page.keyboard.press("Enter");
  await page.locator("[role=status]").waitFor();
});

test("developers register with the keyboard alone", { timeout: 600_000 }, async (t) => {
  const { page } = await entered(t, "/developer", dana);
  for (const path of ["people", "keys", "apps/photoprint", "apps/photoprint/review", "apps/photoprint/security"]) {
    await page.goto(`${demo.issuer}/developer/${path}`);
    await tabThrough(page);
  }
  await page.goto(`${demo.issuer}/developer/new`);
  await tabThrough(page);
  await page.goto(`${demo.issuer}/developer/new`);
  // Asked for well before the key is pressed: a browser that has not heard of it yet would open a dialog of its own.
  const chosen = new Promise((opened) => page.once("filechooser", opened));
  await tabTo(page, "[name=name]");
  await page.keyboard.type("Harbour");
  await tabTo(page, "[name=logo]");
  await page.keyboard.press("Space");
  await (await chosen).setFiles({ name: "logo.png", mimeType: "image/png", buffer: Buffer.from(await page.screenshot({ clip: { x: 0, y: 0, width: 64, height: 64 } })) });
  await tabTo(page, "form#step button[value=next]");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/redirects/);
  await tabThrough(page);
  await page.reload();
  await tabTo(page, "#redirect_uris-0");
  await page.keyboard.type("https://harbour.example/cb");
  await tabTo(page, "form#step button[value=next]");
  await page.keyboard.press("Space");
  await page.waitForURL(/\/data/);
  await tabTo(page, "form#step button[value=next]");
  await page.keyboard.press("Space");
  await page.waitForURL(/\/security/);

  await page.goto(`${demo.issuer}/developer/apps/photoprint`);
  await tabTo(page, "form#secret button");
  await page.keyboard.press("Space");
  await page.locator("#client-secret, #secret code").first().waitFor();
});
