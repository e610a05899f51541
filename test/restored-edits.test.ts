// The database is restored to a moment before people edited a transcript. Their edits come back.
import { expect, test } from "vitest";

import { createClient } from "../client/index.ts";
import { KEYS, startDarkroom } from "./harness.ts";
import { speech } from "./speech.ts";
import { setBack, takeBookmark } from "./time-travel.ts";

const darkroom = startDarkroom();
const MINUTE_MS = 60_000;
const jobs = () => createClient({ baseUrl: darkroom.origin(), key: KEYS.operator }).jobs;

let now = Date.now();
async function maintain(afterMs: number): Promise<void> {
  now += afterMs;
  await darkroom.maintain(new Date(now));
}

async function transcribed(words: string): Promise<string> {
  const { id } = await darkroom.upload({ name: "a.wav", reuse: "false" }, speech(words));
  expect((await darkroom.untilJob(id)).state).toBe("completed");
  return id;
}

async function edit(id: string, text: string): Promise<void> {
  const { transcript, etag } = await jobs().version(id);
  const word = transcript.segments[0]!.words.length - 1;
  await jobs().edit(id, etag!, [{ op: "replace", segment: 0, word, words: [{ text }] }]);
}

test("versions that were stored since come back in their order, and those of a deleted job do not", async () => {
  const { DB, MEDIA } = darkroom.bindings();
  const [kept, deleted] = [await transcribed("zero one"), await transcribed("two three")];
  await edit(kept, "before");
  await maintain(0);
  const then = await takeBookmark(DB);
  for (const text of ["first", "second"]) await edit(kept, text);
  await edit(deleted, "gone");
  const before = await jobs().history(kept);
  const latest = await jobs().version(kept);
  await jobs().delete(deleted);

  await maintain(2 * MINUTE_MS);
  await setBack(DB, then);
  expect((await jobs().version(kept)).transcript.text).toBe("zero before");
  await maintain(MINUTE_MS);
  expect(await jobs().history(kept)).toEqual(before);
  expect(await jobs().version(kept)).toEqual(latest);
  expect(latest.transcript.text).toBe("zero second");
  const rows = await DB.prepare("SELECT DISTINCT job_id AS id FROM transcript_versions").all<{ id: string }>();
  expect(rows.results).toEqual([{ id: kept }]);
  // Editing then continues as usual.
  await edit(kept, "third");
  expect((await jobs().version(kept)).version).toBe(4);
  // After a month, nothing is kept for a restore.
  expect((await MEDIA.list({ prefix: "system/edited/" })).objects.length).toBe(5);
  await maintain(40 * 24 * 60 * MINUTE_MS);
  expect((await MEDIA.list({ prefix: "system/edited/" })).objects).toEqual([]);
});
