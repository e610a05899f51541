// `npm run deploy` with the real wrangler against a stand-in for the platform's API: from an empty account, and, when asked for,
// from what a run leaves behind that was interrupted at any of its calls. More in deploy-again.test.ts and deploy-parts.test.ts.
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { SIGNED_HEADERS } from "../shared/signed-headers.ts";
import { createProject, expectWhole, keysShown, keysStored, type Platform, type Project } from "./deploying.ts";
import { FORBIDDEN } from "./platform/route.ts";

// A bound, not an expectation: 15 s of two idle cores.
vi.setConfig({ testTimeout: 1_200_000 });

let project: Project;
beforeAll(async () => {
  project = await createProject();
});
afterAll(() => project.remove());

test("an empty account is deployed to by one command", async () => {
  const darkroom = await project.account();
  // What this machine's environment is called must not lead production astray.
  const first = await project.deploy(["--origin", "https://app.example.com"], { CLOUDFLARE_ENV: "local" });
  expect(first).toMatchObject({ exitCode: 0 });
  expect(first.output).not.toMatch(/warning/i);
  expect(keysShown(first)).toHaveLength(1);
  expect(keysStored(darkroom)).toEqual(keysShown(first));
  expectWhole(darkroom);
  expect(darkroom.buckets.get("darkroom-media")?.cors).toMatchObject({
    rules: [{ allowed: { origins: ["https://app.example.com"], methods: ["PUT"], headers: SIGNED_HEADERS } }],
  });

  // No secret is asked for, and nothing of the local environment's is among what was uploaded.
  const script = darkroom.workers.scripts.get("darkroom");
  const bindings = script?.metadata.bindings ?? [];
  expect(bindings.map(({ name, type }) => `${name} ${type}`).toSorted()).toEqual([
    "AI ai",
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
  expect(script?.metadata).toMatchObject({
    compatibility_flags: ["global_fetch_strictly_public", "enable_request_signal"],
    limits: { cpu_ms: 180_000 },
  });
  expect(script?.code).not.toContain("darkroom-local-ai");
});

/** `npm run deploy:states`: the call to begin with. */
const FIRST_STATE = process.env["DARKROOM_DEPLOY_STATES"];

/** How the platform interrupts a run, once. */
const INTERRUPTIONS: Readonly<Record<string, (platform: Platform, isIt: (call: string) => boolean) => void>> = {
  "is refused": (platform, isIt) => platform.refuseWhen((call) => (isIt(call) ? FORBIDDEN : null)),
  "does what it asks for, and its answer is lost": (platform, isIt) => platform.loseAnswersOf(isIt),
};

// Each is two deployments, half a minute of two idle cores: with some 17 calls a quarter of an hour in all.
test.skipIf(FIRST_STATE === undefined).each(Object.entries(INTERRUPTIONS))(
  "from every half-finished state the next run finishes: a call %s",
  { timeout: 4 * 3_600_000 },
  async (_, interrupt) => {
    const { calls } = await project.account();
    await project.prebuild();
    await project.deploy();
    const changes = calls.filter((call) => !call.startsWith("GET "));
    // Bucket, database, migration, Worker, three queues with a consumer each, cron, rules, key.
    expect(changes.length).toBeGreaterThan(14);
    const wrong: unknown[] = [];
    for (let failing = Number(FIRST_STATE) - 1; failing < changes.length; failing += 1) {
      const platform = await project.account();
      let seen = -1;
      interrupt(platform, (call) => {
        if (call.startsWith("GET ")) return false;
        seen += 1;
        return seen === failing;
      });
      const interrupted = await project.deploy();
      const again = await project.deploy();
      try {
        expect(again).toMatchObject({ exitCode: 0, output: expect.not.stringContaining("warning:") });
        expect(keysShown(interrupted, again)).toContainEqual(keysStored(platform)[0]);
        expectWhole(platform);
        console.log(`${failing + 1} of ${changes.length} passed: ${changes[failing]}`);
      } catch (error) {
        wrong.push({ call: changes[failing], error: String(error), interrupted, again });
        console.log(`${failing + 1} of ${changes.length} FAILED: ${changes[failing]}`);
      }
    }
    expect(wrong).toEqual([]);
  },
);
