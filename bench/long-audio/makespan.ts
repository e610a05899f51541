import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { createTestHarness } from "wrangler";

import { speech, WORD_MS } from "../../test/speech.ts";
import type { JobView } from "../../test/views.ts";
import { type Figure, median, note, round } from "../report.ts";
import { Finding } from "./finding.ts";

process.env["WRANGLER_LOG"] ??= "error";

const MODEL_SECONDS = 3;
/** Messages in a batch. The local queue delivers one batch at a time. */
const BATCH_SIZE = 10;
const RECORDING_SECONDS = 1040;
const SECRET = "b".repeat(32);
const GIVE_UP_MS = 60_000;

/** The time from the job's creation to the joined transcript, compared with the model's own time at this concurrency. */
export async function measureMakespan({ rounds }: { rounds: number }): Promise<readonly Figure[]> {
  const server = createTestHarness({
    workers: [
      { configPath: "./wrangler.jsonc", env: "local" },
      {
        config: {
          name: "darkroom-local-ai",
          main: "bench/long-audio/slow-speech.ts",
          compatibility_date: "2026-11-01",
          compatibility_flags: ["enable_abortsignal_rpc"],
        },
      },
    ],
  });
  try {
    await server.listen();
    const worker = server.getWorker<Env>();
    await worker.applyD1Migrations("DB");
    const { DB } = await worker.getEnv();
    await insertKey(DB);
    const api = async (path: string, init?: RequestInit) => {
      const response = await worker.fetch(`http://localhost${path}`, {
        ...init,
        headers: { authorization: `Bearer dk_operator_${SECRET}` },
      } as never);
      if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
      return response;
    };
    const seconds: number[] = [];
    const uploads: number[] = [];
    const hearings: number[] = [];
    let chunks = 0;
    for (let turn = 1; turn <= rounds; turn += 1) {
      const said = words(turn);
      const startedAt = performance.now();
      const uploaded = await api("/v1/uploads?name=long.wav", { method: "POST", body: speech(said) });
      const { id } = (await uploaded.json()) as JobView;
      uploads.push((performance.now() - startedAt) / 1000);
      const job = await untilEnded(async () => (await api(`/v1/jobs/${id}`)).json() as Promise<JobView>);
      seconds.push((Date.parse(job.finishedAt ?? "") - Date.parse(job.createdAt)) / 1000);
      hearings.push(hearingSeconds(job));
      chunks = job.progress.tasksTotal - 2; // the plan and the join
      const text = await (await api(`/v1/jobs/${id}/transcript?format=txt`)).text();
      if (text.trim() !== said) throw new Finding("the transcript is not what was said");
      note(`  ${chunks} chunks in ${round(seconds.at(-1) ?? 0)} s`);
      server.clearLogs();
    }
    const ideal = Math.ceil(chunks / BATCH_SIZE) * MODEL_SECONDS;
    const value = median(seconds);
    return [
      {
        case: "longAudio.makespan",
        value: round(value),
        unit: "s",
        peer: ideal,
        ratio: round(value / ideal, 3),
        target: "ratio <= 1.2",
        chunks,
        recordingSeconds: RECORDING_SECONDS,
        uploadBeforeSeconds: round(median(uploads)),
        ofWhichChunksSeconds: round(median(hearings)),
        rounds: seconds.map((each) => round(each)),
      },
    ];
  } finally {
    await server.close();
  }
}

function words(turn: number): string {
  const count = (RECORDING_SECONDS * 1000) / WORD_MS;
  return Array.from({ length: count }, (_, index) => `r${turn}w${index}`).join(" ");
}

async function untilEnded(read: () => Promise<JobView>): Promise<JobView> {
  const end = Date.now() + GIVE_UP_MS;
  for (;;) {
    const job = await read();
    if (job.state === "completed") return job;
    if (job.state === "failed" || Date.now() > end) throw new Finding(JSON.stringify(job).slice(0, 2000));
    await sleep(50);
  }
}

/** The time from the start of the first chunk to the end of the last. */
function hearingSeconds({ attempts }: JobView): number {
  const chunks = attempts.filter(({ taskId }) => taskId.includes(".chunk-"));
  const starts = chunks.map(({ startedAt }) => Date.parse(startedAt));
  const ends = chunks.map(({ startedAt, durationMs }) => Date.parse(startedAt) + (durationMs ?? 0));
  return (Math.max(...ends) - Math.min(...starts)) / 1000;
}

async function insertKey(db: D1Database): Promise<void> {
  const hash = createHash("sha256").update(SECRET).digest("hex");
  await db
    .prepare("INSERT INTO api_keys (id, owner_id, label, secret_hash, created_at) VALUES (?1, ?1, 'bench', ?2, 0)")
    .bind("operator", hash)
    .run();
}
