import { readWhole, readWholeJob } from "../../shared/archive/whole.ts";
import { type Pulse, readNextChunks, readProgress, readPulse } from "../../shared/db/jobs/watch-job.ts";
import { stableReader } from "../transcripts/stable-segments.ts";
import type { Segment } from "../../shared/transcripts/transcript.ts";
import { encodeEventId, type EventCursor, hasProgress, inThisLife, statesOf } from "./event-cursor.ts";
import { jobView } from "./view.ts";
import { readTranscript } from "../transcripts/read-transcript.ts";
import { iso } from "../http/time.ts";
import { leavesTranscript } from "../../shared/kinds/index.ts";

export type JobEvent = { readonly id: string } & (
  | { readonly event: "segment"; readonly data: Segment & { readonly index: number } }
  | { readonly event: "state" | "progress" | "done"; readonly data: unknown }
);

export interface FollowDeps {
  readonly db: D1Database;
  readonly media: R2Bucket;
  /** The origin of this API, for links. */
  readonly origin: string;
  readonly wait: (ms: number) => Promise<void>;
}

/** The wait between two reads: the first one, and the longest. It grows by half while nothing changes. */
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 5000;
/** While a recording is transcribed: a reader has new words within two seconds. */
const MAX_WAIT_FOR_WORDS_MS = 1500;

/** Counting the tasks of a job reads each of them, so a large job is counted less often. */
const PROGRESS_EVERY_MS = 5000;
const PROGRESS_MS_A_TASK = 10;

/**
 * Yield the events of a job after a cursor, until the job has ended. Yields `null` when it has caught up, before each wait. Ends
 * early if the job is pruned.
 */
export async function* followJob(
  job: { readonly id: string; readonly ownerId: string },
  known: EventCursor,
  deps: FollowDeps,
): AsyncGenerator<JobEvent | null, void> {
  let cursor = known;
  const readStable = stableReader();
  let transcribedToMs = 0;
  let segmentsRead = 0;
  let waitMs = FIRST_WAIT_MS;
  let progressInMs = 0;
  const moveTo = (step: Partial<EventCursor>): string => {
    cursor = { ...cursor, ...step };
    return encodeEventId(job.id, cursor);
  };
  const sent = (event: "state" | "progress" | "done", step: Partial<EventCursor>, data: unknown): JobEvent => {
    return { event, id: moveTo(step), data };
  };
  /** @param from the index of the first segment in the transcript. Segments that the client already has are left out. */
  function* segmentEvents(segments: readonly Segment[], from: number): Generator<JobEvent> {
    for (const [offset, segment] of segments.entries()) {
      const index = from + offset;
      if (index >= cursor.segments)
        yield { event: "segment", id: moveTo({ segments: index + 1 }), data: { index, ...segment } };
    }
  }
  function* stateEvents(pulse: Pulse, upTo: number): Generator<JobEvent> {
    for (const { state, at } of statesOf(pulse).slice(cursor.states, upTo)) {
      const endedAt = at === pulse.finalizedAt ? at : 0;
      yield sent("state", { states: cursor.states + 1, endedAt }, { state, at: iso(at) });
    }
  }

  for (;;) {
    const pulse = await readWhole(deps, job, () => readPulse(deps.db, job, transcribedToMs));
    if (pulse === null) return;
    cursor = inThisLife(cursor, pulse);
    const before = cursor;
    const states = statesOf(pulse);
    const hasEnded = pulse.finalizedAt !== null;
    yield* stateEvents(pulse, states.length - Number(hasEnded));
    // A completed transcript is an artifact. Until then its segments come from the chunks.
    const hasMore = pulse.hasNext && pulse.state !== "completed";
    if (hasMore) {
      const chunks = await readNextChunks(deps.db, job.id, transcribedToMs);
      transcribedToMs = chunks.at(-1)?.ownEndMs ?? transcribedToMs;
      const segments = readStable(chunks);
      yield* segmentEvents(segments, segmentsRead);
      segmentsRead += segments.length;
    }
    const detail = hasEnded ? await readWholeJob(deps, job) : null;
    if (detail?.job.state === "completed" && leavesTranscript(pulse.kind)) {
      yield* segmentEvents((await readTranscript(detail, deps)).segments, 0);
    }
    if (progressInMs <= 0 || hasEnded || before.states !== cursor.states) {
      const progress = await readProgress(deps.db, job.id);
      progressInMs = Math.max(PROGRESS_EVERY_MS, progress.tasksTotal * PROGRESS_MS_A_TASK);
      if (!hasProgress(cursor, progress)) {
        const { tasksCompleted, tasksTotal, audioMsDone } = progress;
        yield sent("progress", { tasksCompleted, tasksTotal, audioMsDone: audioMsDone ?? 0 }, progress);
      }
    }
    // Chunks are read a hundred at a time, so there may be more.
    if (hasEnded && !hasMore) {
      yield* stateEvents(pulse, states.length);
      if (detail !== null) yield sent("done", { isDone: true }, jobView(detail, deps.origin));
      return;
    }
    if (hasMore) continue;
    const makesWords = pulse.state === "running" && leavesTranscript(pulse.kind);
    const longestMs = makesWords ? MAX_WAIT_FOR_WORDS_MS : MAX_WAIT_MS;
    waitMs = before === cursor ? Math.min(waitMs * 1.5, longestMs) : FIRST_WAIT_MS;
    yield null;
    await deps.wait(waitMs);
    if (pulse.state === "running") progressInMs -= waitMs;
  }
}
