import { type ModelCall, neuronsOf } from "../shared/ai/model-call.ts";
import { type Ai, modelRunner } from "../shared/ai/run-model.ts";
import { addDirectUsage } from "../shared/db/usage.ts";
import type { Journal } from "../shared/journal.ts";
import { embedTexts } from "../shared/search/embed-texts.ts";
import { type Hit, type PassageIndex, type PassageQuery, spaceOf } from "../shared/search/passage.ts";
import type { SearchQuery } from "./search-requests.ts";

export interface SearchDeps {
  readonly db: D1Database;
  readonly ai: Ai;
  readonly passages: PassageIndex;
  readonly journal: Journal;
}

/** What was found, and how. */
export interface Found {
  readonly hits: readonly Hit[];
  /** Who understood the query; null where nobody did. */
  readonly engine: string | null;
  readonly neurons: number;
  /** Why words alone were looked for; null where meaning was as well. */
  readonly degraded: string | null;
}

/** Whoever searches waits for it. */
const MODEL_TIMEOUT_MS = 5000;

/** Look for passages of this owner by words and by meaning; by words alone while meaning cannot be had. */
export async function searchPassages(
  ownerId: string,
  { q, ...scope }: SearchQuery,
  { db, ai, passages, journal }: SearchDeps,
): Promise<Found> {
  const note = (error: unknown) => {
    journal.fault({ event: "search.degraded", ownerId }, error);
    return null;
  };
  const calls: ModelCall[] = [];
  const understood = await understand(q, ai, calls).catch(note);
  const byWords: PassageQuery = { ...scope, ownerId, text: q, meaning: null };
  const byBoth = understood && passages.query({ ...byWords, meaning: understood.meaning }).catch(note);
  const [hits] = await Promise.all([byBoth, addDirectUsage(db, { ownerId, kind: "search", calls, at: Date.now() })]);
  const how = { engine: understood?.engine ?? null, neurons: neuronsOf(calls) ?? 0 };
  if (hits !== null) return { hits, ...how, degraded: null };
  const silent = understood === null ? "model that understands the query" : "index of meanings";
  const degraded = `The ${silent} did not answer; only words were looked for.`;
  return { hits: await passages.query(byWords), ...how, degraded };
}

/** @throws an Error if the model does not answer, or not in time. */
async function understand(text: string, ai: Ai, calls: ModelCall[]) {
  const models = modelRunner(ai, calls, AbortSignal.timeout(MODEL_TIMEOUT_MS));
  const { vectors, call } = await embedTexts(models, [text]);
  const [vector] = vectors;
  return { engine: call.engine, meaning: vector === undefined ? null : { vector, space: spaceOf(call, vectors) } };
}
