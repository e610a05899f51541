// What our streams add to those of the model: time before the first token, and memory.
import { memoryKb } from "./long-audio/workerd.ts";
import { note, percentile, print, round } from "./report.ts";

/** Asks for an answer that is streamed. */
type Ask = () => Promise<Response>;

const ROUNDS = 200;
const WARM_UP = 20;

/** Measure ours and the bare binding in turn, one call at a time, so that the load of this machine affects both alike. */
export async function measureFirstToken(
  name: string,
  { ours, bare, clearLogs, target }: { ours: Ask; bare: Ask; clearLogs: () => void; target?: string },
): Promise<void> {
  const [mine, theirs]: [number[], number[]] = [[], []];
  for (let turn = -WARM_UP; turn < ROUNDS; turn += 1) {
    for (const [call, times] of [
      [ours, mine],
      [bare, theirs],
    ] as const) {
      const { firstTokenMs } = await readStream(call);
      if (turn >= 0) times.push(firstTokenMs);
    }
    clearLogs();
  }
  const [p50, peer] = [percentile(mine, 0.5), percentile(theirs, 0.5)];
  print({
    case: name,
    value: round(p50 - peer),
    unit: "ms",
    peer: round(peer),
    ratio: round(p50 / peer),
    ...(target !== undefined && { target }),
    p50: round(p50),
    p95: round(percentile(mine, 0.95)),
    peerP95: round(percentile(theirs, 0.95)),
    addedP95Ms: round(percentile(mine, 0.95) - percentile(theirs, 0.95)),
    questions: ROUNDS,
  });
}

export interface ReadStream {
  readonly firstTokenMs: number;
  readonly tokens: number;
  /** Whether the event of the end came. */
  readonly isComplete: boolean;
}

/** Read an answer to its end, because unread bytes delay the next call. @throws an Error if it has no token. */
export async function readStream(call: Ask): Promise<ReadStream> {
  const startedAt = performance.now();
  const response = await call();
  if (!response.ok || response.body === null) throw new Error(`${response.status}: ${await response.text()}`);
  const decoder = new TextDecoder();
  let firstAt: number | null = null;
  let text = "";
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    if (firstAt === null && TOKEN.test(text)) firstAt = performance.now();
  }
  if (firstAt === null) throw new Error(`no token in ${text.slice(0, 200)}`);
  const tokens = [...text.matchAll(new RegExp(TOKEN, "g"))].length;
  return { firstTokenMs: firstAt - startedAt, tokens, isComplete: text.includes("event: done") };
}

const TOKEN = /"(?:text|response)":"/;

/** The pause of the model between tokens. */
export const MEMORY_PAUSE_MS = 5;

/** Read one answer for minutes, and sample the runtime's memory. */
export async function measureMemory(name: string, ours: Ask, minutes: number): Promise<void> {
  note(`reading one answer for ${minutes} minutes`);
  const response = await ours();
  if (!response.ok || response.body === null) throw new Error(`${response.status}: ${await response.text()}`);
  const samples: { readonly atSeconds: number; readonly mb: number }[] = [];
  const startedAt = Date.now();
  const endAt = startedAt + minutes * 60_000;
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    const atSeconds = (Date.now() - startedAt) / 1000;
    if (atSeconds >= samples.length * Math.min(30, minutes * 6))
      samples.push({ atSeconds, mb: (await memoryKb("VmRSS")) / 1024 });
    if (Date.now() >= endAt) break;
  }
  // The first samples come from a process that is still warming up.
  const settled = samples.slice(Math.ceil(samples.length / 10));
  const [first, last] = [settled[0], settled.at(-1)];
  print({
    case: name,
    value: round((last?.mb ?? 0) - (first?.mb ?? 0), 1),
    unit: "MB",
    target: "flat",
    minutes,
    streamedBytes: bytes,
    startMb: round(samples[0]?.mb ?? 0, 1),
    peakMb: round(Math.max(...samples.map(({ mb }) => mb)), 1),
    endMb: round(last?.mb ?? 0, 1),
  });
}

/** Return `--minutes`. @throws an Error if it is not a number above 0. */
export function minutesOf(text: string): number {
  const minutes = Number(text);
  if (minutes > 0) return minutes;
  throw new Error(`--minutes is '${text}', expected a number above 0`);
}
