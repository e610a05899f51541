// transcribe.py, with doubles of the libraries that it imports.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { afterEach, describe, expect, test } from "vitest";

import type { Recogniser } from "../../local/engine/speech/recogniser.ts";
import { fasterWhisper, whisperRecogniser } from "../../local/engine/speech/whisper/faster-whisper.ts";

const SCRIPT = resolve(import.meta.dirname, "../../local/engine/speech/whisper/transcribe.py");
const DOUBLE = join(import.meta.dirname, "whisper-double");
const COMMAND = ["env", `PYTHONPATH=${DOUBLE}`, "PYTHONDONTWRITEBYTECODE=1", "python3", SCRIPT, "base"] as const;

let recogniser: Recogniser | undefined;
afterEach(async () => await recogniser?.close?.());

const { signal } = new AbortController();
const ask = async (initial_prompt?: string, language = "de") =>
  recogniser?.recognise(Int16Array.of(1, 2), { signal, language, decoding: { initial_prompt } });

describe.skipIf(!hasPython())("transcribe.py", () => {
  test("lines that its libraries print are not answers", async () => {
    recogniser = whisperRecogniser("base", COMMAND);
    await expect(ask()).resolves.toMatchObject({ language: "de", segments: [{ text: " hallo", avg_logprob: -0.2 }] });
  });

  test("a figure that is not a number fails its call, and no other", async () => {
    recogniser = whisperRecogniser("base", COMMAND);
    await expect(ask("nan")).rejects.toThrow(/^Whisper gave a figure that is not a number$/);
    await expect(ask(undefined, "xx")).rejects.toMatchObject({ internalCode: 5006 });
    await expect(ask()).resolves.toMatchObject({ language: "de" });
  });

  test("it ends at once when its parent does, even if calls wait", async () => {
    const child = spawn(COMMAND[0], COMMAND.slice(1), { stdio: ["pipe", "ignore", "ignore"] });
    const begun = Date.now();
    for (const id of [1, 2])
      child.stdin.write(`${JSON.stringify({ id, bytes: 2, options: { initial_prompt: "long" } })}\n\0\0`);
    child.stdin.end();
    const [code] = (await once(child, "exit")) as [number | null];
    expect(code).toBe(0);
    expect(Date.now() - begun).toBeLessThan(20_000);
  }, 30_000);
});

test("an installation that failed half-way counts as missing", () => {
  const installed = mkdtempSync(join(tmpdir(), "darkroom-whisper-"));
  try {
    mkdirSync(join(installed, "venv/bin"), { recursive: true });
    writeFileSync(join(installed, "venv/bin/python"), "");
    expect(fasterWhisper("base", installed)).toMatchObject({
      type: "missing",
      remedy: expect.stringContaining("bin/setup --whisper") as unknown,
    });
    mkdirSync(join(installed, "models/tiny.en"), { recursive: true });
    expect(fasterWhisper("base", installed)).toMatchObject({ type: "ready" });
  } finally {
    rmSync(installed, { recursive: true });
  }
});

function hasPython(): boolean {
  try {
    execFileSync("python3", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
