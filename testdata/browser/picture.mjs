// usage: GATEHOUSE_BINARY=bin/gatehouse node picture.mjs FILE.png
// Takes the picture of the consent page that the README shows.
import { launch } from "./lib/browser.mjs";
import { startDemo } from "./lib/demo.mjs";
import { signIn } from "./lib/steps.mjs";

const [demo, browser] = await Promise.all([startDemo(), launch()]);
try {
  const page = await browser.newPage({ viewport: { width: 430, height: 900 }, deviceScaleFactor: 2, colorScheme: "light", locale: "en-US" });
  await page.goto(demo.mini_app);
  await page.click("#sign-in-with-host");
  await signIn({ page, inspect: () => {} }, demo.people.find((p) => p.email.startsWith("ana")));
  await page.locator("form#consent").waitFor();
  await page.screenshot({ path: process.argv[2], fullPage: true });
} finally {
  await browser.close();
  await demo.stop();
}
