import type { Context } from "hono";

import {
  countFailure,
  type FailureBucket,
  MAX_FAILURES_A_MINUTE,
  MAX_SITE_FAILURES_A_MINUTE,
  secondsToNextMinute,
} from "../../shared/db/keys/failed-authentications.ts";
import { createJournal } from "../../shared/jobs/journal.ts";
import type { App } from "./app.ts";
import { type Problem } from "./problem.ts";

/** A site's buckets come behind those of the networks. */
const BUCKETS = 65_536;

/** Buckets that this isolate knows to be full: requests that count for them are then refused without a call to D1. */
let spent: { until: number; buckets: Set<number> } = { until: 0, buckets: new Set() };

/**
 * Why a request without a valid key is not even told that, or null. Requests with a valid key never come here: they cost nothing
 * more, and others behind the same address go on.
 */
export async function limitFailures(c: Context<App>): Promise<Problem | null> {
  const now = Date.now();
  const buckets = await bucketsOf(c.req.header("cf-connecting-ip") ?? "");
  if (spent.until <= now) spent = { until: now + secondsToNextMinute(now) * 1000, buckets: new Set() };
  // The minute may be over when D1 answers.
  const known = spent.buckets;
  if (!buckets.some(({ bucket }) => known.has(bucket))) {
    try {
      const { isCounted, full } = await countFailure(c.env.DB, buckets, now);
      for (const bucket of full) known.add(bucket);
      if (isCounted) return null;
    } catch (error) {
      // A limiter that fails lets through.
      createJournal(c.env.EVENTS).fault({ event: "limit.failed" }, error);
      return null;
    }
  }
  const detail = "Too many requests without a valid key have come from this address within a minute.";
  return { code: "rate_limited", detail, retryAfterSeconds: secondsToNextMinute(now) };
}

/** Of the address's network and, of IPv6, of the site that it is one of 65,536 networks of. */
async function bucketsOf(address: string): Promise<readonly FailureBucket[]> {
  const network = networkOf(address);
  const buckets = [{ bucket: await bucketOf(network), limit: MAX_FAILURES_A_MINUTE }];
  if (!network.includes(":")) return buckets;
  const site = network.split(":").slice(0, 3).join(":");
  return [...buckets, { bucket: BUCKETS + (await bucketOf(site)), limit: MAX_SITE_FAILURES_A_MINUTE }];
}

/** One of `BUCKETS`, so that no row tells an address: there are as many IPv4 addresses to each. */
async function bucketOf(network: string): Promise<number> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(network));
  return new DataView(hash).getUint16(0);
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
