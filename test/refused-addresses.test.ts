// Requests without a valid key are limited by their address. They do not affect requests with a valid key.
import { expect, test } from "vitest";

import { networkOf } from "../producer/http/limit-failures.ts";
import { MAX_FAILURES_A_MINUTE, MAX_SITE_FAILURES_A_MINUTE } from "../shared/db/keys/failed-authentications.ts";
import { KEYS, startDarkroom } from "./harness.ts";

const darkroom = startDarkroom();

const from = (address: string, path = "/v1/jobs", key: string | null = null) =>
  darkroom.api(path, { key, headers: { "cf-connecting-ip": address } });

/** Wait for a minute that does not end before the test. */
async function beginMinute(neededMs: number): Promise<void> {
  const leftMs = 60_000 - (Date.now() % 60_000);
  if (leftMs < neededMs) await new Promise((resolve) => setTimeout(resolve, leftMs + 100));
}

/** Send all requests that an address may send, or so many of them. */
async function spend(address: string, requests = MAX_FAILURES_A_MINUTE): Promise<void> {
  await beginMinute(10_000);
  const answers = await Promise.all(Array.from({ length: requests }, () => from(address)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401));
}

const countRows = () =>
  darkroom.bindings().DB.prepare("SELECT count(*) AS n FROM failed_authentications").first<number>("n");

test("an address that too often sends no valid key learns when to come back, in the form of each dialect", async () => {
  await spend("192.0.2.1");
  const refused = await from("192.0.2.1");
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(60);
  expect(await refused.json()).toMatchObject({ code: "rate_limited", detail: expect.stringContaining("this address") });
  const openAi = await from("192.0.2.1", "/openai/v1/models");
  expect([openAi.status, await openAi.json()]).toMatchObject([429, { error: { type: "rate_limit_error" } }]);
  expect((await from("192.0.2.1", "/replicate/v1/models")).status).toBe(429);
  // Callers with a valid key at that address, and other addresses, are not limited.
  expect((await from("192.0.2.1", "/v1/jobs", KEYS.operator)).status).toBe(200);
  expect((await from("198.51.100.1")).status).toBe(401);
  expect((await from("192.0.2.1", "/healthz")).status).toBe(200);
});

test("all addresses of an IPv6 network count as one, because a client with one has the others", async () => {
  await spend("2001:db8:1:2::1");
  expect((await from("2001:DB8:1:2:aaaa:bbbb:cccc:dddd")).status).toBe(429);
  expect((await from("2001:db8:1:3::1")).status).toBe(401);
  expect(["2001:db8::1", "2001:0db8:0:0:1::", "::1", "::ffff:192.0.2.1", "192.0.2.1", ""].map(networkOf)).toEqual([
    "2001:db8:0:0",
    "2001:db8:0:0",
    "0:0:0:0",
    "192.0.2.1",
    "192.0.2.1",
    "",
  ]);
});

test("the networks of one IPv6 site have a limit together, which one of them does not use up", async () => {
  await beginMinute(25_000);
  const flood = Array.from({ length: MAX_FAILURES_A_MINUTE + 20 }, () => from("2001:db9:1:1::1"));
  const codes = (await Promise.all(flood)).map(({ status }) => status);
  expect(codes.filter((status) => status === 401)).toHaveLength(MAX_FAILURES_A_MINUTE);
  const { DB } = darkroom.bindings();
  const counts = await DB.prepare("SELECT failures FROM failed_authentications").all();
  expect(counts.results).toEqual([{ failures: MAX_FAILURES_A_MINUTE }, { failures: MAX_FAILURES_A_MINUTE }]);
  // The other networks of the site fail as often as they may, but for one. Nobody can tell which of the rows is the site's, so that
  // both are set; the first network has used up its own already.
  await DB.prepare("UPDATE failed_authentications SET failures = ?1")
    .bind(MAX_SITE_FAILURES_A_MINUTE - MAX_FAILURES_A_MINUTE)
    .run();
  expect((await from("2001:db9:1:2::1")).status).toBe(401);
  await spend("2001:db9:1:3::1", MAX_FAILURES_A_MINUTE - 1);
  expect((await from("2001:db9:1:ffff::1")).status).toBe(429);
  expect((await from("2001:db9:2:1::1")).status).toBe(401);
  expect((await from("2001:db9:1:ffff::1", "/v1/jobs", KEYS.operator)).status).toBe(200);
}, 120_000);

test("requests with a valid key are not counted, and refused ones are in a row that identifies nobody and is deleted later", async () => {
  for (const status of [200, 403, 404]) {
    const path = status === 404 ? "/v1/jobs/none" : "/v1/jobs";
    const { key } = await (await darkroom.post("/v1/keys", { label: "a", scopes: ["admin"] })).json<{ key: string }>();
    expect((await from("192.0.2.7", path, status === 403 ? key : KEYS.operator)).status).toBe(status);
  }
  expect(await countRows()).toBe(0);
  await from("192.0.2.7");
  await from("192.0.2.7", "/v1/jobs", KEYS.revoked);
  const { results } = await darkroom.bindings().DB.prepare("SELECT * FROM failed_authentications").all();
  expect(results).toEqual([{ bucket: expect.any(Number), minute: expect.any(Number), failures: 2 }]);
  expect(results[0]!["bucket"]).toBeLessThan(65_536);
  await darkroom.maintain(new Date(Date.now() + 30 * 60_000));
  expect(await countRows()).toBe(1);
  await darkroom.maintain(new Date(Date.now() + 62 * 60_000));
  expect(await countRows()).toBe(0);
});

test("a stream ends soon after its key was revoked, and its place is free", async () => {
  await darkroom.post("/v1/queues/image_generation/pause", {});
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "a harbour" });
  const body = { label: "follower", scopes: ["jobs:read"] };
  const made = await (await darkroom.post("/v1/keys", body)).json<{ id: string; key: string }>();
  const response = await darkroom.api(`/v1/jobs/${id}/events`, { key: made.key });
  expect((await darkroom.api(`/v1/keys/${made.id}`, { method: "DELETE" })).status).toBe(200);
  const told = await response.text();
  expect(told).toContain("event: state");
  expect(told).not.toContain("event: done");
  const rows = darkroom.bindings().DB.prepare("SELECT count(*) AS n FROM event_streams");
  expect(await rows.first("n")).toBe(0);
}, 60_000);
