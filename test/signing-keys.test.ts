// The key that signs links is created automatically, and an operator can change it while links are in use.
import { beforeEach, expect, test } from "vitest";

import { readSigningKeys } from "../shared/db/keys/signing-keys.ts";
import { artifactUrl } from "../shared/uploads/signed-url.ts";
import { isOurLink, signingKey } from "../shared/keys/signing-keys.ts";
import { startDarkroom } from "./harness.ts";

const MINUTE_MS = 60_000;
const darkroom = startDarkroom();

beforeEach(async () => {
  await darkroom.bindings().DB.prepare("DELETE FROM signing_keys").run();
});

/** Return the database of another isolate, which remembers nothing yet, and the number of its queries. */
function isolate() {
  const real = darkroom.bindings().DB;
  let asked = 0;
  const prepare = (sql: string) => {
    asked += 1;
    return real.prepare(sql);
  };
  return { db: { prepare, batch: real.batch.bind(real) } as unknown as D1Database, asked: () => asked };
}

async function link(db: D1Database, now: number): Promise<URL> {
  const by = { origin: "https://darkroom.test", key: await signingKey(db, now), now };
  return new URL(await artifactUrl({ jobId: "job_1", name: "image.jpg" }, by));
}

async function retire(now: number): Promise<void> {
  const retiring = darkroom.bindings().DB.prepare("UPDATE signing_keys SET retired_at = ?1 WHERE retired_at IS NULL");
  await retiring.bind(now).run();
}

test("twenty requests that need the first key at the same moment create one", async () => {
  const { DB } = darkroom.bindings();
  const found = await Promise.all(
    Array.from({ length: 20 }, () => readSigningKeys(DB, { now: Date.now(), honouredMs: MINUTE_MS })),
  );
  expect(new Set(found.flatMap((keys) => keys.map(({ secret }) => secret))).size).toBe(1);
  expect(found[0]![0]!.secret).toMatch(/^[0-9a-f]{64}$/);
});

test("an isolate asks the database once a minute, however many links it signs and opens", async () => {
  const { db, asked } = isolate();
  const now = Date.now();
  const signed = await link(db, now);
  const first = asked();
  for (let index = 0; index < 50; index += 1) expect(await isOurLink(signed, db, now + index * 1000)).toBe(true);
  expect(asked()).toBe(first);
  expect(await isOurLink(signed, db, now + 2 * MINUTE_MS)).toBe(true);
  expect(asked()).toBe(first + 1);
});

test("a retired key opens its links to their end, and signs no new ones", async () => {
  const [ours, other] = [isolate(), isolate()];
  const now = Date.now();
  const old = await link(ours.db, now);
  const before = await signingKey(ours.db, now);
  await retire(now + 1);
  // It is remembered for one minute.
  const late = await link(ours.db, now + 0.9 * MINUTE_MS);
  expect(await signingKey(ours.db, now + 1.1 * MINUTE_MS)).not.toBe(before);
  const fresh = await link(ours.db, now + 1.2 * MINUTE_MS);
  for (const one of [old, late, fresh]) expect(await isOurLink(one, other.db, now + 59 * MINUTE_MS)).toBe(true);
  expect(await isOurLink(late, isolate().db, now + 60.5 * MINUTE_MS)).toBe(true);
  for (const one of [old, late]) expect(await isOurLink(one, isolate().db, now + 61 * MINUTE_MS)).toBe(false);
  const forged = new URL(fresh);
  forged.pathname = "/signed/jobs/job_2/artifacts/image.jpg";
  expect(await isOurLink(forged, other.db, now + 2 * MINUTE_MS)).toBe(false);
});

test("a link signed with a key that another isolate has just created opens at once", async () => {
  const { id } = await darkroom.submit({ kind: "classification", text: "good" });
  await darkroom.untilJob(id);
  const { DB } = darkroom.bindings();
  const open = async (url: URL) => (await darkroom.api(url.pathname + url.search, { key: null })).status;
  const signed = async (db: D1Database) => {
    const by = { origin: "https://darkroom.test", key: await signingKey(db, Date.now()), now: Date.now() };
    return new URL(await artifactUrl({ jobId: id, name: "labels.json" }, by));
  };
  const first = await signed(isolate().db);
  expect(await open(first)).toBe(200);
  await DB.prepare("DELETE FROM signing_keys").run();
  const second = await signed(isolate().db);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  expect(await open(second)).toBe(200);
  // The first key is deleted, not retired. In this way an operator ends all links at once.
  expect(await open(first)).toBe(401);
});
