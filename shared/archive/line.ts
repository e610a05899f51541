// The line of an archived job: one line of JSON.
import * as z from "zod";

/** Where the line of a job is. */
export interface LinePlace {
  /** The object. */
  readonly archiveId: string;
  readonly offset: number;
  readonly bytes: number;
  /** The key that opens the line. */
  readonly secret: string;
}

/** What a line says about its job. */
export interface LineContents {
  /** JSON: the columns of the job's rows (shared/db/archive/contents.ts). */
  readonly head: string;
  /** Each as JSON. */
  readonly chunks: readonly string[];
  /** The row of an archived job has only its beginning. Null if the row has all of it. */
  readonly fingerprint: string | null;
}

/** Raised when the meaning of a line changes. A line of another format is not read. */
export const FORMAT = 1;

const Line = z.object({
  format: z.literal(FORMAT),
  job: z.string(),
  /** What the job consists of: the columns of its rows. */
  contents: z.object({ input: z.string() }).loose(),
  fingerprint: z.string().nullable().default(null), // earlier lines do not have it
  /** The parts of a long recording that were transcribed. */
  chunks: z.array(z.record(z.string(), z.unknown())),
});

/** Write the line of a job. */
export function writeLine(jobId: string, { head, chunks, fingerprint }: LineContents): string {
  const about = `"format":${FORMAT},"job":${JSON.stringify(jobId)},"fingerprint":${JSON.stringify(fingerprint)}`;
  return `{${about},"contents":${head},"chunks":[${chunks.join(",")}]}\n`;
}

/** Read the line of a job. @throws if it is not the line of this job. */
export function readLine(jobId: string, text: string): LineContents {
  const line = Line.parse(JSON.parse(text));
  if (line.job !== jobId) throw new Error(`the archive has job '${line.job}' where job '${jobId}' should be`);
  const { contents, chunks, fingerprint } = line;
  return { head: JSON.stringify(contents), chunks: chunks.map((chunk) => JSON.stringify(chunk)), fingerprint };
}
