// `bin/darkroom` against the listening product. It runs in a shell if that matters, and otherwise in this process.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import type { Job } from "../client/index.ts";
import { KEYS, startDarkroom, until } from "./harness.ts";
import { type Ran, runInProcess } from "./in-process.ts";
import { embedJob } from "./passages.ts";
import { speech } from "./speech.ts";

const darkroom = startDarkroom();
const BIN = join(import.meta.dirname, "../bin/darkroom");
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "darkroom-cli-"));
});
afterAll(() => rm(folder, { recursive: true }));

const ownEnv = () => ({ DARKROOM_URL: darkroom.origin(), DARKROOM_KEY: KEYS.operator });

function start(given: readonly string[], bin = BIN): ChildProcess {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  return spawn(bin, given, { env: { ...ownEnv(), PATH, NODE_COMPILE_CACHE } as never, cwd: folder });
}

async function ended(child: ChildProcess): Promise<Ran> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout?.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => err.push(chunk));
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  const bytes = Buffer.concat(out);
  return { code, stdout: bytes.toString(), stderr: Buffer.concat(err).toString(), bytes };
}

async function run(
  given: readonly string[],
  { stdin, env }: { stdin?: string | Uint8Array; env?: Record<string, string> } = {},
): Promise<Ran> {
  return runInProcess(given, { env: { ...ownEnv(), ...env }, folder, ...(stdin !== undefined && { stdin }) });
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

test("a file goes in and its captions come out, through pipes", async () => {
  await writeFile(join(folder, "talk.wav"), speech("one two three"));
  const link = join(folder, "dr");
  await symlink(BIN, link);
  const submitted = await ended(start(["submit", "talk.wav", "--options", '{"tier":"fast"}'], link));
  expect(submitted).toMatchObject({ code: 0, stderr: "" });
  const [id = ""] = lines(submitted.stdout);
  const watching = start(["watch", "-"]);
  watching.stdin?.end(submitted.stdout);
  expect(await ended(watching)).toMatchObject({
    code: 0,
    stdout: `${id} completed\n`,
    stderr: "",
  });
  expect((await run(["get", id, "--format", "srt"])).stdout).toContain("one two three");
  const json = await run(["get", id, "--artifact", "transcript.json"]);
  const direct = await darkroom.api(`/v1/jobs/${id}/artifacts/transcript.json`);
  expect(json.bytes.equals(Buffer.from(await direct.arrayBuffer()))).toBe(true);
  expect((await run(["get", id])).stdout).toMatch(/^id +job_.*\nkind +transcription\nstate +completed\n/);
});

test("standard input is a file, and --json is one document a line", async () => {
  const given = ["submit", "-", "--name", "talk.wav", "--json", "--wait"];
  const { code, stdout, stderr } = await run(given, { stdin: speech("four five") });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const job = JSON.parse(stdout) as Job;
  expect(job).toMatchObject({ state: "completed", kind: "transcription" });

  for (const text of ["fine a", "fine b"]) expect((await run(["submit", "--text", text])).code).toBe(0);
  const listed = lines((await run(["ls", "--all", "--json"])).stdout).map((line) => JSON.parse(line) as Job);
  expect(listed.map(({ kind }) => kind)).toEqual(["classification", "classification", "transcription"]);
  expect(lines((await run(["ls", "--limit", "1", "--json"])).stdout)).toHaveLength(1);
  const table = lines((await run(["ls", "--kind", "transcription"])).stdout);
  expect(table).toHaveLength(2);
  expect(table[0]).toMatch(/^ID +KIND +STATE/);
});

test("jobs are found by the tags and notes that they were submitted with", async () => {
  const marks = ["--tag", "a", "--tag", "b", "--metadata", "order=A=1"];
  const [id = ""] = lines((await run(["submit", "--text", "fine", ...marks])).stdout);
  expect((await run(["submit", "--text", "fine as well", "--tag", "a"])).code).toBe(0);
  const found = async (...given: string[]) =>
    lines((await run(["ls", "--json", ...given])).stdout).map((line) => (JSON.parse(line) as Job).id);
  expect(await found("--tag", "a")).toHaveLength(2);
  expect(await found("--tag", "a", "--tag", "b")).toEqual([id]);
  expect(await found("--metadata", "order=A=1")).toEqual([id]);
  expect(await found("--metadata", "order=A")).toEqual([]);
});

test("a key is created with its limits, printed on its own, listed and revoked", async () => {
  const limits = ["--max-jobs", "2", "--max-bytes-a-day", "9000", "--max-upload-bytes", "900"];
  const types = ["--content-type", "audio/", "--content-type", "video/"];
  const given = ["keys", "create", "--label", "shop", "--scope", "jobs:read", "--owner", "shop", ...limits, ...types];
  const { code, stdout } = await run([...given, "--expires-in-days", "9"]);
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^dk_k\w+\n$/) as string });
  const [, id = ""] = stdout.split("_");
  const listed = lines((await run(["keys", "ls", "--json"])).stdout).map((line) => JSON.parse(line) as { id: string });
  expect(listed.find((key) => key.id === id)).toMatchObject({
    ownerId: "shop",
    state: "active",
    scopes: ["jobs:read"],
    maxConcurrentJobs: 2,
    maxUploadBytesADay: 9000,
    maxUploadBytes: 900,
    contentTypes: ["audio/", "video/"],
  });
  const shop = { env: { DARKROOM_KEY: stdout.trim() } };
  expect((await run(["ls"], shop)).code).toBe(0);
  expect((await run(["submit", "--text", "fine"], shop)).code).toBe(4);
  expect(await run(["keys", "revoke", id])).toMatchObject({ code: 0, stdout: `${id} revoked\n` });
  expect((await run(["ls"], shop)).code).toBe(4);
});

test("the estimate is printed without submitting, and the real cost afterwards", async () => {
  await writeFile(join(folder, "priced.wav"), speech("one two three four"));
  await writeFile(join(folder, "none.wav"), "");
  const dry = await run(["submit", "priced.wav", "none.wav", "--dry-run"]);
  expect(dry.code).toBe(2);
  // Two seconds at 46.63 neurons a minute.
  expect(dry.stdout).toMatch(/^ *CALLS +NEURONS +COST\npriced\.wav +1 +1\.5543 +\$0\.000017\n$/);
  expect(dry.stderr).toContain("none.wav");
  const priced = await run(["submit", "--prompt", "a harbour", "--dry-run", "--json"]);
  expect(JSON.parse(priced.stdout)).toMatchObject({ subject: "image_generation", estimate: { calls: 1 } });
  expect((await run(["ls", "--all"])).stdout).toBe("");

  const [id = ""] = lines((await run(["submit", "priced.wav", "--wait"])).stdout)[0]?.split(" ") ?? [];
  const receipt = await run(["receipt", id]);
  expect(receipt.stdout).toMatch(
    /@cf\/openai\/whisper-large-v3-turbo +transcribe 1, completed +2 audioSeconds +1\.5 +\$0\.000017\n/,
  );
  expect(receipt.stdout).toMatch(/\ntotal +1\.5 +\$0\.\d+\n$/);
  const usage = await run(["usage", "--by", "kind,model"]);
  expect(usage.stdout).toMatch(/transcription +@cf\/openai\/whisper-large-v3-turbo +1 +1\.5 +0 /);
  expect(usage.stdout).toMatch(/\ntotal +1 +1\.5 /);
  expect(await run(["usage", "--by", "week"])).toMatchObject({ code: 2, stdout: "" });
  expect(JSON.parse((await run(["receipt", id, "--json"])).stdout)).toMatchObject({ jobId: id });
});

test("each way to fail has its exit code, and says why", async () => {
  const failed = await run(["submit", "--prompt", "error:3010 exit", "--wait"]);
  expect(failed).toMatchObject({ code: 1, stdout: expect.stringMatching(/^job_\w+ failed\n$/) as string });
  expect(failed.stderr).toContain("unsupported_audio");

  const wrong: [string[], string][] = [
    [["submit"], "--prompt"],
    [["submit", "no-such-file.wav"], "ENOENT"],
    [["submit", "--text", "x", "--options", "[]"], "but not an object"],
    [["submit", "--text", "x", "--options", '{"topK":0}'], "options.topK"],
    [["ls", "--state", "done"], "Allowed choices"],
    [["ls", "--metadata", "order"], "KEY=VALUE"],
    [["keys", "create", "--label", "x", "--scope", "jobs:all"], "jobs:write"],
    [["redrive"], "--fingerprint"],
    [["redrive", "dl_x", "--dry-run"], "require"],
    [["frobnicate"], "unknown command"],
  ];
  for (const [given, words] of wrong) {
    const { code, stdout, stderr } = await run(given);
    expect({ given, code, stdout }).toEqual({ given, code: 2, stdout: "" });
    expect(stderr).toContain(words);
  }
  const missing = await run(["get", "job_none", "--json"]);
  expect(missing).toMatchObject({ code: 3, stdout: "" });
  expect(JSON.parse(missing.stderr)).toMatchObject({ error: { code: "job_not_found", status: 404 } });
  expect((await run(["ls"], { env: { DARKROOM_KEY: KEYS.revoked } })).code).toBe(4);
  expect((await run(["ls", "--url", "http://127.0.0.1:9"])).code).toBe(5);
  expect(await run(["--help"])).toMatchObject({ code: 0, stdout: expect.stringContaining("Exit codes:") as string });
});

test("one refused file does not stop the others from being submitted", async () => {
  await writeFile(join(folder, "empty.wav"), "");
  await writeFile(join(folder, "good.wav"), speech("six"));
  const { code, stdout, stderr } = await run(["submit", "empty.wav", "good.wav"]);
  expect(code).toBe(2);
  expect(lines(stdout)).toHaveLength(1);
  expect(stderr).toContain("empty.wav");
});

test("a job that is cancelled ends its watch with a code of its own, and Ctrl-C ends a watch", async () => {
  const [id = ""] = lines((await run(["submit", "--prompt", "sleep:30000"])).stdout);
  const watching = ended(start(["watch", id]));
  await until(
    () => darkroom.readJob(id),
    ({ state }) => state === "running",
  );
  const interrupted = start(["watch", id]);
  const end = ended(interrupted);
  // Both have begun to follow it.
  await until(
    () => darkroom.bindings().DB.prepare("SELECT count(*) AS n FROM event_streams").first<number>("n"),
    (open) => open === 2,
  );
  interrupted.kill("SIGINT");
  expect(await end).toMatchObject({ code: 130, stdout: "", stderr: "darkroom: interrupted\n" });
  expect(await run(["cancel", id])).toMatchObject({ code: 0, stdout: `${id} cancelled\n` });
  expect(await watching).toMatchObject({ code: 6, stdout: `${id} cancelled\n` });
});

test("jobs are deleted with what they read, and how long they are kept is set", async () => {
  const [first = ""] = lines((await run(["submit", "--text", "a fine day", "--wait"])).stdout);
  const [id = ""] = first.split(" ");
  expect(await run(["rm", id, "--source"])).toMatchObject({ code: 0, stdout: `${id} deleted, source none\n` });
  expect((await run(["get", id])).code).toBe(3);
  expect((await run(["rm", id])).code).toBe(3);
  expect(await run(["retention", "set", "somebody", "7"])).toMatchObject({ code: 0, stdout: "somebody 7 days\n" });
  expect((await run(["retention", "ls"])).stdout).toMatch(/^OWNER +DAYS *\n\(all others\) +30 *\nsomebody +7/);
  expect((await run(["retention", "set", "somebody", "0"])).code).toBe(2);
  expect((await run(["retention", "rm", "somebody"])).code).toBe(0);
  expect((await run(["retention", "rm", "somebody"])).code).toBe(3);
});

test("dead letters are listed and redriven, one and many", async () => {
  const [id = ""] = lines((await run(["submit", "--prompt", "error:3010x1 once", "--wait"])).stdout);
  const [jobId = ""] = id.split(" ");
  const letterId = `dl_${jobId}.generate_image.1`;
  const groups = await run(["dead-letters", "--json"]);
  const group = JSON.parse(groups.stdout) as { count: number; fingerprint: string };
  expect(group.count).toBe(1);
  expect((await run(["dead-letters"])).stdout).toContain(group.fingerprint);
  expect((await run(["dead-letters", "--list"])).stdout).toContain(letterId);
  expect((await run(["dead-letters", letterId])).stdout).toMatch(/^attempt +1 discard/m);
  const dry = await run(["redrive", "--fingerprint", group.fingerprint, "--dry-run", "--json"]);
  expect(JSON.parse(dry.stdout)).toMatchObject({ dryRun: true, matched: 1 });
  expect(await run(["redrive", letterId])).toMatchObject({ code: 0, stdout: `${jobId} redriven\n` });
  expect((await run(["watch", jobId])).code).toBe(0);
  expect((await run(["redrive", "--all"])).code).toBe(2);
});

test("budgets are set, shown and removed, and a job costs no more than its limit", async () => {
  expect(await run(["budgets", "set", "account", "day", "9000", "--lets-high-through"])).toMatchObject({
    code: 0,
    stdout: "account/day 9000 neurons, 0 spent\n",
  });
  expect((await run(["budgets", "ls"])).stdout).toMatch(/^OWNER.*\naccount +day +9000 +0 +0 +0 %/);
  expect(JSON.parse((await run(["budgets", "ls", "--json"])).stdout)).toMatchObject({ letsHighThrough: true });
  expect(await run(["budgets", "rm", "account", "day"])).toMatchObject({ code: 0, stdout: "account/day lifted\n" });
  expect((await run(["budgets", "rm", "account", "day"])).code).toBe(3);
  for (const wrong of [
    ["account", "week", "1"],
    ["account", "day", "0"],
  ]) {
    expect((await run(["budgets", "set", ...wrong])).code).toBe(2);
  }
  const dear = await run(["submit", "--prompt", "a dear harbour", "--max-neurons", "100", "--wait"]);
  expect(dear.code).toBe(1);
  expect(dear.stderr).toContain("max_neurons_reached");
  const letter = `dl_${dear.stdout.split(" ")[0]}.generate_image.1`;
  expect((await run(["redrive", letter, "--max-neurons", "200"])).code).toBe(0);
});

test("a reader that closes the pipe is not a failure", async () => {
  for (let index = 0; index < 3; index += 1) await darkroom.submit({ kind: "classification", text: `fine ${index}` });
  const child = start(["ls", "--json", "--limit", "1", "--all"]);
  child.stdout?.destroy();
  expect(await ended(child)).toMatchObject({ code: 0, stderr: "" });
});

test("passages are searched for, as a table or a document a line", async () => {
  const talk = await darkroom.upload({ name: "talk.wav" }, speech("boats leave the harbour"));
  const picture = await darkroom.submit({ kind: "image_generation", prompt: "a harbour\u001b[2J at dawn" });
  for (const { id } of [talk, picture]) {
    await darkroom.untilJob(id);
    await embedJob(darkroom.bindings(), id);
  }
  const found = await until(
    () => run(["search", "the", "harbour"]),
    ({ stdout }) => lines(stdout).length === 3,
  );
  expect(found).toMatchObject({ code: 0, stderr: "" });
  expect(found.stdout).toMatch(new RegExp(`^${talk.id} +00:00 +transcript +boats leave the harbour$`, "m"));
  expect(found.stdout).toMatch(new RegExp(`^${picture.id} +prompt +a harbour at dawn$`, "m"));
  const listed = await run(["search", "harbour", "--kind", "image_generation", "--limit", "5", "--json"]);
  expect(lines(listed.stdout).map((line) => JSON.parse(line))).toMatchObject([{ jobId: picture.id, source: "prompt" }]);
  expect(await run(["search", "harbour", "--job", talk.id, "--json"])).toMatchObject({ code: 0 });
  const byWords = await run(["search", "harbour", "error:3040"]);
  expect(byWords.stderr).toContain("so the search used only words");
  expect(lines(byWords.stdout)).toHaveLength(3);
  expect(await run(["search", "x".repeat(1001)])).toMatchObject({ code: 2 });
  expect(await run(["search"])).toMatchObject({ code: 2 });
});

test("a job is followed by steps, and asked about; the answer is printed as it is written", async () => {
  await writeFile(join(folder, "boats.wav"), speech("nine boats"));
  const submitted = await run(["submit", "boats.wav", "--then", "summarise", "--then", "embed", "--wait"]);
  expect(submitted).toMatchObject({ code: 0 });
  const [id = ""] = submitted.stdout.split(" ");
  expect(await run(["get", id, "--artifact", "summary.txt"])).toMatchObject({ stdout: "From nine to boats.\n" });
  expect(await run(["submit", "boats.wav", "--then", "translate"])).toMatchObject({ code: 2 });

  const child = start(["ask", id, "tokens:4x400", "how", "many?"]);
  const times: number[] = [];
  child.stdout?.on("data", () => times.push(Date.now()));
  expect(await ended(child)).toMatchObject({ code: 0, stdout: "token0 token1 token2 token3 \n" });
  expect(times.at(-1)! - times[0]!).toBeGreaterThan(800);
  const whole = await run(["ask", id, "how many?", "--tier", "accurate", "--json"]);
  expect(JSON.parse(whole.stdout)).toMatchObject({ answer: "From [00:00] to boats." });
  expect(await run(["ask", id, "break:1", "tokens:3x10"])).toMatchObject({ code: 5, stdout: "token0 \n" });
  expect(await run(["ask", "job_none", "what?"])).toMatchObject({ code: 3 });
});

test("a text is printed as it is written, from arguments and from standard input; what it cost is on standard error", async () => {
  const written = await run(["generate", "tokens:3x1", "a", "boat", "--system", "Be short.", "--max-tokens", "30"]);
  expect(written).toMatchObject({ code: 0, stdout: "token0 token1 token2 \n" });
  expect(written.stderr).toMatch(
    /^darkroom: @cf\/ibm-granite\/granite-4\.0-h-micro, 3 tokens, 2\.5 neurons, first text after \d+ ms\n$/,
  );
  expect(await run(["generate"], { stdin: "cut-off boats" })).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/neurons/),
  });
  await run(["generate", "Who", "sails?", "-"], { stdin: "The crew does." });
  const { chats } = await darkroom.modelCalls();
  expect(Object.keys(chats)).toContain("The crew does.\n\nWho sails?");
  const whole = await run(["generate", "a word", "--tier", "accurate", "--json"]);
  expect(JSON.parse(whole.stdout)).toMatchObject({ finishReason: "stop", choice: { tier: "accurate" } });
  expect(await run(["generate", "a", "word", "--dry-run", "--max-tokens", "1000"])).toMatchObject({
    code: 0,
    stdout: "at most 10.2 neurons\n",
  });
  expect(await run(["generate", "break:1", "tokens:3x10"])).toMatchObject({ code: 5, stdout: "token0 \n" });
  expect(await run(["generate", "x", "--latency-budget-ms", "1"])).toMatchObject({ code: 2 });
  expect(await run(["generate", "x", "--temperature", "warm"])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/Give a number from 0 to 2/),
  });
  expect(await run(["generate", "x", "--json-schema", "absent.json"])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/--json-schema: 'absent\.json' cannot be used: ENOENT/),
  });
  const refused = await run(["generate", "-"], { stdin: Buffer.from([0x66, 0xff]) });
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/not UTF-8/) });
});

test("a text that is not UTF-8 is refused with what to do, as a file and as an argument", async () => {
  await writeFile(
    join(folder, "menu.txt"),
    Uint8Array.from("caf\xe9", (char) => char.charCodeAt(0)),
  );
  const file = await run(["submit", "menu.txt"]);
  expect(file).toMatchObject({ code: 2, stdout: "" });
  expect(file.stderr).toMatch(/is not UTF-8 \(byte 3 is 0xE9\); it looks like Windows-1252.*iconv -f WINDOWS-1252/s);
  // A shell passes bytes on. Node replaces them with a replacement character.
  const argument = await ended(start(["-c", `exec "${BIN}" submit --prompt "$(printf 'caf\\351')"`], "/bin/sh"));
  expect(argument).toMatchObject({ code: 2, stdout: "" });
  expect(argument.stderr).toMatch(/is not UTF-8; set the terminal to UTF-8/);
});
