import { expect, test } from "vitest";
import { anchored, businessNow, waitedS } from "./businessTime";

const anchor = { businessAt: 1_000_000, machineAt: 500, scale: 60 };

test("business time runs scale times as fast as machine time", () => {
  expect(businessNow(anchor, 1500)).toBe(1_060_000);
});

test("a message that was late on its way does not set the clock back", () => {
  const late = { businessAt: 1_050_000, machineAt: 1500, scale: 60 };
  expect(anchored(anchor, late)).toBe(anchor);
});

test("a message that was quicker than the last sets the clock right", () => {
  const quick = { businessAt: 1_070_000, machineAt: 1500, scale: 60 };
  expect(anchored(anchor, quick)).toBe(quick);
});

test("another log or another scale sets the clock anew", () => {
  const otherLog = { businessAt: 0, machineAt: 1500, scale: 60 };
  const slower = { businessAt: 1_060_000, machineAt: 1500, scale: 1 };
  expect(anchored(anchor, otherLog)).toBe(otherLog);
  expect(anchored(anchor, slower)).toBe(slower);
});

test("a wait is whole seconds of business time and never below zero", () => {
  const since = "2026-03-02T07:42:00Z";
  expect(waitedS(since, Date.parse("2026-03-02T07:43:05.900Z"))).toBe(65);
  expect(waitedS(since, Date.parse("2026-03-02T07:41:00Z"))).toBe(0);
  expect(waitedS(null, 0)).toBeNull();
});
