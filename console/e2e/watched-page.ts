import axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";

const OUT = new URL("./out/", import.meta.url).pathname;

const AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Where a page comes from; `alsoAsks` are other services that it may fetch from. */
export interface Served {
  origin: string;
  path: string;
  alsoAsks?: readonly string[];
}

/** A page of the browser, and what it did that it must not do. */
export class WatchedPage {
  readonly #errors: string[] = [];
  readonly #elsewhere: string[] = [];

  private constructor(
    readonly page: Page,
    readonly served: Served,
  ) {
    page.on("pageerror", (error) => this.#errors.push(error.message));
    page.on("request", (request) => {
      const origins = [served.origin, ...(served.alsoAsks ?? [])];
      if (!origins.includes(new URL(request.url()).origin)) this.#elsewhere.push(request.url());
    });
  }

  static async opened(
    browser: Browser,
    served: Served,
    screen: BrowserContextOptions,
  ): Promise<WatchedPage> {
    const context = await browser.newContext({ locale: "en-GB", ...screen });
    return new WatchedPage(await context.newPage(), served);
  }

  /** Return another tab of the same browser. */
  async anotherTab(): Promise<WatchedPage> {
    return new WatchedPage(await this.page.context().newPage(), this.served);
  }

  /** Open the page by a link such as `?lang=ru#token=...`. */
  async goto(link: string): Promise<void> {
    await this.page.goto(`${this.served.origin}${this.served.path}${link}`);
  }

  /** Wait until an element of this name is in sight. */
  async see(name: string): Promise<void> {
    await this.page.getByTestId(name).first().waitFor();
  }

  /** Wait until an element of this name is gone or out of sight. */
  async seeNo(name: string): Promise<void> {
    await this.page.getByTestId(name).first().waitFor({ state: "hidden" });
  }

  /** Wait until the element says `text`, alone or with more. */
  async read(name: string, text: string | RegExp): Promise<void> {
    await this.page.getByTestId(name).first().filter({ hasText: text }).waitFor();
  }

  async click(name: string): Promise<void> {
    await this.page.getByTestId(name).first().click();
  }

  /** Wait until typeface and chart are there, as a picture needs them. */
  async drawn(): Promise<void> {
    await this.page.evaluate(() => document.fonts.ready.then(() => undefined));
    await this.page.waitForFunction(() => {
      const canvas = document.querySelector("canvas");
      const pixels = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
      return pixels?.some((value) => value > 0);
    });
  }

  /** Press a key, by its place on the keyboard. */
  async press(key: string): Promise<void> {
    await this.page.keyboard.press(key);
  }

  /** Wait until focus is on the element of this name. */
  async focused(name: string): Promise<void> {
    await this.page.waitForFunction(
      (wanted) => (document.activeElement as HTMLElement | null)?.dataset.testid === wanted,
      name,
    );
  }

  /** Leave a picture of the page in `e2e/out`. */
  async picture(name: string, fullPage = false): Promise<void> {
    await this.page.screenshot({ path: `${OUT}${name}.png`, fullPage });
  }

  /** Check WCAG AA by axe, and that nothing is wider than its place. */
  async usable(): Promise<void> {
    await this.page.evaluate(axe.source);
    const found = await this.page.evaluate(async (tags) => {
      const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(document, {
        runOnly: tags,
      });
      return violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`,
      );
    }, AA);
    expect(found).toEqual([]);
    expect(await this.page.evaluate(tooWide)).toEqual([]);
  }

  /** Return where the parts of the page stand. */
  async places(): Promise<Record<string, string>> {
    return this.page.evaluate(() => {
      const parts = document.querySelectorAll(
        '[data-testid^="panel-"], [data-testid^="figure-"], [data-testid^="marker-"], [data-testid^="queue-"], [data-testid^="site-"]',
      );
      return Object.fromEntries(
        [...parts].map((part) => {
          const { x, y, width, height } = part.getBoundingClientRect();
          const place = [x, y, width, height].map((n) => n.toFixed(1)).join(" ");
          return [(part as HTMLElement).dataset.testid ?? "", place];
        }),
      );
    });
  }

  /** Count the animations that start from now on; return how to read the count. */
  async countingMotion(): Promise<() => Promise<number>> {
    const counter = await this.page.evaluateHandle(() => {
      const started = { n: 0 };
      const count = () => {
        started.n += 1;
      };
      document.addEventListener("animationstart", count);
      document.addEventListener("transitionrun", count);
      return started;
    });
    return () => counter.evaluate((started) => started.n);
  }

  /** Close the page; it must not have failed, nor fetched anything from elsewhere. */
  async close(): Promise<void> {
    await this.page.context().close();
    expect(this.#errors).toEqual([]);
    expect(this.#elsewhere).toEqual([]);
  }
}

/** Return the names of the parts that hold more than their width. */
function tooWide(): string[] {
  const parts = [document.documentElement, ...document.querySelectorAll<HTMLElement>("section")];
  return parts
    .filter((part) => part.scrollWidth > part.clientWidth)
    .map((part) => part.dataset.testid ?? part.tagName);
}
