// Types of requests and answers, inferred from the Worker's own schemas and search. Only types: none of the Worker's code is
// bundled.
import type * as z from "zod";

import type * as checks from "../producer/checks/schema.ts";
import type * as budgets from "../producer/budgets/schema.ts";
import type * as jobs from "../producer/jobs/schema.ts";
import type * as letters from "../producer/dead-letters/schema.ts";
import type * as queues from "../producer/queues/schema.ts";
import type * as redrives from "../producer/redrives/schema.ts";
import type * as uploads from "../producer/uploads/schema.ts";
import type * as embeddings from "../producer/embeddings/schema.ts";
import type * as asked from "../producer/ask/schema.ts";
import type * as generated from "../producer/generate/schema.ts";
import type * as search from "../producer/search/schema.ts";
import type * as audioRequests from "../producer/audio/requests.ts";
import type * as audit from "../producer/audit/schema.ts";
import type * as letterRequests from "../producer/dead-letters/requests.ts";
import type { PageQuery as AskedPage } from "../producer/http/page-query.ts";
import type * as transcriptRequests from "../producer/transcripts/requests.ts";
import type * as requests from "../producer/jobs/requests.ts";
import type { BudgetPeriod } from "../shared/cost/budget.ts";
import type { AskedOptions, JobKind } from "../shared/kinds/index.ts";
import type { JobState } from "../shared/jobs/job.ts";
import type { AskedSteps } from "../shared/jobs/steps.ts";
import type { JobTerms } from "../shared/jobs/terms.ts";
import type { EditOperation as EditedOperation } from "../shared/transcripts/edit-operations.ts";
import type { Transcript } from "../shared/transcripts/transcript.ts";
import type { JobMarks } from "../shared/jobs/tags-and-metadata.ts";

export type { BudgetPeriod, JobKind, JobState, Transcript };

/** A query as a program writes it: a field that the Worker parses from text may be a number here. */
type Query<Schema extends z.ZodType> = {
  readonly [Name in keyof z.input<Schema> as string extends Name ? never : Name]: unknown extends z.input<Schema>[Name]
    ? number
    : z.input<Schema>[Name];
};

/** Tags and metadata that a client attaches to a job to find it by. */
export type Marks = z.input<typeof JobMarks>;

export type JobRequest = z.input<typeof requests.JobRequest> & Marks;
/** A job must have every tag and every pair of metadata. */
export type JobQuery = Omit<Query<typeof requests.JobQuery>, "tag"> & {
  readonly tag?: string | readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
};
export type DeadLetterQuery = Omit<Query<typeof letterRequests.DeadLetterQuery>, "view">;
export type PageQuery = Query<typeof AskedPage>;
export type AuditQuery = Query<typeof audit.AuditQuery>;
/** A part of a recording. `fromMs` defaults to 0; without `toMs`, the answer holds as much as one answer may. */
export type AudioQuery = Query<typeof audioRequests.AudioQuery>;
export type CaptionQuery = Omit<Query<typeof transcriptRequests.TranscriptQuery>, "format">;
/** A change of a transcript's words or of their speaker. */
export type EditOperation = z.input<typeof EditedOperation>;
/** Where to search. The words are given separately. */
export type SearchQuery = Omit<Query<typeof search.SearchQuery>, "q">;
export type BudgetRequest = z.input<typeof budgets.BudgetRequest>;
export type PauseRequest = z.input<typeof queues.PauseRequest>;
export type RedriveOneRequest = z.input<typeof letterRequests.RedriveOneRequest>;
export type DiscardRequest = z.input<typeof letterRequests.DiscardRequest>;
export type RedriveRequest = z.input<typeof redrives.RedriveRequest>;

/** The job that an upload becomes, and its terms. */
export type UploadRequest = z.input<typeof JobTerms> &
  Marks & {
    /** The file's name. Its extension may decide the kind of job. */
    readonly name?: string;
    readonly kind?: JobKind;
    readonly options?: AskedOptions;
    readonly then?: z.input<typeof AskedSteps>;
  };

export type Job = jobs.Job;
/** A chunk of a recording, and its state. */
export type Chunk = jobs.Chunk;
export type JobSummary = jobs.JobSummary;
export type DeadLetterGroup = letters.LetterGroup;
export type DeadLetter = letters.DeadLetter;
export type DeadLetterDetail = letters.DeadLetterDetail;
export type Redrive = redrives.Redrive;
export type Budget = budgets.Budget;
export type AuditEntry = audit.AuditEntry;
export type KindLoad = queues.KindLoad;
export type SearchHit = search.SearchHit;
export type SearchAnswer = search.SearchAnswer;
export type EmbeddingAnswer = embeddings.EmbeddingAnswer;
export type AskRequest = z.input<typeof asked.AskRequest>;
export type AskStart = asked.AskStart;
/** Some text of a streamed answer. */
export type AnswerText = generated.AnswerText;
/** What an answer cost. */
export type AnswerUsage = generated.AnswerUsage;
/** Why the model stopped. */
export type AnswerDone = generated.AnswerDone;
/** A prompt with its options. */
export type GenerateRequest = z.input<typeof generated.GenerateRequest>;
/** The model of a generated text, why it was chosen, and what it was not given. */
export type GenerateStart = generated.GenerateStart;
export type GenerateAnswer = generated.GenerateAnswer;
export type AskAnswer = asked.AskAnswer;
export type SeenUpload = uploads.Upload;

export type Load = queues.Load;
export type Throughput = queues.JobThroughput;
export type ThroughputQuery = Query<typeof queues.ThroughputQuery>;
/** Something that the deployment lacks. */
export type DeploymentCheck = checks.Check;

/** What a redrive of many dead letters would do. */
export type DryRun = redrives.DryRun;
