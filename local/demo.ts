// `npm run demo`: submits a recording, a picture, a text and a prompt, each through the bucket and through the API, to a new
// store. It ends with `demo: N jobs completed, M failed`; the exit code is 0 only if none failed.
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { createTestHarness } from "wrangler";

import { startInferenceServer } from "./inference-server.ts";
import { type FeedJob, jobLine } from "./job-feed.ts";

const ROOT = join(import.meta.dirname, "..");
const SAMPLES = join(import.meta.dirname, "samples");
const OUTPUT = join(ROOT, "demo-output");
const SECRET = "demo0123456789abcdef0123456789ab";
const TIMEOUT_MS = 180_000;

/** The samples, each with the steps that follow its job. */
const FILES = {
  "voice-note.mp3": ["summarise"],
  "coffee.jpg": ["describe"],
  "review.txt": [],
  "harbour.prompt": [],
} as const;

interface DemoJob extends FeedJob {
  readonly artifacts: readonly { readonly name: string }[];
  readonly attempts: readonly { readonly engine: string | null }[];
}

const inference = await startInferenceServer({ port: 0 });
const server = createTestHarness({
  root: ROOT,
  workers: [
    { configPath: "wrangler.jsonc", env: "local" },
    { configPath: "local/wrangler.jsonc", vars: { INFERENCE_URL: inference.url } },
  ],
});
try {
  await server.listen();
  const env = await prepare();
  const ids = await submitAll(env);
  const jobs = await Promise.all(ids.map((id) => untilEnded(id)));
  await report(jobs);
  const failed = jobs.filter((job) => job.state !== "completed").length;
  console.log(`demo: ${jobs.length - failed} jobs completed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  console.error(error);
  console.log("demo: 0 jobs completed, 1 failed");
  process.exitCode = 1;
} finally {
  await server.close();
  await inference.close();
}

async function prepare(): Promise<Env> {
  const worker = server.getWorker<Env>();
  await worker.applyD1Migrations("DB");
  const env = await worker.getEnv();
  await env.DB.prepare(
    "INSERT INTO api_keys (id, owner_id, label, secret_hash, created_at) VALUES ('demo', 'operator', 'demo', ?1, 0)",
  )
    .bind(createHash("sha256").update(SECRET).digest("hex"))
    .run();
  return env;
}

/** Submit each file twice: put it into the bucket and announce it as R2 does, and send it to the API. */
async function submitAll(env: Env): Promise<readonly string[]> {
  for (const [name, then] of Object.entries(FILES)) {
    const customMetadata = { then: JSON.stringify(then) };
    const object = await env.MEDIA.put(`inbox/${name}`, await readFile(join(SAMPLES, name)), { customMetadata });
    if (object === null) throw new Error(`the bucket did not store ${name}`);
    await env.UPLOADS.send({
      account: "local",
      action: "PutObject",
      bucket: "darkroom-media",
      object: { key: object.key, size: object.size, eTag: object.etag },
      eventTime: new Date().toISOString(),
    });
    console.log(`put inbox/${name} into the bucket`);
  }
  const uploaded: string[] = [];
  for (const [name, then] of Object.entries(FILES)) {
    const body = await readFile(join(SAMPLES, name));
    const query = [`name=${name}`, ...then.map((step) => `then=${step}`)].join("&");
    const { id } = await api<{ id: string }>(`/v1/uploads?${query}`, { method: "POST", body });
    uploaded.push(id);
    console.log(`sent ${name} to the API: ${id}`);
  }
  const wanted = 2 * Object.keys(FILES).length;
  const end = Date.now() + 30_000;
  for (;;) {
    const { jobs } = await api<{ jobs: readonly { id: string }[] }>("/v1/jobs?limit=100");
    if (jobs.length >= wanted) return jobs.map((job) => job.id).toReversed();
    if (Date.now() > end) throw new Error(`only ${jobs.length} of ${wanted} uploads became jobs in time`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function untilEnded(id: string): Promise<DemoJob> {
  const end = Date.now() + TIMEOUT_MS;
  for (;;) {
    const job = await api<DemoJob>(`/v1/jobs/${id}`);
    if (job.finishedAt !== null || Date.now() > end) {
      console.log(`${jobLine(job)}  [${job.attempts.map(({ engine }) => engine).join(", ")}]`);
      return job;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Write every artifact to demo-output/, and print the transcripts, texts and labels. */
async function report(jobs: readonly DemoJob[]): Promise<void> {
  await rm(OUTPUT, { recursive: true, force: true });
  for (const job of jobs) {
    const folder = join(OUTPUT, `${job.kind}-${job.id.slice(-6)}`);
    await mkdir(folder, { recursive: true });
    for (const { name } of job.artifacts) {
      const response = await request(`/v1/jobs/${job.id}/artifacts/${name}`);
      const bytes = Buffer.from(await response.arrayBuffer());
      await writeFile(join(folder, name), bytes);
      if (name === "transcript.txt") console.log(`\ntranscript  ${bytes.toString().trim()}`);
      if (name === "summary.txt") console.log(`\nsummary     ${bytes.toString().trim()}`);
      if (name === "description.txt") console.log(`\ndescription ${bytes.toString().trim()}`);
      if (name === "labels.json") console.log(`\nlabels      ${labelsOf(bytes.toString())}`);
    }
  }
  console.log("\nAll results are in demo-output/.");
}

function labelsOf(json: string): string {
  const { labels }: { labels: readonly { label: string; score: number }[] } = JSON.parse(json);
  return labels.map(({ label, score }) => `${label} ${score.toFixed(2)}`).join(", ");
}

async function api<T>(path: string, init: { method?: string; body?: Uint8Array } = {}): Promise<T> {
  const response = await request(path, init);
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json() as Promise<T>;
}

async function request(path: string, init: { method?: string; body?: Uint8Array } = {}) {
  return server.fetch(path, { ...init, headers: { authorization: `Bearer dk_demo_${SECRET}` } });
}
