import { expect, test } from "vitest";
import { en } from "./en";
import { duration, formatsOf, span } from "./format";
import { ru } from "./ru";

/** Return each text of a catalogue with the values it takes, by its path. */
function texts(node: object, path = ""): Map<string, string> {
  return new Map(
    Object.entries(node).flatMap(([key, value]) =>
      typeof value === "string"
        ? [[`${path}${key}`, value] as const]
        : [...texts(value as object, `${path}${key}.`)],
    ),
  );
}

const values = (text: string) => (text.match(/\{\{\w+\}\}/g) ?? []).toSorted();

test("both languages say the same things with the same values", () => {
  const [english, russian] = [texts(en), texts(ru)];
  expect([...russian.keys()]).toEqual([...english.keys()]);
  for (const [key, text] of english) {
    expect(values(russian.get(key) ?? ""), key).toEqual(values(text));
  }
});

test("no text is empty", () => {
  for (const text of [...texts(en).values(), ...texts(ru).values()]) expect(text).toBeTruthy();
});

test("the clock shows the operator's time, with seconds where they can be read", () => {
  const at = Date.parse("2026-03-02T07:05:09Z");
  expect(formatsOf("en").clock(at, 1)).toBe("10:05:09");
  expect(formatsOf("ru").clock(at, 60)).toBe("10:05");
});

test("numbers are written as each language writes them", () => {
  expect(formatsOf("en").count(1472)).toBe("1,472");
  expect(formatsOf("ru").count(12472)).toBe("12\u00a0472");
  expect(formatsOf("ru").rate(8.64)).toBe("8,6");
  expect(formatsOf("en").rate(14.3)).toBe("14");
  expect(formatsOf("en").percent(0.834)).toBe("83");
});

test("a share is never rounded up to a whole it has not reached", () => {
  expect(formatsOf("en").percent(0.999)).toBe("99");
  expect(formatsOf("en").percent(0.29)).toBe("29");
  expect(formatsOf("en").percent(1)).toBe("100");
});

test("a wait reads as minutes and seconds, a long one with hours", () => {
  expect(duration(5)).toBe("0:05");
  expect(duration(125)).toBe("2:05");
  expect(duration(2146.6)).toBe("35:46");
  expect(duration(59.7)).toBe("0:59");
  expect(duration(3725)).toBe("1:02:05");
});

test("an age reads in the largest unit that is not below one", () => {
  expect(span(59.9)).toEqual({ n: 59, unit: "s" });
  expect(span(60)).toEqual({ n: 1, unit: "min" });
  expect(span(7300)).toEqual({ n: 2, unit: "h" });
});
