// What the checks of one run share: a client, the jobs submitted, and how to submit a job so that it can be found and deleted.
import { createClient, DarkroomError, type Job } from "../client/index.ts";
import { hasEnded } from "../client/wait.ts";
import { Failure, type Seen, type Smoke, type SmokeOptions, type Waits, type Fetch } from "./check.ts";
import { allowanceOf, type Prices } from "./prices.ts";

/** Every job of every run has this tag, in addition to the run's own. */
export const TAG = "darkroom-smoke";
/** The tag of one run, which is also the description of its webhook endpoints. */
export const RUN_ID = /^smoke[a-z]{10}$/;

export const WAITS: Waits = { jobMs: 300_000, notificationMs: 60_000, indexMs: 120_000, deliveryMs: 60_000 };

const FIRST_POLL_MS = 250;
/** The pauses grow up to this, because each search costs a little. */
const LONGEST_POLL_MS = 5000;

export function createSmoke(options: SmokeOptions, prices: Prices): Smoke {
  const { baseUrl, key, media, waits, signal } = options;
  const runId = newRunId();
  const stoppable: Fetch = (url, init) =>
    options.fetch(url, { ...init, signal: init.signal ? AbortSignal.any([init.signal, signal]) : signal });
  const client = createClient({ baseUrl, key, fetch: stoppable });
  const seen: Seen = { jobs: new Map(), uploads: new Set(), answers: [], searchNeurons: 0 };

  const smoke: Smoke = {
    ...without(options),
    fetch: stoppable,
    runId,
    client,
    seen,
    termsOf(work) {
      const estimate = prices.estimateOf.get(work);
      if (estimate === undefined) throw new Error("a check submits a job that it has not declared");
      return { tags: [TAG, runId], reuse: false, maxNeurons: allowanceOf(work, estimate) };
    },
    submit(work) {
      const terms = smoke.termsOf(work);
      return work.via === "upload"
        ? client.uploads.put(work.file(media), { ...work.request, ...terms })
        : client.jobs.submit({ ...work.request(media), ...terms });
    },
    async complete(work) {
      const job = await smoke.end((await smoke.submit(work)).id);
      if (job.state !== "completed") throw jobFailure(job);
      return job;
    },
    async end(id) {
      try {
        await client.jobs.wait(id, { timeoutMs: waits.jobMs, signal });
      } catch (error) {
        if (!(error instanceof DarkroomError) || error.code !== "wait_timeout") throw error;
      }
      const job = await client.jobs.get(id);
      seen.jobs.set(id, job);
      if (!hasEnded(job)) throw unfinished(job, waits.jobMs);
      return job;
    },
    async announce(work, { method, tag }) {
      const file = work.file(media);
      const terms = smoke.termsOf(work);
      const tags = tag === undefined ? terms.tags : [...terms.tags, tag];
      const { size: sizeBytes, type: contentType } = file;
      const ticket = await client.uploads.create({ ...work.request, ...terms, tags, sizeBytes, contentType, method });
      seen.uploads.add(ticket.id);
      return ticket;
    },
    async until(read, timeoutMs) {
      const end = Date.now() + timeoutMs;
      for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(pollMs * 1.3, LONGEST_POLL_MS)) {
        const found = await read();
        if (found !== null) return found;
        if (Date.now() > end) return null;
        await pause(Math.min(pollMs, timeoutMs / 10), signal);
      }
    },
  };
  return smoke;
}

function without({ key: _key, ...rest }: SmokeOptions): Omit<SmokeOptions, "key"> {
  return rest;
}

function newRunId(): string {
  const letters = crypto.getRandomValues(new Uint8Array(10));
  return `smoke${String.fromCharCode(...letters.map((byte) => 97 + (byte % 26)))}`;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve) => {
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
  signal.throwIfAborted();
}

const ADVICE: Readonly<Record<string, string>> = {
  paid_plan_required: "Change the account's plan to Workers Paid.",
  model_agreement_required: "Accept the model's licence in the dashboard: Workers AI, the model's page.",
  account_blocked: "The platform does not let the account use models. See its state in the dashboard.",
  no_such_model: "The platform no longer has this model. Choose another in shared/models/models.ts.",
  model_withdrawn: "The platform has withdrawn this model. Choose another model in shared/models/models.ts.",
  unexpected_answer:
    "The model answers in a new shape: add it to test/contracts/ and to its reader in consumer/models/.",
  daily_allocation_used: "Wait for 00:00 UTC, or change the account's plan to Workers Paid.",
  out_of_capacity: "The platform has no capacity now. Run this again later.",
  model_timeout: "The model is too slow for this input. Lower the steps or the size, or choose another model.",
  max_neurons_reached: "The job costs more than its estimate. Compare docs/cost.md with the platform's price list.",
};

function jobFailure({ id, state, error }: Job): Failure {
  const code = error?.code ?? "";
  const means = `Job ${id} ${state}${error === null ? "" : ` (${code}): ${error.message}`}`;
  return new Failure(means, ADVICE[code] ?? "See docs/operations.md, Incidents; npx wrangler tail shows the journal.");
}

function unfinished({ id, state, waiting, attempts }: Job, timeoutMs: number): Failure {
  const why = waiting ?? attempts.findLast(({ error }) => error !== null)?.error ?? null;
  const reason = why === null ? "" : `: ${why.code ?? ""} ${why.message ?? ""}`.trimEnd();
  const means = `Job ${id} is still ${state} after ${Math.round(timeoutMs / 1000)} s${reason}.`;
  const todo =
    "Check that the queue delivers: npx wrangler queues info media-tasks shows its consumer, and whether it is paused.";
  return new Failure(means, ADVICE[why?.code ?? ""] ?? todo);
}
