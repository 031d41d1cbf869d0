import { expect, test } from "vitest";
import { shortcutOf } from "./shortcuts";

function pressed(key: string, code = "", held: Partial<KeyboardEvent> = {}) {
  return { key, code, ctrlKey: false, metaKey: false, altKey: false, ...held };
}

test.each([
  ["?", "Slash", "help"],
  ["l", "KeyL", "language"],
  ["/", "Slash", "filter"],
  ["Escape", "Escape", "clear"],
  ["2", "Digit2", "site-2"],
])("%s does what the list says", (key, code, shortcut) => {
  expect(shortcutOf(pressed(key, code))).toBe(shortcut);
});

test.each([
  [",", "Slash", "help"],
  [".", "Slash", "filter"],
  ["д", "KeyL", "language"],
])("the same place of the keyboard works under a Russian layout: %s", (key, code, shortcut) => {
  expect(shortcutOf(pressed(key, code))).toBe(shortcut);
});

test("keys of the browser are left alone", () => {
  expect(shortcutOf(pressed("l", "KeyL", { ctrlKey: true }))).toBeNull();
  expect(shortcutOf(pressed("."))).toBeNull();
  expect(shortcutOf(pressed("x", "KeyX"))).toBeNull();
});
