// `npm run deploy` with the real wrangler against a stand-in for the platform's API: from an empty account, and on request from the
// state that an interrupted run leaves behind. There is more in deploy-again.test.ts and deploy-parts.test.ts.
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { SIGNED_HEADERS } from "../shared/uploads/signed-headers.ts";
import {
  createProject,
  type Ended,
  expectWhole,
  keysShown,
  keysStored,
  type Platform,
  type Project,
} from "./deploying.ts";
import { FORBIDDEN } from "./platform/route.ts";

// This is a bound, not an expectation. A run takes 15 s of two idle cores.
vi.setConfig({ testTimeout: 1_200_000 });

let project: Project;
beforeAll(async () => {
  project = await createProject();
});
afterAll(() => project.remove());

test("an empty account is deployed to by one command", async () => {
  const darkroom = await project.account();
  // Environment names on this machine must not affect production.
  const first = await project.deploy(["--origin", "https://app.example.com"], { CLOUDFLARE_ENV: "local" });
  expect(first).toMatchObject({ exitCode: 0 });
  expect(first.output).not.toMatch(/warning/i);
  expect(keysShown(first)).toHaveLength(1);
  expect(keysStored(darkroom)).toEqual(keysShown(first));
  expectWhole(darkroom);
  expect(darkroom.buckets.get("darkroom-media")?.cors).toMatchObject({
    rules: [{ allowed: { origins: ["https://app.example.com"], methods: ["PUT"], headers: SIGNED_HEADERS } }],
  });

  // No secret is asked for, and the upload contains nothing of the local environment.
  const script = darkroom.workers.scripts.get("darkroom");
  const bindings = script?.metadata.bindings ?? [];
  expect(bindings.map(({ name, type }) => `${name} ${type}`).toSorted()).toEqual([
    "AI ai",
    "ASSETS assets",
    "DB d1",
    "DEAD_LETTERS queue",
    "DEAD_LETTER_QUEUE plain_text",
    "MEDIA r2_bucket",
    "REQUESTS ratelimit",
    "TASKS queue",
    "UPLOADS queue",
  ]);
  expect(bindings.find(({ name }) => name === "DEAD_LETTER_QUEUE")?.text).toBe(
    bindings.find(({ name }) => name === "DEAD_LETTERS")?.queue_name,
  );
  for (const { name } of bindings) expect(script?.code).toMatch(new RegExp(String.raw`\.${name}\b`));
  // The page's files are uploaded, and all other requests go to the Worker first.
  expect(darkroom.workers.assets.size).toBeGreaterThan(5);
  expect(script?.metadata.assets?.config.run_worker_first).toEqual(["/*", "!/assets/*"]);
  expect(script?.metadata).toMatchObject({
    compatibility_flags: ["global_fetch_strictly_public", "enable_request_signal"],
    limits: { cpu_ms: 180_000 },
  });
  expect(script?.code).not.toContain("darkroom-local-ai");
});

/** Whether this is the call to interrupt. */
type IsIt = (call: string, body: string) => boolean;
const INTERRUPTIONS: Readonly<Record<string, (platform: Platform, isIt: IsIt) => void>> = {
  "is refused": (platform, isIt) => platform.refuseWhen((call, body) => (isIt(call, body) ? FORBIDDEN : null)),
  "does what it asks for, and its answer is lost": (platform, isIt) => platform.loseAnswersOf(isIt),
};

/** Ids and times, which differ in each run. */
const CHANGING = /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|[\da-f]{16,}|\d{6,}/g;

// `npm run deploy:states`: about 25 runs each, six minutes of two idle cores. Each run is interrupted at the first call that changes
// something and was not interrupted before. So it begins in the state in which the previous run has left the account. Calls that follow in
// the same run, because the run continued after an interruption, are interrupted in a new account.
test.skipIf(process.env["DARKROOM_DEPLOY_STATES"] === undefined).each(Object.entries(INTERRUPTIONS))(
  "from every half-finished state the next run goes on: a call %s",
  { timeout: 4 * 3_600_000 },
  async (how, interrupt) => {
    const tried = new Set<string>();
    let isFirstWhole = false;
    await project.account();
    await project.prebuild();
    while (!isFirstWhole) {
      const platform = await project.account();
      let interrupted: string | null = null;
      interrupt(platform, (call, body) => {
        if (call.startsWith("GET ")) return false;
        // An upload is a form, so only its path is compared.
        const name = `${call} ${body.startsWith("-") ? "" : body}`.replaceAll(CHANGING, "…");
        if (interrupted !== null || tried.has(name)) return false;
        tried.add(name);
        interrupted = name;
        return true;
      });
      const runs: Ended[] = [];
      do {
        interrupted = null;
        const run = await project.deploy();
        runs.push(run);
        console.log(`exit code ${run.exitCode}: ${(interrupted ?? "not interrupted").slice(0, 120)}`);
        // After a lost answer, wrangler may retry by itself.
        const mustSay = how === "is refused" && interrupted !== null;
        expect(mustSay && run.exitCode === 0 ? run.output : "a warning").toMatch(/warning/i);
        expect(tried.size).toBeLessThan(60);
      } while (interrupted !== null);
      isFirstWhole = runs.length === 1;
      expect(runs.at(-1)).toMatchObject({ exitCode: 0, output: expect.not.stringContaining("warning:") });
      expect(keysStored(platform)).toHaveLength(1);
      expect(keysShown(...runs)).toContainEqual(keysStored(platform)[0]);
      expectWhole(platform);
    }
    const all = [...tried].join("\n");
    for (const call of [
      /^POST \/r2\/buckets /m,
      /^POST \/d1\/database /m,
      /CREATE TABLE jobs/,
      /^PUT \/workers\/scripts\/darkroom $/m,
      /"queue_name":"media-dead-letters"/,
      /^PUT \/queues\/…\/consumers/m,
      /^PUT \/workers\/scripts\/darkroom\/schedules /m,
      /^PUT \/event_notifications/m,
      /INSERT INTO api_keys/,
    ]) {
      expect(all).toMatch(call);
    }
  },
);
