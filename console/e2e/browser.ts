import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** How one page sees the world. */
export interface Screen {
  width: number;
  height: number;
  colorScheme?: "light" | "dark";
  reducedMotion?: "reduce" | "no-preference";
  locale?: string;
}

/** Return the system's Chromium; `CHROMIUM` names another. */
function chromiumPath(): string {
  const path = process.env.CHROMIUM ?? PLACES.find((place) => existsSync(place));
  if (!path) throw new Error("Chromium is missing: apt-get install -y chromium");
  return path;
}

/** Open Chromium with an empty profile; return a context and how to close both. */
export async function opened(screen: Screen): Promise<{
  context: BrowserContext;
  close: () => Promise<void>;
}> {
  const profile = await mkdtemp(join(tmpdir(), "board-profile-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumPath(),
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
    viewport: { width: screen.width, height: screen.height },
    colorScheme: screen.colorScheme ?? "light",
    reducedMotion: screen.reducedMotion ?? "no-preference",
    locale: screen.locale ?? "en-GB",
  });
  const close = async () => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  };
  return { context, close };
}
