// Opens the board of a running system and waits until a day is seen on it; leaves a picture.
// node e2e/look.mjs 'http://127.0.0.1:8104/board/#token=...' [picture.png]
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const LIMIT_MS = 120_000;
const [address, picture] = process.argv.slice(2);
const executablePath = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
if (!address || !executablePath) {
  process.stderr.write(
    address ? "Chromium is missing: apt-get install -y chromium\n" : "which address?\n",
  );
  process.exit(2);
}

const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"],
});
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const strangers = [];
  page.on("request", (request) => {
    if (new URL(request.url()).host !== new URL(address).host) strangers.push(request.url());
  });
  const fragment = address.indexOf("#");
  await page.goto(`${address.slice(0, fragment)}?lang=en${address.slice(fragment)}`);
  await page.getByTestId("board").waitFor({ timeout: LIMIT_MS });
  const figure = (name) => page.getByTestId(`value-${name}`).first();
  await page.waitForFunction(
    () => /[1-9]/.test(document.querySelector('[data-testid="value-answered"]')?.textContent ?? ""),
    null,
    { timeout: LIMIT_MS },
  );
  const before = await figure("answered").textContent();
  await page.waitForFunction(
    (was) => document.querySelector('[data-testid="value-answered"]')?.textContent !== was,
    before,
    { timeout: LIMIT_MS },
  );
  const seen = {
    link: await page.getByTestId("link").getAttribute("data-state"),
    day: await page.getByTestId("day").getAttribute("data-state"),
    sites: await page.locator('[data-testid^="marker-"]').count(),
    drawn: await page.getByTestId("drawn").textContent(),
    address: page.url(),
    strangers,
  };
  if (picture) await page.screenshot({ path: picture });
  process.stdout.write(JSON.stringify(seen));
} finally {
  await browser.close();
}
