// Reads the results of many jobs as the entries of a zip. A few are read at a time, in order, so they are never all in memory.
import { DarkroomError, type JobSummary, type Page } from "../../client/index.ts";
import { isMissing, sentenceOf } from "../api/queries.ts";
import { api } from "../api/session.ts";
import { type Format, readAs } from "../transcript/formats.ts";
import { fileNameOf, uniqueNames, withoutEnding } from "../ui/file-name.ts";
import { STATE_NAMES } from "../ui/format.ts";
import { patiently } from "./patiently.ts";
import { requestOf } from "./list-query.ts";
import type { Chosen } from "./selection.ts";

export type Wanted = Format | "pictures";

export interface ZipEntry {
  readonly name: string;
  readonly input: string | Uint8Array<ArrayBuffer>;
  readonly lastModified: Date;
}

/** A job that has no file in the zip, and why. */
export interface LeftOut {
  readonly id: string;
  readonly title: string;
  readonly why: string;
}

export interface ExportProgress {
  readonly jobs: number;
  /** Null if the number of matching jobs is not known. */
  readonly total: number | null;
  readonly files: number;
  readonly leftOut: readonly LeftOut[];
  /** Whether the export waits for the connection or for a valid key. */
  readonly isWaiting: boolean;
}

interface Options {
  readonly wanted: Wanted;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ExportProgress) => void;
}

interface Result {
  readonly ending: string;
  readonly input: ZipEntry["input"];
}
type Read = { readonly job: JobSummary } & ({ readonly results: readonly Result[] } | { readonly why: string });

const AT_ONCE = 4;
const PAGE_JOBS = 100;
const LIST_NAME = "not exported";

/** Yield the entries of the zip. The last one lists the jobs that have no file. If no job has a file, there is no entry at all. */
export async function* entriesOf(chosen: Chosen, options: Options): AsyncGenerator<ZipEntry> {
  const { wanted, signal, onProgress } = options;
  let progress: ExportProgress = {
    jobs: 0,
    total: chosen.type === "some" ? chosen.jobs.length : null,
    files: 0,
    leftOut: [],
    isWaiting: false,
  };
  const tell = (change: Partial<ExportProgress>) => onProgress((progress = { ...progress, ...change }));
  const patience = { signal, onWaiting: (isWaiting: boolean) => tell({ isWaiting }) };
  const nameOnce = uniqueNames();
  // Reserve this name, so that no job's file gets it.
  const listName = nameOnce(LIST_NAME, "txt");
  const reading: Promise<Read>[] = [];
  async function* take(until: number): AsyncGenerator<ZipEntry> {
    while (reading.length > until) {
      const read = await reading.shift();
      if (read === undefined) return;
      const { job } = read;
      const lastModified = new Date(job.finishedAt ?? job.createdAt);
      const results = "results" in read ? read.results : [];
      for (const { ending, input } of results) {
        yield { name: nameOnce(fileNameOf(withoutEnding(job.title), job.id), ending), input, lastModified };
      }
      const leftOut = "why" in read ? [{ id: job.id, title: job.title, why: read.why }] : [];
      tell({
        jobs: progress.jobs + 1,
        files: progress.files + results.length,
        leftOut: [...progress.leftOut, ...leftOut],
      });
    }
  }
  for await (const job of jobsOf(chosen, patience)) {
    reading.push(readResults(job, wanted, patience));
    yield* take(AT_ONCE - 1);
  }
  yield* take(0);
  const { leftOut, files, jobs } = progress;
  if (leftOut.length > 0 && files > 0) {
    yield { name: listName, input: listOf(leftOut, jobs), lastModified: new Date() };
  }
}

type Patience = Parameters<typeof patiently>[1];

async function* jobsOf(chosen: Chosen, patience: Patience): AsyncGenerator<JobSummary> {
  if (chosen.type === "some") {
    yield* chosen.jobs;
    return;
  }
  let cursor: string | null = null;
  do {
    const query = { ...requestOf(chosen.filter), limit: PAGE_JOBS, ...(cursor !== null && { cursor }) };
    const page: Page<JobSummary> = await patiently(
      async () => api().jobs.list(query, { signal: patience.signal }).page(),
      patience,
    );
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

/** Read the results of a job, or return why there are none. Throws only if the export is stopped. */
async function readResults(job: JobSummary, wanted: Wanted, patience: Patience): Promise<Read> {
  const why = whyNothing(job, wanted);
  if (why !== null) return { job, why };
  try {
    const results = await patiently(
      async () =>
        wanted === "pictures" ? readPictures(job, patience.signal) : readWords(job, wanted, patience.signal),
      patience,
    );
    return results.length === 0 ? { job, why: "It has no picture." } : { job, results };
  } catch (error) {
    patience.signal.throwIfAborted();
    if (isMissing(error)) return { job, why: "It was deleted during the export." };
    return { job, why: error instanceof DarkroomError ? sentenceOf(error) : "It could not be read." };
  }
}

function whyNothing({ kind, state, error }: JobSummary, wanted: Wanted): string | null {
  if (kind !== (wanted === "pictures" ? "image_generation" : "transcription"))
    return wanted === "pictures" ? "It has no picture." : "It has no transcript.";
  if (state === "completed") return null;
  if (state === "failed") return `It failed: ${error?.message ?? error?.code ?? "the reason is not known"}`;
  return `It is ${STATE_NAMES[state].toLowerCase()}.`;
}

async function readWords({ id, title }: JobSummary, format: Format, signal: AbortSignal): Promise<readonly Result[]> {
  return [{ ending: format, input: await readAs(format, { id, title: withoutEnding(title) || id }, {}, { signal }) }];
}

async function readPictures({ id }: JobSummary, signal: AbortSignal): Promise<readonly Result[]> {
  const { artifacts } = await api().jobs.get(id, { signal });
  const results: Result[] = [];
  for (const { name, contentType } of artifacts) {
    if (!contentType.startsWith("image/")) continue;
    const { stream } = await api().jobs.download(id, name, { signal });
    const ending = /\.([a-z0-9]{1,5})$/u.exec(name)?.[1] ?? "bin";
    results.push({ ending, input: new Uint8Array(await new Response(stream).arrayBuffer()) });
  }
  return results;
}

function listOf(leftOut: readonly LeftOut[], jobs: number): string {
  const lines = leftOut.map(({ id, title, why }) => `${fileNameOf(title, id)} (${id}): ${why}`);
  return `${leftOut.length} of ${jobs} jobs have no file here.\n\n${lines.join("\n")}\n`;
}
