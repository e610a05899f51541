import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import * as z from "zod";

import { invalidInput } from "../../inference-error.ts";

/** A process that transcribes one recording after the other. */
export type Transcriber = {
  /** The process has ended, and another one is needed. */
  readonly hasEnded: boolean;
  /** @throws an InferenceError if it refuses the options, an Error if the process dies. */
  transcribe(samples: Int16Array, options: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
};

const Line = z.union([
  z.object({ ready: z.literal(true) }),
  z.object({ id: z.int(), answer: z.unknown() }),
  z.object({ id: z.int(), error: z.string(), isRefused: z.boolean() }),
]);

/** How many of its last lines are kept, because they say why it died. */
const KEPT_LINES = 5;

/** @returns null for what is not an answer: a library has printed it. */
function readLine(text: string): z.output<typeof Line> | null {
  try {
    return Line.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

/** @param command a program like transcribe.py, whose docstring describes its input and output. */
export function startTranscriber([program, ...args]: readonly [string, ...string[]]): Transcriber {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const complaints: string[] = [];
  let hasEnded = false;
  let lastId = 0;

  function end(reason: string): void {
    hasEnded = true;
    for (const { reject } of waiting.values()) reject(new Error(reason));
    waiting.clear();
  }

  child.once("error", (error) => end(`Whisper cannot be started: ${error.message}`));
  child.once("close", (code, signal) =>
    end([`Whisper's process ended (${signal ?? code}).`, ...complaints].join("\n")),
  );
  // A write after the end fails. The `close` event gives the reason.
  child.stdin.on("error", () => {});
  const keep = (complaint: string) => {
    complaints.push(complaint);
    if (complaints.length > KEPT_LINES) complaints.shift();
  };
  createInterface({ input: child.stderr }).on("line", keep);
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = readLine(text);
    // Thrown here, it would end the server.
    if (line === null) return keep(text);
    if ("ready" in line) return;
    const one = waiting.get(line.id);
    waiting.delete(line.id);
    if (!("error" in line)) one?.resolve(line.answer);
    else one?.reject(line.isRefused ? invalidInput(line.error) : new Error(line.error));
  });

  return {
    get hasEnded() {
      return hasEnded;
    },
    async transcribe(samples, options, signal) {
      signal.throwIfAborted();
      lastId += 1;
      const id = lastId;
      const answer = Promise.withResolvers<unknown>();
      waiting.set(id, answer);
      const cancel = () => {
        if (!waiting.delete(id)) return;
        child.stdin.write(`${JSON.stringify({ cancel: id })}\n`);
        answer.reject(signal.reason);
      };
      signal.addEventListener("abort", cancel, { once: true });
      try {
        child.stdin.write(`${JSON.stringify({ id, bytes: samples.byteLength, options })}\n`);
        child.stdin.write(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
        return await answer.promise;
      } finally {
        signal.removeEventListener("abort", cancel);
      }
    },
    async close() {
      if (hasEnded) return;
      const closed = once(child, "close");
      child.kill();
      await closed;
    },
  };
}
