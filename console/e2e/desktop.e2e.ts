import type { Browser, BrowserContextOptions } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { openedBrowser } from "./browser";
import { DesktopService } from "./desktop-service";
import { WatchedPage } from "./watched-page";

const SIDE: BrowserContextOptions = { viewport: { width: 900, height: 900 } };
const DARK: BrowserContextOptions = { ...SIDE, colorScheme: "dark" };
const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 } };

let browser: Browser;
let service: DesktopService;
let pages: WatchedPage[];

beforeAll(async () => {
  [browser, service] = await Promise.all([openedBrowser(), DesktopService.started()]);
});

afterAll(async () => {
  await browser?.close();
  await service?.stop();
});

beforeEach(() => {
  pages = [];
});

afterEach(async () => {
  service.mend();
  for (const page of pages) await page.close();
});

async function openedPage(screen = SIDE): Promise<WatchedPage> {
  const page = await WatchedPage.opened(browser, service, screen);
  pages.push(page);
  return page;
}

async function openedDesktop(agent: string, lang = "en", screen = SIDE): Promise<WatchedPage> {
  const page = await openedPage(screen);
  await page.goto(`?lang=${lang}#token=${service.tokens[agent]}`);
  await page.see("desktop");
  return page;
}

/** Return the desktop of an agent who has signed in and is ready, by keys alone. */
async function readyDesktop(agent: string, lang = "en", screen = SIDE): Promise<WatchedPage> {
  const desk = await openedDesktop(agent, lang, screen);
  await desk.focused("act-sign_in");
  await desk.press("Enter");
  await desk.focused("act-ready");
  await desk.press("KeyR");
  await desk.read("status", lang === "ru" ? "Готов" : /^Ready/);
  return desk;
}

test("a call is taken, held, transferred with a note, taken by the other and wrapped up", async () => {
  const anna = await readyDesktop("a1");
  const boris = await readyDesktop("a2", "ru", DARK);
  await anna.picture("desktop-ready-en");
  await boris.read("name", "Борис Ким");

  await service.happen("call", { call_id: "k1", agent: "a1" });
  await anna.see("contact-offer");
  await anna.focused("act-accept");
  await anna.read("announced", "A call rings: Acme, acme-sales");
  await anna.read("greeting", "Acme, hello");
  await anna.read("place", "Russia, RU-MOW");
  await anna.read("gathered", "Sales");
  await anna.read("gathered", "tariff: Gold");
  await anna.read("customer", "C-17");
  const pop = anna.page.getByTestId("screen-pop");
  expect(await pop.getAttribute("href")).toBe("https://crm.example/open?case=C-17");
  expect(await pop.getAttribute("rel")).toContain("noopener");
  expect(await anna.page.getByTestId("number").count()).toBe(0);
  await anna.usable();
  await anna.picture("desktop-offer-en");

  await anna.press("KeyA");
  await anna.read("number", "+79161234567");
  await anna.read("caller-name", "Ольга Петрова");
  await anna.read("status", "In talk");
  await anna.usable();
  await anna.picture("desktop-talk-en");
  await anna.press("KeyH");
  await anna.read("standing", "On hold");
  await anna.press("KeyH");
  await anna.read("standing", "In talk");

  await service.happen("next_goes_to", { call_id: "k1", agent: "a2" });
  await anna.press("KeyT");
  await anna.focused("send-whom");
  await anna.see("whom-acme-sales");
  await anna.page.keyboard.type("ord");
  await anna.seeNo("whom-acme-sales");
  await anna.read("whom-acme-orders", "Orders");
  await anna.picture("desktop-transfer-en");
  await anna.usable();
  await anna.press("Enter");
  await anna.press("Tab");
  await anna.page.keyboard.type("wants a refund");
  await anna.press("Enter");
  await anna.see("contact-wrap_up");
  await anna.focused("act-wrap_up");

  await boris.see("contact-offer");
  await boris.read("announced", "Звонок: Acme, acme-orders");
  await boris.read("greeting", "Акме, здравствуйте");
  await boris.read("sent", "Анна Соколова");
  await boris.read("note", "wants a refund");
  await boris.usable();
  await boris.picture("desktop-offer-ru");
  await boris.press("KeyA");
  await boris.read("number", "+79161234567");
  expect(await anna.page.getByTestId("number").count()).toBe(0);
  await boris.picture("desktop-talk-ru");

  await anna.page.getByTestId("code-refund").focus();
  await anna.press("Space");
  await anna.page.getByTestId("notes").fill("Refund promised");
  await anna.usable();
  await anna.picture("desktop-wrap-up-en");
  await anna.press("Tab");
  await anna.press("KeyD");
  await anna.see("idle");
  await anna.read("status", /^Ready/);

  await boris.press("KeyE");
  await boris.see("contact-wrap_up");
  await boris.read("codes", "Возврат");
  await boris.picture("desktop-wrap-up-ru");
  await boris.press("KeyD");
  await boris.see("idle");

  await service.happen("call", { call_id: "k2", agent: "a1" });
  await anna.read("contacts", "Refund");
  await anna.press("KeyX");
  await anna.see("gone");
});

test("a line that is cut comes back by itself, and what was asked meanwhile is done", async () => {
  const desk = await readyDesktop("a3");
  const addresses: string[] = [];
  desk.page.on("websocket", (socket) => addresses.push(socket.url()));
  await service.happen("call", { call_id: "k3", agent: "a3" });
  await desk.focused("act-accept");
  service.cut();
  await desk.see("lost-note");
  await desk.press("KeyA");
  await desk.usable();
  await desk.picture("desktop-lost-en");
  service.mend();
  await desk.read("standing", "In talk");
  await desk.seeNo("lost-note");
  expect(addresses.at(-1)).toMatch(/\?after=\d+$/);

  await desk.page.reload();
  await desk.read("standing", "In talk");
  await desk.read("client", "Acme");
  await desk.read("number", "+79161234567");
  expect(desk.page.url()).not.toContain("token");
});

test("who accepts an offer that has rung out meanwhile is told the truth", async () => {
  const desk = await readyDesktop("a4", "ru");
  await service.happen("call", { call_id: "k4", agent: "a4" });
  await desk.focused("act-accept");
  service.cut();
  await desk.see("lost-note");
  await desk.press("KeyA");
  await service.happen("pass", { seconds: 60 });
  service.mend();
  await desk.read("refused", "«Принять» не выполнено");
  await desk.read("refused", "Звонок больше не звонит");
  await desk.read("refused", "на него не ответили вовремя");
  await desk.read("status", "Не ответил");
  await desk.usable();
  await desk.picture("desktop-refused-ru");
  await desk.click("close-refused");
  await desk.seeNo("refused");
});

test("two tabs of one agent show the same", async () => {
  const one = await readyDesktop("a5");
  const two = await one.anotherTab();
  await two.goto(`?lang=ru#token=${service.tokens.a5}`);
  await two.read("status", "Готов");
  await service.happen("call", { call_id: "k5", agent: "a5" });
  await one.see("contact-offer");
  await two.see("contact-offer");
  await two.click("act-accept");
  await one.read("standing", "In talk");
  await one.press("KeyH");
  await two.read("standing", "Удержание");
  await two.click("act-ask_for_help");
  await one.read("help-asked", "You asked for a supervisor");
  await service.happen("hang_up", { call_id: "k5" });
  await one.see("contact-wrap_up");
  await two.see("contact-wrap_up");
});

test("somebody is consulted, and takes the call over", async () => {
  const anna = await readyDesktop("a7");
  const boris = await readyDesktop("a8", "ru", DARK);
  await service.happen("call", { call_id: "k7", agent: "a7" });
  await anna.focused("act-accept");
  await anna.press("Enter");
  await anna.read("standing", "In talk");
  await anna.press("KeyC");
  await anna.focused("send-whom");
  await anna.click("send-to-agent");
  await anna.page.getByTestId("send-whom").fill("Boris");
  await anna.read("whom-a8", "Ready");
  await anna.picture("desktop-consult-whom-en");
  await anna.page.getByTestId("send-whom").fill("a8");
  await anna.press("Enter");
  await anna.press("Enter");
  await anna.read("standing", "Calling a8");
  await boris.see("contact-offer");
  await boris.read("sent", "Анна Соколова");
  await boris.press("KeyA");
  await anna.read("standing", "Consulting a8");
  await anna.picture("desktop-consult-en");
  await anna.press("KeyM");
  await anna.see("contact-wrap_up");
  await boris.read("number", "+79161234567");
});

test("signing in says where, not ready says why, and signing out after work waits for it", async () => {
  const desk = await openedDesktop("a9", "ru", PHONE);
  await desk.see("sign-in");
  await desk.usable();
  await desk.picture("desktop-sign-in-ru-390");
  await desk.page.getByTestId("sign-in-site").fill("minsk");
  await desk.page.getByTestId("sign-in-telephone").fill("1042");
  await desk.press("Enter");
  await desk.read("site", "minsk");
  await desk.read("station", "телефон 1042");
  await desk.press("Digit3");
  await desk.seeNo("sign-in");
  await desk.read("reason", /\S/);
  await desk.press("KeyR");
  await desk.read("status", "Готов");
  await desk.usable();
  await desk.picture("desktop-ready-ru-390", true);
  await desk.press("KeyO");
  await desk.see("sign-in");
  await desk.page.getByTestId("sign-in-telephone").fill("");
  await desk.press("Enter");
  await desk.read("station", "этот экран");
  await desk.press("KeyR");
  await desk.read("status", "Готов");
  await service.happen("call", { call_id: "k9", agent: "a9" });
  await desk.focused("act-accept");
  await desk.usable();
  await desk.picture("desktop-offer-ru-390", true);
  await desk.press("Enter");
  await desk.read("standing", "Разговор");
  await desk.press("KeyW");
  await desk.read("next", "выход после этой работы");
  await desk.press("KeyE");
  await desk.see("contact-wrap_up");
  await desk.press("KeyD");
  await desk.see("sign-in");
});

test("a break is asked for, waited for, begun and overdue", async () => {
  const boris = await readyDesktop("a6");
  const other = await readyDesktop("a12", "ru", DARK);
  await boris.click("reason-lunch");
  await boris.read("break", "On a break, back in");
  await other.click("reason-lunch");
  await other.read("break", "Вы 1-й в очереди на перерыв");
  await other.read("status", "Готов");
  await other.usable();
  await other.picture("desktop-break-waiting-ru");
  await other.press("KeyK");
  await other.seeNo("break");
  await other.click("reason-lunch");
  await other.read("break", "Вы 1-й в очереди на перерыв");
  await boris.press("KeyR");
  await other.read("break", "Перерыв, вернуться через");
  await service.happen("pass", { seconds: 1800 });
  await other.read("break", "Перерыв затянулся");
  await other.usable();
  await other.picture("desktop-break-overdue-ru");
});

test("the keys are listed, and can be switched off", async () => {
  const desk = await readyDesktop("a10");
  await desk.press("Shift+Slash");
  await desk.read("keys", "Ask for a supervisor");
  await desk.usable();
  await desk.picture("desktop-keys-en");
  await desk.click("single-keys");
  await desk.press("Escape");
  await desk.seeNo("keys");
  await desk.press("KeyN");
  await desk.click("act-not_ready");
  await desk.read("status", "Not ready");
  await desk.press("KeyR");
  await desk.press("KeyL");
  await desk.read("status", "Not ready");
  await desk.click("language");
  await desk.read("status", "Не готов");
});

test("letters that are typed into a field do nothing else", async () => {
  const desk = await readyDesktop("a11");
  await service.happen("call", { call_id: "k11", agent: "a11" });
  await desk.focused("act-accept");
  await desk.press("Enter");
  await desk.read("standing", "In talk");
  await service.happen("hang_up", { call_id: "k11" });
  await desk.see("contact-wrap_up");
  await desk.page.getByTestId("notes").focus();
  await desk.page.keyboard.type("rod");
  await desk.see("contact-wrap_up");
  await desk.press("Tab");
  await desk.press("KeyD");
  await desk.see("idle");
});

const WHY = {
  ru: { none: "Рабочему месту нужен токен", noAgent: "Служба не знает оператора a99" },
  en: { none: "The desktop needs a token", noAgent: "The service knows no agent a99" },
} as const;

test.each(["ru", "en"] as const)("who has no desktop is told why, in %s", async (lang) => {
  const page = await openedPage(lang === "ru" ? SIDE : DARK);
  await page.goto(`?lang=${lang}`);
  await page.read("refused-none", WHY[lang].none);
  await page.usable();
  await page.picture(`desktop-none-${lang}`);
  await page.page.getByTestId("token").fill(service.tokens.supervisor ?? "");
  await page.click("use-token");
  await page.see("refused-nobody");
  await page.usable();
  const forged = `${service.tokens.a1?.split(".").slice(0, 2).join(".")}.forged`;
  await page.page.getByTestId("token").fill(forged);
  await page.click("use-token");
  await page.see("refused-expired");
  await page.page.getByTestId("token").fill(service.tokens.a99 ?? "");
  await page.click("use-token");
  await page.read("refused-noAgent", WHY[lang].noAgent);
  await page.usable();
  await page.picture(`desktop-no-agent-${lang}`);
});
