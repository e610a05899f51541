import type { Bench } from "./harness.ts";
import { insertBenchKey } from "./key.ts";
import { type Figure, percentile, round } from "./report.ts";

const REQUESTS = 1000;
const WARM_UP = 100;

/** Measure `GET /v1/jobs/{id}` of completed jobs, one request at a time, in turn with a Worker that only says hello. */
export async function measureStatus({ ours, oursEnv, hello }: Bench): Promise<Figure> {
  const headers = await insertBenchKey(oursEnv.DB);
  const { results } = await oursEnv.DB.prepare("SELECT id FROM jobs WHERE state = 'completed' LIMIT 100").all<{
    id: string;
  }>();
  const times = { status: [] as number[], hello: [] as number[] };
  for (let index = -WARM_UP; index < REQUESTS; index += 1) {
    const id = results[(index + WARM_UP) % results.length]!.id;
    const status = await time(() => ours.fetch(`http://localhost/v1/jobs/${id}`, { headers }));
    const greeting = await time(() => hello.fetch("http://hello/"));
    if (index < 0) continue;
    times.status.push(status);
    times.hello.push(greeting);
  }
  const [value, peer] = [percentile(times.status, 0.99), percentile(times.hello, 0.99)];
  const [p50, peerP50] = [percentile(times.status, 0.5), percentile(times.hello, 0.5)];
  return {
    case: "status.p99Ms",
    value: round(value),
    unit: "ms",
    peer: round(peer),
    ratio: round(value / peer),
    p50: round(p50),
    peerP50: round(peerP50),
    ratioP50: round(p50 / peerP50),
    requests: REQUESTS,
    compared: "a completed job with its attempt, artifact and labels, API key checked; peer: a Worker that says hello",
  };
}

async function time(
  request: () => Promise<{ readonly ok: boolean; readonly status: number; text(): Promise<string> }>,
): Promise<number> {
  const start = performance.now();
  const response = await request();
  const body = await response.text();
  const elapsed = performance.now() - start;
  if (!response.ok) throw new Error(`${response.status}: ${body}`);
  return elapsed;
}
