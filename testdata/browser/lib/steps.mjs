// What a person does, in the words of the contract: the names of forms and controls are part of the product.
import assert from "node:assert/strict";
import { pathOf } from "./browser.mjs";

export const PASSWORD = "a long enough password";

// at waits for a page and inspects it.
export async function at(visitor, selector, path) {
  await visitor.page.locator(selector).first().waitFor();
  if (path) assert.equal(pathOf(visitor.page.url()), path);
  await visitor.inspect();
}

export async function openMiniApp(visitor, demo) {
  await visitor.page.goto(demo.mini_app);
  await at(visitor, "main#welcome");
  await visitor.page.click("#sign-in-with-host");
}

export async function signUp(visitor, person) {
  const { page } = visitor;
  await at(visitor, "form#sign-in", "/login");
  await page.click('a[href^="/signup"]');
  await at(visitor, "form#sign-up", "/signup");
  await page.fill("form#sign-up [name=email]", person.email);
  await page.fill("form#sign-up [name=password]", person.password ?? PASSWORD);
  await page.fill("form#sign-up [name=first_name]", person.firstName);
  await page.fill("form#sign-up [name=last_name]", person.lastName);
  await page.click("form#sign-up button");
}

export async function signIn(visitor, person) {
  const { page } = visitor;
  await at(visitor, "form#sign-in", "/login");
  await page.fill("form#sign-in [name=username]", person.email);
  await page.fill("form#sign-in [name=password]", person.password ?? PASSWORD);
  await page.click("form#sign-in button");
}

// decide answers the consent page; scopes are the optional ones to tick.
export async function decide(visitor, decision, scopes = []) {
  const { page } = visitor;
  await at(visitor, "form#consent", "/consent");
  for (const scope of scopes) await page.check(`form#consent input[name=scope][value="${scope}"]`);
  await page.click(`form#consent button[name=decision][value=${decision}]`);
}

// decisions returns what the mini app says it was allowed: {scope: "allowed" | "denied"}.
export async function decisions(visitor) {
  await at(visitor, "main#account", "/");
  const rows = await visitor.page.locator("#scopes li").all();
  return Object.fromEntries(
    await Promise.all(rows.map(async (row) => [await row.getAttribute("data-scope"), await row.getAttribute("data-decision")])),
  );
}

export const claim = (visitor, name) => visitor.page.locator(`#claims [data-claim="${name}"] dd`);
