import type { Context } from "hono";

import { countFailure, secondsToNextMinute } from "../shared/db/failed-authentications.ts";
import { createJournal } from "../shared/journal.ts";
import type { App } from "./app.ts";
import { type Problem } from "./problem.ts";

/** Addresses that this isolate knows to be at their limit: a flood from one of them then costs no call to D1. */
let spent: { until: number; buckets: Set<number> } = { until: 0, buckets: new Set() };

/**
 * Why a request without a valid key is not even told that, or null. Requests with a valid key never come here: they cost nothing
 * more, and others behind the same address go on.
 */
export async function limitFailures(c: Context<App>): Promise<Problem | null> {
  const now = Date.now();
  const bucket = await bucketOf(c.req.header("cf-connecting-ip") ?? "");
  if (spent.until <= now) spent = { until: now + secondsToNextMinute(now) * 1000, buckets: new Set() };
  if (!spent.buckets.has(bucket)) {
    try {
      if (await countFailure(c.env.DB, bucket, now)) return null;
    } catch (error) {
      // A limiter that fails lets through.
      createJournal(c.env.EVENTS).fault({ event: "limit.failed" }, error);
      return null;
    }
    spent.buckets.add(bucket);
  }
  const detail = "Too many requests without a valid key have come from this address within a minute.";
  return { code: "rate_limited", detail, retryAfterSeconds: secondsToNextMinute(now) };
}

/** One of 65,536 for a network, so that no row tells an address: there are as many IPv4 addresses to each. */
async function bucketOf(address: string): Promise<number> {
  const network = new TextEncoder().encode(networkOf(address));
  return new DataView(await crypto.subtle.digest("SHA-256", network)).getUint16(0);
}

/** An IPv4 address; of IPv6 the first 64 bits, as whoever has one address there has all of them. */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const ipv4 = /:((?:\d{1,3}\.){3}\d{1,3})$/.exec(address)?.[1];
  if (ipv4 !== undefined) return ipv4;
  const [head = "", tail] = address.toLowerCase().split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0");
  const groups = tail === undefined ? before : [...before, ...zeros, ...after];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}
