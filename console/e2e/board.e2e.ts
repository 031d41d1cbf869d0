import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Snapshot } from "../src/live/types";
import { BoardServer, TOKEN, TOKEN_WITHOUT_RIGHT } from "./board-server";
import { openedBrowser } from "./browser";
import { WatchedPage } from "./watched-page";
import { ALERTS, firstSnapshot, livelyHour, oneMoreAway, secondsBefore } from "./world";

const DESKTOP = { viewport: { width: 1440, height: 900 } };
const PHONE = { viewport: { width: 390, height: 844 } };
const TABLET = { viewport: { width: 1024, height: 768 } };
const WALL = { viewport: { width: 3840, height: 2160 } };

let browser: Browser;
let server: BoardServer;
let pages: WatchedPage[];

beforeAll(async () => {
  browser = await openedBrowser();
});

afterAll(async () => {
  await browser?.close();
});

beforeEach(async () => {
  pages = [];
  server = await BoardServer.started(firstSnapshot());
});

afterEach(async () => {
  for (const page of pages) await page.close();
  await server.stop();
});

async function openedPage(screen: BrowserContextOptions = DESKTOP): Promise<WatchedPage> {
  const page = await WatchedPage.opened(browser, server, screen);
  pages.push(page);
  return page;
}

/** Return a page that shows the board of `snapshot`. */
async function openedBoard(
  link = "?lang=en",
  screen: BrowserContextOptions = DESKTOP,
  snapshot: Snapshot = firstSnapshot(),
): Promise<WatchedPage> {
  server.become(snapshot);
  const page = await openedPage(screen);
  await page.goto(`${link}#token=${TOKEN}`);
  await page.see("board");
  return page;
}

const WORDS = {
  ru: {
    heading: "Оперативное табло",
    day: "День идёт",
    level: "Уровень сервиса",
    moscow: "Москва",
    drawn: "номера звонящих, площадки входа, терпение, графики смен",
    definition: "Доля поступивших звонков, на которые ответили за 20 с",
  },
  en: {
    heading: "Live board",
    day: "The day is running",
    level: "Service level",
    moscow: "Moscow",
    drawn: "callers' numbers, entry sites, patience, rosters",
    definition: "Share of offered calls answered within 20 s",
  },
} as const;

describe("the board tells the state of the centre", () => {
  test.each([
    { lang: "ru", colorScheme: "light", ...DESKTOP },
    { lang: "en", colorScheme: "dark", ...DESKTOP },
    { lang: "ru", colorScheme: "dark", ...PHONE },
    { lang: "en", colorScheme: "light", ...PHONE },
    { lang: "ru", colorScheme: "light", ...TABLET },
    { lang: "ru", colorScheme: "light", ...WALL },
    { lang: "en", colorScheme: "dark", ...WALL },
  ] as const)("in $lang, $colorScheme, $viewport.width px wide", async ({ lang, ...screen }) => {
    const words = WORDS[lang];
    const board = await openedBoard(`?lang=${lang}`, screen);
    for (const change of livelyHour()) server.push(change);
    await board.read("value-callsPerMinute", lang === "ru" ? "8,6" : "8.6");
    await board.read("board", words.heading);
    await board.read("day", words.day);
    await board.read("value-waiting", "8");
    await board.read("value-inTalk", "110");
    await board.read("value-serviceLevel", "82");
    await board.read("figure-serviceLevel", words.level);
    await board.read("marker-moscow", words.moscow);
    await board.read("site-moscow-Talking", "41");
    await board.read("all-signed_in", "169");
    await board.read("overdue", "minsk-004, lunch");
    await board.read("queue-bank-cards", "402");
    await board.read("drawn", words.drawn);
    expect(await board.page.locator('[data-testid^="marker-"]').count()).toBe(4);
    expect(await board.page.locator('[data-testid^="arrow-"]').count()).toBe(5);
    await board.drawn();
    server.push({ at: secondsBefore(0) });
    await board.seeNo("age");
    const name = `board-${lang}-${screen.viewport.width}-${screen.colorScheme}`;
    await board.picture(name, screen.viewport.width === 390);
    await board.usable();
    await board.click("definition-serviceLevel");
    await board.read("definition", words.definition);
    await board.read("definition", /routed\/0@\d+/);
    await board.usable();
    await board.picture(`${name}-definition`);
  });
});

describe("the board is alive", () => {
  test("a change shows at once, without a jump, and a light runs along the arrow that grew", async () => {
    const board = await openedBoard();
    await board.drawn();
    const places = await board.places();
    const arrow = board.page.getByTestId("arrow-moscow-krasnoyarsk");
    expect(await arrow.locator("path").count()).toBe(2);
    const motion = await board.countingMotion();
    server.push(oneMoreAway());
    await board.read("value-waiting", "7");
    await board.read("flow-moscow-krasnoyarsk", "10");
    await arrow.locator("path").nth(2).waitFor();
    await expect.poll(motion).toBe(1);
    expect(await board.places()).toEqual(places);
  });

  test.each(["ru", "en"])("one screen of a desk holds all of it: %s", async (lang) => {
    const board = await openedBoard(`?lang=${lang}`);
    await board.drawn();
    const height = await board.page.evaluate(() => document.documentElement.scrollHeight);
    expect(height).toBe(DESKTOP.viewport.height);
  });

  test("with reduced motion nothing moves", async () => {
    const board = await openedBoard("?lang=en", { ...DESKTOP, reducedMotion: "reduce" });
    const motion = await board.countingMotion();
    server.push(oneMoreAway());
    await board.read("flow-moscow-krasnoyarsk", "10");
    await board.page.getByTestId("arrow-moscow-krasnoyarsk").locator("path").nth(2).waitFor({
      state: "attached",
    });
    expect(await motion()).toBe(0);
  });

  test("many changes in one frame are shown as their last", async () => {
    const board = await openedBoard();
    for (let n = 1; n <= 500; n += 1) server.push({ totals: { in_talk: n } });
    await board.read("value-inTalk", "500");
  });

  test("a wait goes on between messages as fast as business time, and turns red", async () => {
    const board = await openedBoard("?lang=en", DESKTOP, firstSnapshot(60));
    const longest = board.page.getByTestId("figure-longestWait");
    await longest.and(board.page.locator('[data-urgent="true"]')).waitFor();
    await board.read("figure-longestWait", "needs a hand now");
    await board.read("value-longestWait", /^[2-9]:/);
    await board.read("day", "×60");
  });

  test("figures tell their age when they are older than three seconds, and nothing jumps", async () => {
    const board = await openedBoard();
    await board.drawn();
    const places = await board.places();
    server.push({ at: secondsBefore(0) });
    await board.seeNo("age");
    await board.read("age", /^[3-9] s old$/);
    expect(await board.page.getByTestId("age").count()).toBe(12);
    expect(await board.places()).toEqual(places);
    await board.usable();
    server.push({ at: secondsBefore(-4) });
    await board.seeNo("age");
  });

  test("what grows old alone tells its age alone: expected waits while the router is silent", async () => {
    const board = await openedBoard();
    await board.drawn();
    const places = await board.places();
    server.push({ at: secondsBefore(0), ages_s: { calls: 0, agents: 0, expected_waits: 42 } });
    await board.read("age", /^4[2-9] s old$/);
    expect(await board.page.getByTestId("age").count()).toBe(1);
    expect(await board.places()).toEqual(places);
    await board.usable();
    server.push({ ages_s: { calls: 0, agents: 12, expected_waits: 0 } });
    await expect.poll(() => board.page.getByTestId("age").count()).toBe(2);
    await board.read("panel-sites", /1[2-9] s old/);
  });

  test.each([
    { lang: "ru", colorScheme: "light", where: "Карты", says: "уровень сервиса за день: 78 %" },
    { lang: "en", colorScheme: "dark", where: "Cards", says: "service level today: 78 %" },
  ] as const)("alerts stand on top, red where a hand is needed: $lang", async (look) => {
    const { lang, colorScheme, where, says } = look;
    const board = await openedBoard(`?lang=${lang}`, { ...DESKTOP, colorScheme });
    await board.drawn();
    const places = await board.places();
    const open = board.page.getByTestId("open-alerts");
    server.push({ alerts: ALERTS.slice(1) });
    await open.and(board.page.locator('[data-urgent="false"]')).waitFor();
    server.push({ alerts: ALERTS });
    await open.and(board.page.locator('[data-urgent="true"]')).waitFor();
    await board.read("open-alerts", where);
    expect(await board.places()).toEqual(places);
    await board.usable();
    await board.page.keyboard.press("a");
    await board.read("alert-long-waits", "2:31");
    await board.read("alert-level", says);
    await board.usable();
    await board.picture(`alerts-${lang}-${colorScheme}`);
    await board.page.keyboard.press("Escape");
    server.push({ alerts: [] });
    await open.waitFor({ state: "detached" });
  });

  test("the end of the day is said and its figures stay", async () => {
    const board = await openedBoard();
    server.push({ day: { state: "ended" } });
    await board.read("day", "The day has ended");
    await board.read("value-offered", "1,599");
    await board.usable();
  });

  test("a site that is lost is shown where the eye is", async () => {
    const board = await openedBoard();
    const [, saransk] = firstSnapshot().sites;
    if (!saransk) throw new Error("the centre has two sites");
    server.push({ sites: [{ ...saransk, status: "lost" }] });
    await board.read("marker-saransk", "lost");
    await board.usable();
  });
});

describe("a lost connection", () => {
  test("is said, and comes back by itself with what happened meanwhile", async () => {
    const board = await openedBoard();
    await board.drawn();
    const places = await board.places();
    server.fail("broken");
    await board.read("lost", "Connection lost");
    await board.read("value-waiting", "8");
    await board.usable();
    await board.read("age", "s old");
    await board.picture("board-lost");
    expect(await board.places()).toEqual(places);
    server.recover();
    server.become({ ...firstSnapshot(), totals: { ...firstSnapshot().totals, waiting: 21 } });
    await board.read("value-waiting", "21");
    await board.seeNo("lost");
    expect(await board.page.getByTestId("link").getAttribute("data-state")).toBe("live");
  });

  test("that comes back is told what it missed, and nothing twice", async () => {
    const board = await openedBoard();
    server.push({ totals: { waiting: 9 } });
    await board.read("value-waiting", "9");
    server.fail("broken");
    await board.see("lost");
    server.push({ totals: { waiting: 10 } });
    server.recover();
    await board.read("value-waiting", "10");
    await board.seeNo("lost");
    expect(server.cameBackWith).toEqual([expect.stringMatching(/^e2e-\d+$/)]);
  });

  test("is tried again at once by a click", async () => {
    const board = await openedBoard("?lang=ru", PHONE);
    server.fail("broken");
    await board.see("lost");
    await board.usable();
    server.recover();
    await board.click("retry");
    await board.seeNo("lost");
  });

  test("is noticed when the line is open and nothing comes", async () => {
    const board = await openedPage();
    await board.page.clock.install();
    await board.goto(`?lang=en#token=${TOKEN}`);
    await board.see("board");
    await board.page.clock.fastForward(26_000);
    await board.see("lost");
    await board.seeNo("lost");
  });
});

describe("a page without a board", () => {
  test("asks for a token, takes a pasted link, and keeps the token out of the address", async () => {
    const page = await openedPage();
    await page.goto("?lang=en&site=minsk");
    await page.see("access-none");
    await page.usable();
    await page.picture("access-none");
    await page.click("use-token");
    await page.read("access-none", "Paste a token first.");
    await page.page.getByTestId("token").fill(`${server.origin}/board/#token=${TOKEN}`);
    await page.click("use-token");
    await page.see("board");
    expect(page.page.url()).toBe(`${server.origin}/board/?lang=en&site=minsk`);
    await page.page.reload();
    await page.see("board");
  });

  test("does not leave the token of a link in the address bar", async () => {
    const board = await openedBoard("?lang=ru");
    expect(board.page.url()).toBe(`${server.origin}/board/?lang=ru`);
  });

  test.each([
    { token: "expired.token", name: "access-expired", says: "Токен не принят" },
    { token: TOKEN_WITHOUT_RIGHT, name: "access-noRight", says: "нет права" },
  ])("says why: $name", async ({ token, name, says }) => {
    const page = await openedPage(PHONE);
    await page.goto(`?lang=ru#token=${token}`);
    await page.read(name, says);
    await page.usable();
    await page.picture(name);
    await page.page.getByTestId("token").fill(TOKEN);
    await page.page.keyboard.press("Enter");
    await page.see("board");
  });

  test("a new link in the same tab is followed", async () => {
    const page = await openedPage();
    await page.goto("?lang=en#token=expired.token");
    await page.see("access-expired");
    await page.goto(`?lang=en#token=${TOKEN}`);
    await page.see("board");
  });

  test("shows the places of the figures while it loads, then says what fails, then the board", async () => {
    server.fail("mute");
    const page = await openedPage();
    await page.goto(`?lang=en#token=${TOKEN}`);
    await page.see("loading");
    await page.usable();
    await page.picture("loading");
    server.fail("broken");
    await page.read("failed", "The board cannot be reached");
    await page.usable();
    await page.picture("failed");
    server.recover();
    await page.see("board");
  });

  test("says so when nothing is known yet", async () => {
    const empty = { ...firstSnapshot(), sites: [], queues: [], away: [], drawn: [] };
    const board = await openedBoard("?lang=en", DESKTOP, { ...empty, day: { state: "idle" } });
    await board.read("panel-map", "No site is known yet");
    await board.read("panel-queues", "No queue is known yet");
    await board.read("day", "No day is running");
    await board.usable();
    await board.picture("board-empty");
  });
});

describe("by hand", () => {
  test("everything is reached by the keyboard, and a link shows the same to a colleague", async () => {
    const board = await openedBoard();
    const { keyboard } = board.page;
    await keyboard.press("?");
    await board.read("shortcuts", "Filter the queues");
    await board.usable();
    await board.picture("shortcuts");
    await keyboard.press("Escape");
    await board.seeNo("shortcuts");
    await keyboard.press("/");
    await keyboard.type("volga");
    await board.read("queue-count", "4 of 7");
    await board.seeNo("queue-net-faults");
    await keyboard.press("Tab");
    await keyboard.press("Tab");
    await keyboard.press("1");
    await keyboard.press("l");
    await board.read("board", "Оперативное табло");
    expect(board.page.url()).toBe(`${server.origin}/board/?lang=ru&filter=volga&site=moscow`);
    const colleague = await openedBoard(new URL(board.page.url()).search);
    await colleague.read("queue-count", "4 из 7");
    expect(await colleague.page.getByTestId("marker-moscow").getAttribute("aria-pressed")).toBe(
      "true",
    );
  });

  test("a filter that finds nothing says so and is cleared by a click", async () => {
    const board = await openedBoard("?lang=en&filter=nothing");
    await board.read("no-match", "No queue matches “nothing”.");
    await board.click("clear-filter");
    await board.read("queue-count", "7 of 7");
  });

  test("a site is chosen on the map or in the table and let go again", async () => {
    const board = await openedBoard();
    const pressed = (name: string) =>
      board.page.locator(`[data-testid="${name}"][aria-pressed="true"]`);
    await board.click("marker-krasnoyarsk");
    await pressed("select-krasnoyarsk").waitFor();
    await board.usable();
    await board.click("select-minsk");
    await pressed("marker-minsk").waitFor();
    await board.page.keyboard.press("Escape");
    await pressed("select-all").waitFor();
    expect(board.page.url()).toBe(`${server.origin}/board/?lang=en`);
  });
});
