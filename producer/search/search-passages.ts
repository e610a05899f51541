import { type ModelCall, neuronsOf, sentCall } from "../../shared/models/model-call.ts";
import { type Ai, modelRunner } from "../../shared/models/run-model.ts";
import type { Intake } from "../../shared/jobs/intake.ts";
import { EMBEDDING_MODEL } from "../../shared/models/models.ts";
import { tokensOf } from "../../shared/cost/neurons.ts";
import { embedTexts } from "../../shared/search/embed-texts.ts";
import { type Hit, type PassageIndex, type PassageQuery, spaceOf } from "../../shared/search/passage.ts";
import { reservePaidCall } from "../usage/paid-call.ts";
import type { SearchQuery } from "./schema.ts";

export interface SearchDeps extends Pick<Intake, "db" | "tasks" | "journal"> {
  readonly ai: Ai;
  readonly passages: PassageIndex;
}

/** What was found, and how. */
export interface Found {
  readonly hits: readonly Hit[];
  /** The engine that embedded the query; null if none did. */
  readonly engine: string | null;
  readonly neurons: number;
  /** Why the search used only words; null if it also used meaning. */
  readonly degraded: string | null;
}

/** A person waits for the search. */
const MODEL_TIMEOUT_MS = 5000;

/** Look for passages of this owner by words and by meaning; only by words if the model or the index of vectors does not answer. */
export async function searchPassages(
  ownerId: string,
  { q, ...scope }: SearchQuery,
  { ai, passages, ...deps }: SearchDeps,
): Promise<Found> {
  const note = (error: unknown) => {
    deps.journal.fault({ event: "search.failed", ownerId }, error);
    return null;
  };
  let failedWith: unknown;
  const calls: ModelCall[] = [];
  const expected = sentCall(EMBEDDING_MODEL, { inputTokens: tokensOf(q) });
  const paid = await reservePaidCall({ ownerId, kind: "search", expected }, deps);
  const misunderstood = (error: unknown) => {
    failedWith = error;
    return note(error);
  };
  const understood = paid.ok ? await understand(q, ai, calls).catch(misunderstood) : null;
  const byWords: PassageQuery = { ...scope, ownerId, text: q, meaning: null };
  const byBoth = understood && passages.query({ ...byWords, meaning: understood.meaning }).catch(note);
  const [hits] = await Promise.all([byBoth, paid.ok ? paid.settle(calls, failedWith) : null]);
  const how = { engine: understood?.engine ?? null, neurons: neuronsOf(calls) ?? 0 };
  if (hits !== null) return { hits, ...how, degraded: null };
  const degraded = paid.ok ? silenceOf(understood === null) : `${paid.problem.detail} The search used only words.`;
  return { hits: await passages.query(byWords), ...how, degraded };
}

function silenceOf(isModelSilent: boolean): string {
  const silent = isModelSilent ? "model that embeds the query" : "index of vectors";
  return `The ${silent} did not answer, so the search used only words.`;
}

/** @throws an Error if the model does not answer, or not in time. */
async function understand(text: string, ai: Ai, calls: ModelCall[]) {
  const models = modelRunner(ai, calls, AbortSignal.timeout(MODEL_TIMEOUT_MS));
  const { vectors, call } = await embedTexts(models, [text]);
  const [vector] = vectors;
  return { engine: call.engine, meaning: vector === undefined ? null : { vector, space: spaceOf(call, vectors) } };
}
