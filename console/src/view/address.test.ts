import { expect, test } from "vitest";
import { queryOf, viewOf } from "./address";

test("a link shows the same to a colleague", () => {
  const view = { lang: "ru", filter: "карты & счета", site: "moscow" } as const;
  expect(viewOf(queryOf(view), ["en"])).toEqual(view);
});

test("what is not chosen is not in the address", () => {
  expect(queryOf({ lang: "en", filter: "", site: null })).toBe("?lang=en");
});

test("the browser's language counts where the address says none", () => {
  expect(viewOf("", ["be-BY", "en"]).lang).toBe("ru");
  expect(viewOf("", ["de-DE", "en-GB"]).lang).toBe("en");
  expect(viewOf("?lang=xx", ["ru"]).lang).toBe("ru");
  expect(viewOf("", ["ja"]).lang).toBe("en");
});
