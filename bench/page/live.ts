// From a finished chunk to its words on the screen, by one clock: the machine's.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Job, Transcript } from "../../client/index.ts";
import { KEYS, type Running } from "../../test/page/running.ts";
import { ffmpeg } from "../../test/audio/media.ts";
import { visit } from "./visit.ts";

const NOTE = join(import.meta.dirname, "../../local/samples/voice-note.mp3");
const TIMEOUT_MS = 15 * 60_000;

/** When each line was first there, by its number. */
const NOTE_LINES = `globalThis.lineTimes = [];
new MutationObserver(() => {
  const count = document.querySelectorAll(".lines .line").length;
  while (lineTimes.length < count) lineTimes.push(Date.now());
}).observe(document, { childList: true, subtree: true });`;

/** @returns for each chunk, in milliseconds: words follow in order, so that a chunk counts from when all before it are done as well. */
export async function delaysMs(running: Running, minutes: number): Promise<readonly number[]> {
  const folder = await mkdtemp(join(tmpdir(), "darkroom-bench-"));
  try {
    const file = join(folder, "long.mp3");
    await ffmpeg(["-stream_loop", "-1", "-i", NOTE, "-t", String(minutes * 60), "-c", "copy", file]);
    const headers = { authorization: `Bearer ${KEYS.operator}` };
    const uploaded = await fetch(`${running.origin}/v1/uploads?name=long.mp3&reuse=false`, {
      method: "POST",
      headers,
      body: await readFile(file),
    });
    const { id } = await uploaded.json<Job>();
    return await visit(running, async (page) => {
      await page.addInitScript(NOTE_LINES);
      await page.goto(`${running.origin}/jobs/${id}/transcript`);
      await page.getByRole("button", { name: "Export" }).waitFor({ timeout: TIMEOUT_MS });
      const read = async <T>(path: string) => (await fetch(`${running.origin}${path}`, { headers })).json<T>();
      const shown = await page.evaluate<readonly number[]>("lineTimes");
      const { attempts } = await read<Job>(`/v1/jobs/${id}`);
      const { segments } = await read<Transcript>(`/v1/jobs/${id}/transcript`);
      const chunks = attempts
        .flatMap(({ taskId, outcome, startedAt, durationMs }) => {
          const [, startMs, endMs] = /chunk-(\d+)-(\d+)$/.exec(taskId) ?? [];
          if (startMs === undefined || outcome !== "completed" || durationMs === null) return [];
          return [{ startMs: Number(startMs), endMs: Number(endMs), doneAt: Date.parse(startedAt) + durationMs }];
        })
        .toSorted((left, right) => left.startMs - right.startMs);
      let allDoneAt = 0;
      return chunks.flatMap(({ startMs, endMs, doneAt }) => {
        allDoneAt = Math.max(allDoneAt, doneAt);
        const first = segments.findIndex((segment) => segment.startMs >= startMs && segment.startMs < endMs);
        const at = shown[first];
        return at === undefined ? [] : [Math.max(0, at - allDoneAt)];
      });
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}
