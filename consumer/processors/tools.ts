// The tools that processors are created with. Each processor names the tools that it takes, and passes the attempt that uses
// them.
import type { JobContents } from "../../shared/db/jobs/contents.ts";
import type { TranscribedChunks } from "../../shared/db/jobs/chunks.ts";
import type { EmbeddedPassages } from "../../shared/search/passage.ts";
import type { Attempt, MediaOf, ModelsOf } from "../runner/attempt.ts";
import type { IsolateMemory } from "../runner/memory-limit.ts";
import type { Deliveries } from "../webhooks/deliveries.ts";
import type { Results } from "./results.ts";
import type { WithSource } from "./source.ts";
import type { WithConverted } from "./converted-picture.ts";
import type { WithWords } from "./given-words.ts";

export interface Tools {
  readonly models: ModelsOf;
  readonly media: MediaOf;
  /** The memory limits of this isolate. */
  readonly memory: IsolateMemory;
  readonly withSource: WithSource;
  readonly withConverted: WithConverted;
  readonly withWords: WithWords;
  readonly results: Results;
  /** The transcripts of a job's chunks, and the gaps of chunks that were given up on. */
  readonly readChunks: (jobId: string) => Promise<TranscribedChunks>;
  /** A job's input and its results so far; null if it is gone. */
  readonly readJobContents: (jobId: string) => Promise<JobContents | null>;
  /** Let search find the attempt's job by these passages instead of earlier ones. */
  readonly storePassages: (attempt: Attempt, of: JobContents, found: EmbeddedPassages) => Promise<void>;
  readonly deliveries: Deliveries;
}
