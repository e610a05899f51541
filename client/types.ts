// What is sent and answered, inferred from what the Worker validates with and answers with. Types alone: nothing of the
// Worker's code comes with them.
import type * as z from "zod";

import type { budgetView } from "../producer/budgets/view.ts";
import type { jobSummary, jobView } from "../producer/jobs/view.ts";
import type { auditView, groupView, letterDetailView, letterView } from "../producer/dead-letters/view.ts";
import type { kindView, loadView } from "../producer/queues/view.ts";
import type { queueView } from "../producer/queues/queue-metrics.ts";
import type { redriveView } from "../producer/redrives/view.ts";
import type { SearchQuery as SearchRequest } from "../producer/search/requests.ts";
import type * as asked from "../producer/ask/schema.ts";
import type * as views from "../producer/search/schema.ts";
import type * as ownerRequests from "../producer/keys/requests.ts";
import type * as requests from "../producer/jobs/requests.ts";
import type { sampleMatching } from "../shared/db/redrives/redrives.ts";
import type { listUploads } from "../shared/db/jobs/reads.ts";
import type { BudgetPeriod } from "../shared/cost/budget-period.ts";
import type { JobKind, JobState } from "../shared/jobs/job.ts";
import type * as options from "../shared/jobs/options.ts";
import type { AskedSteps } from "../shared/jobs/steps.ts";
import type { JobTerms } from "../shared/jobs/terms.ts";
import type { Transcript } from "../shared/transcripts/transcript.ts";
import type { Marks } from "./contract.ts";

export type { BudgetPeriod, JobKind, JobState, Transcript };

/** A query's fields as a program gives them: what is read from text on the other side is a number here. */
type Query<Schema extends z.ZodType> = {
  readonly [Name in keyof z.input<Schema> as string extends Name ? never : Name]: unknown extends z.input<Schema>[Name]
    ? number
    : z.input<Schema>[Name];
};

export type JobRequest = z.input<typeof requests.JobRequest> & Marks;
/** A job must carry every tag and every pair of metadata. */
export type JobQuery = Omit<Query<typeof requests.JobQuery>, "tag"> & {
  readonly tag?: string | readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
};
export type DeadLetterQuery = Omit<Query<typeof requests.DeadLetterQuery>, "view">;
export type PageQuery = Query<typeof requests.PageQuery>;
export type AuditQuery = Query<typeof requests.AuditQuery>;
export type CaptionQuery = Omit<Query<typeof requests.TranscriptQuery>, "format">;
/** Where to look, beside what for. */
export type SearchQuery = Omit<Query<typeof SearchRequest>, "q">;
export type BudgetRequest = z.input<typeof ownerRequests.BudgetRequest>;
export type PauseRequest = z.input<typeof requests.PauseRequest>;
export type RedriveOneRequest = z.input<typeof requests.RedriveOneRequest>;
export type DiscardRequest = z.input<typeof requests.DiscardRequest>;
export type RedriveRequest = z.input<typeof requests.RedriveRequest>;

/** What an upload becomes, and on what terms. */
export type UploadRequest = z.input<typeof JobTerms> &
  Marks & {
    /** The file's name; what it ends with may decide its kind. */
    readonly name?: string;
    readonly kind?: JobKind;
    readonly options?: z.input<(typeof options.optionsOf)[JobKind]>;
    readonly then?: z.input<typeof AskedSteps>;
  };

export type Job = ReturnType<typeof jobView>;
export type JobSummary = ReturnType<typeof jobSummary>;
export type DeadLetterGroup = ReturnType<typeof groupView>;
export type DeadLetter = ReturnType<typeof letterView>;
export type DeadLetterDetail = ReturnType<typeof letterDetailView>;
export type Redrive = ReturnType<typeof redriveView>;
export type Budget = ReturnType<typeof budgetView>;
export type AuditEntry = ReturnType<typeof auditView>;
export type KindLoad = ReturnType<typeof kindView>;
export type SearchHit = views.SearchHit;
export type SearchAnswer = views.SearchAnswer;
export type AskRequest = z.input<typeof requests.AskRequest>;
export type AskStart = asked.AskStart;
export type AskText = asked.AskText;
export type AskUsage = asked.AskUsage;
export type AskAnswer = asked.AskAnswer;
export type SeenUpload = Answered<Awaited<ReturnType<typeof listUploads>>[number]>;

export type Load = ReturnType<typeof loadView> & {
  readonly scope: "all" | "own";
  readonly jobsCounted: number | null;
  readonly queues: readonly Awaited<ReturnType<typeof queueView>>[] | null;
};

/** What a redrive of many would do. */
export interface DryRun {
  readonly dryRun: true;
  readonly matched: number;
  readonly overLimit: number;
  readonly heldByOthers: number;
  readonly lastsSeconds: number;
  readonly sample: readonly (Answered<Awaited<ReturnType<typeof sampleMatching>>[number]> & { readonly url: string })[];
}

/** A row as it is answered: its time is ISO 8601. */
type Answered<Row> = Omit<Row, "createdAt"> & { readonly createdAt: string };
