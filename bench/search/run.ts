// `npm run bench:search`: what the local index finds, compared with an exhaustive comparison, and how fast. JSON lines.
import { startSearched } from "../harness.ts";
import { insertBenchKey } from "../key.ts";
import { note, percentile, print, round } from "../report.ts";
import { insertClassifications } from "../sides.ts";
import type { SearchAnswer } from "../../producer/search/schema.ts";
import { d1Index } from "../../shared/search/d1-index.ts";
import { passageId, spaceOf } from "../../shared/search/passage.ts";
import { EMBEDDING_MODEL } from "../../shared/models/models.ts";
import { makeLibrary } from "./library.ts";
import { meaningOf } from "./meaning.ts";

const PASSAGES = 1000;
const QUERIES = 100;
const JOBS = 10;
const TOP = 10;
const ROUNDS = 3;
const WARM_UP = 20;

const { texts, queries, otherwise } = makeLibrary({ passages: PASSAGES, queries: QUERIES });
const vectors = texts.map((text) => Float32Array.from(meaningOf(text)));

const searched = await startSearched();
try {
  await run();
} finally {
  await searched.close();
}

async function run(): Promise<void> {
  const { DB } = searched.env;
  const headers = await insertBenchKey(DB);
  note(`putting ${PASSAGES} passages into the index`);
  const jobIds = await fill(DB);
  const ask = async (q: string): Promise<SearchAnswer> => {
    const query = new URLSearchParams({ q, limit: String(TOP) }).toString();
    const response = await searched.ours.fetch(`http://localhost/v1/search?${query}`, { headers });
    if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
    return response.json() as Promise<SearchAnswer>;
  };

  note("comparing each query with every passage");
  let [found, wanted] = [0, 0];
  for (const query of otherwise) {
    const { hits, degraded } = await ask(query);
    if (degraded !== null || hits.some(({ foundBy }) => foundBy.includes("words")))
      throw new Error("the search was not by meaning alone");
    // A job's passages start a second apart, so job and time identify a passage.
    const ids = new Set(
      hits.map(({ jobId, startMs }) => jobIds.indexOf(jobId) * (PASSAGES / JOBS) + (startMs ?? 0) / 1000),
    );
    const nearest = compareAll(Float32Array.from(meaningOf(query)));
    found += nearest.filter((index) => ids.has(index)).length;
    wanted += nearest.length;
  }
  print({
    case: "search.recallAt10",
    value: round(found / wanted, 4),
    unit: "share",
    peer: 1,
    ratio: round(found / wanted, 4),
    target: "1.0",
    passages: PASSAGES,
    queries: QUERIES,
    dimensions: vectors[0]?.length,
    compared:
      "GET /v1/search by meaning alone; peer: the ten nearest of all passages, by comparing each in this process",
  });

  note("searching by words and meaning");
  const times = { search: [] as number[], hello: [] as number[] };
  for (let index = -WARM_UP; index < QUERIES * ROUNDS; index += 1) {
    const query = queries[(index + WARM_UP) % QUERIES] ?? "";
    const search = await time(() => ask(query));
    const hello = await time(async () => (await searched.hello.fetch("http://hello/")).text());
    if (index < 0) continue;
    times.search.push(search);
    times.hello.push(hello);
    if (index % QUERIES === 0) searched.clearLogs();
  }
  const [value, peer] = [percentile(times.search, 0.95), percentile(times.hello, 0.95)];
  print({
    case: "search.p95Ms",
    value: round(value),
    unit: "ms",
    peer: round(peer),
    ratio: round(value / peer),
    p50: round(percentile(times.search, 0.5)),
    peerP50: round(percentile(times.hello, 0.5)),
    requests: times.search.length,
    passages: PASSAGES,
    compared:
      "GET /v1/search by words and meaning, key checked, with a model that answers at once; peer: a Worker that says hello",
  });
}

/** Store the passages. Returns the jobs that they belong to, in order. */
async function fill(db: D1Database): Promise<readonly string[]> {
  const sources = Array.from({ length: JOBS }, (_, index) => ({ key: `talk-${index}`, etag: "e", sizeBytes: 1 }));
  const ids = (await insertClassifications(db, sources)).map(({ id }) => id);
  const space = spaceOf({ model: EMBEDDING_MODEL, engine: "workers-ai" }, vectors);
  const each = PASSAGES / JOBS;
  for (const [job, id] of ids.entries()) {
    const passages = vectors.slice(job * each, (job + 1) * each).map((vector, index) => {
      const timed = { startMs: index * 1000, endMs: index * 1000 + 900 };
      const text = texts[job * each + index] ?? "";
      return { id: passageId(id, "transcript", index), source: "transcript" as const, text, ...timed, vector };
    });
    await d1Index(db).put({ id, ownerId: "operator", kind: "classification" }, { passages, space });
  }
  return ids;
}

/** Return the positions of the nearest passages, by cosine, without any of the product's code. */
function compareAll(query: Float32Array): readonly number[] {
  const cosine = (vector: Float32Array) => {
    let [product, own, other] = [0, 0, 0];
    for (const [index, value] of vector.entries()) {
      const asked = query[index] ?? 0;
      product += value * asked;
      own += value * value;
      other += asked * asked;
    }
    return product / Math.sqrt(own * other);
  };
  return vectors
    .map((vector, index) => ({ index, cosine: cosine(vector) }))
    .toSorted((a, b) => b.cosine - a.cosine)
    .slice(0, TOP)
    .map(({ index }) => index);
}

async function time(request: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await request();
  return performance.now() - start;
}
