import { expect, test } from "vitest";
import { pastedToken, tokenIn } from "./token";

test("the token is read from the fragment", () => {
  expect(tokenIn("#token=a.b-c_d.e")).toBe("a.b-c_d.e");
  expect(tokenIn("#other=1")).toBeNull();
  expect(tokenIn("")).toBeNull();
});

test("a pasted link and a pasted token with a line break are both a token", () => {
  expect(pastedToken("http://127.0.0.1:8104/board/?lang=ru#token=a.b.c")).toBe("a.b.c");
  expect(pastedToken("  a.b\n.c ")).toBe("a.b.c");
  expect(pastedToken("   ")).toBe("");
});
