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
import { sha256 } from "../../shared/hash.ts";

/** The number of buckets of networks. The buckets of sites are numbered after them. */
const BUCKETS = 65_536;

/** Buckets that this isolate knows to be full. It refuses their requests without a call to D1. */
let spent: { until: number; buckets: Set<number> } = { until: 0, buckets: new Set() };

/**
 * Count a request without a valid key. Requests with a valid key are not counted: they cost nothing more, and they still work when
 * another client at the same address is limited.
 * @returns the problem if the address has sent too many; null otherwise.
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
      // If the limiter fails, the request is not limited.
      createJournal(c.env).fault({ event: "limit.failed" }, error);
      return null;
    }
  }
  const detail =
    "Too many requests without a valid key have come from this address within a minute. Wait before you send more.";
  return { code: "rate_limited", detail, retryAfterSeconds: secondsToNextMinute(now) };
}

/** The bucket of the address's network. An IPv6 address also counts for its site, which has 65,536 networks. */
async function bucketsOf(address: string): Promise<readonly FailureBucket[]> {
  const network = networkOf(address);
  const buckets = [{ bucket: await bucketOf(network), limit: MAX_FAILURES_A_MINUTE }];
  if (!network.includes(":")) return buckets;
  const site = network.split(":").slice(0, 3).join(":");
  return [...buckets, { bucket: BUCKETS + (await bucketOf(site)), limit: MAX_SITE_FAILURES_A_MINUTE }];
}

/** One of `BUCKETS`. A row does not reveal an address, because 65,536 IPv4 addresses share each bucket. */
async function bucketOf(network: string): Promise<number> {
  const [high = 0, low = 0] = await sha256(network);
  return high * 256 + low;
}

/** An IPv4 address, or the first 64 bits of an IPv6 address: a client that has one address there has all of them. */
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
