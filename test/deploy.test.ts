// `npm run deploy` with the real wrangler against a stand-in for the platform's API: from an empty account, again, and from
// what an interrupted or refused run leaves behind.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";

import { SIGNED_HEADERS } from "../shared/uploads/signed-headers.ts";
import { FORBIDDEN } from "./platform/route.ts";
import { ACCOUNT_ID, type PlatformOptions, startPlatform } from "./platform/server.ts";

// Up to twenty starts of wrangler a test.
vi.setConfig({ testTimeout: 400_000 });

const ROOT = join(import.meta.dirname, "..");

type Platform = Awaited<ReturnType<typeof startPlatform>>;
let home: string;
let platform: Platform;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "deploy-"));
});
afterEach(() => platform.close());
afterAll(() => rm(home, { recursive: true }));

async function account(options: PlatformOptions = {}): Promise<Platform> {
  platform = await startPlatform(options);
  return platform;
}

/** @returns what it printed and its exit code. A login of this machine, or its CI, is out of reach. */
async function deploy(args: readonly string[] = [], env: Record<string, string> = {}) {
  const { PATH = "" } = process.env;
  const own = {
    PATH,
    HOME: home,
    XDG_CONFIG_HOME: home,
    NO_COLOR: "1",
    NODE_COMPILE_CACHE: join(home, "compiled"), // a run starts wrangler ten times
    WRANGLER_SEND_METRICS: "false",
    CLOUDFLARE_API_BASE_URL: platform.url,
    CLOUDFLARE_API_TOKEN: "token",
    CLOUDFLARE_ACCOUNT_ID: ACCOUNT_ID,
    ...env,
  } as Record<string, string>;
  const child = spawn(process.execPath, ["deploy/run.ts", ...args], { cwd: ROOT, env: own as NodeJS.ProcessEnv });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const exitCode = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { exitCode, output };
}

const KEY = /Admin key, shown this once: dk_k\d+_[0-9a-f]{48}/g;

/** Everything that a deployment has in the end. */
function expectWhole({ buckets, queues, databases, workers }: Platform): void {
  const bucket = buckets.get("darkroom-media");
  expect(bucket?.notifications).toMatchObject([
    {
      queueId: queues.get("media-uploads")?.queue_id,
      rule: { prefix: "inbox/", actions: ["PutObject", "CompleteMultipartUpload", "CopyObject"] },
    },
  ]);
  expect([...queues.values()].map(({ queue_name, consumers }) => [queue_name, consumers[0]?.script])).toEqual([
    ["media-uploads", "darkroom"],
    ["media-tasks", "darkroom"],
    ["media-dead-letters", "darkroom"],
  ]);
  const sql = databases.get("darkroom")?.sql;
  expect(sql?.prepare("SELECT owner_id, label FROM api_keys").all()).toMatchObject([
    { owner_id: "operator", label: "first admin key" },
  ]);
  expect(workers.crons.get("darkroom")).toEqual([{ cron: "* * * * *" }]);
  expect([...workers.deployed]).toEqual(["darkroom"]);
}

test("an empty account is deployed to by one command, and a second run changes nothing", async () => {
  const darkroom = await account();
  // What this machine's environment is called must not lead production astray.
  const first = await deploy(["--origin", "https://app.example.com"], { CLOUDFLARE_ENV: "local" });
  expect(first).toMatchObject({ exitCode: 0 });
  expect(first.output).not.toMatch(/warning/i);
  expect(first.output.match(KEY)).toHaveLength(1);
  expectWhole(darkroom);
  expect(darkroom.buckets.get("darkroom-media")?.cors).toMatchObject({
    rules: [{ allowed: { origins: ["https://app.example.com"], methods: ["PUT"], headers: SIGNED_HEADERS } }],
  });

  const before = darkroom.snapshot();
  const second = await deploy(["--origin", "https://app.example.com"]);
  expect(second).toMatchObject({ exitCode: 0 });
  expect(second.output).not.toContain("warning:");
  expect(second.output.match(KEY)).toBeNull();
  expect(darkroom.snapshot()).toBe(before);

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

test("what is refused after the Worker runs is a warning with its command, and the next run makes it", async () => {
  const darkroom = await account();
  darkroom.refuseWhen((call) => (AFTER_DEPLOY.some((one) => call.startsWith(one)) ? FORBIDDEN : null));
  const refused = await deploy(["--origin", "https://app.example.com"]);
  expect(refused).toMatchObject({ exitCode: 0 });
  const bucket = "npx wrangler r2 bucket";
  expect(refused.output.match(/^warning: could not make .*$/gm)?.toSorted()).toEqual([
    expect.stringContaining("the CORS rule of 'darkroom-media'"),
    expect.stringContaining("the notification rule of 'darkroom-media'"),
  ]);
  for (const command of [
    `${bucket} notification create darkroom-media --event-type=object-create --queue=media-uploads --prefix=inbox/`,
    `${bucket} cors set darkroom-media --force --file=.wrangler/r2-cors.json`,
  ]) {
    expect(refused.output).toContain(`To make it by hand: ${command}`);
  }
  expect(refused.output).toContain("the sweep of maintenance finds uploads");

  darkroom.refuseWhen(() => null);
  expect(await deploy(["--only-parts"])).toMatchObject({ exitCode: 0 });
  expectWhole(darkroom);
});

/** What the build token of the Deploy button is reported to lack, among others. */
const AFTER_DEPLOY = ["PUT /event_notifications", "PUT /r2/buckets/darkroom-media/cors"];

test("a new account is told one after the other what it lacks, and what was made stays", async () => {
  const darkroom = await account({ plan: "free", isR2On: false, subdomain: null });
  const withoutR2 = await deploy();
  expect(withoutR2).toMatchObject({ exitCode: 1 });
  expect(withoutR2.output).toContain("R2 is off for this account. Switch it on in the dashboard");
  expect(withoutR2.output).toContain("Not deployed.");
  expect(darkroom.databases.size).toBe(0);

  darkroom.options.isR2On = true;
  const withoutSubdomain = await deploy();
  expect(withoutSubdomain).toMatchObject({ exitCode: 1 });
  expect(withoutSubdomain.output).toContain("The account has no workers.dev subdomain.");

  darkroom.options.subdomain = "acme";
  const onFree = await deploy();
  expect(onFree).toMatchObject({ exitCode: 1 });
  expect(onFree.output).toContain("Darkroom needs Workers Paid");
  expect([...darkroom.databases.keys()]).toEqual(["darkroom"]);
});

// Half an hour of wrangler: `npm run deploy:states`. DARKROOM_DEPLOY_STATES is the call to begin with.
test.skipIf(process.env["DARKROOM_DEPLOY_STATES"] === undefined)(
  "from every half-finished state the next run finishes",
  { timeout: 4 * 3_600_000 },
  async () => {
    await account();
    await deploy();
    const changes = platform.calls.filter((call) => !call.startsWith("GET ")).length;
    await platform.close();
    expect(changes).toBeGreaterThan(20);
    for (let failing = Number(process.env["DARKROOM_DEPLOY_STATES"]) - 1; failing < changes; failing += 1) {
      await account();
      let seen = -1;
      let name = "";
      platform.refuseWhen((call) => {
        if (call.startsWith("GET ")) return null;
        seen += 1;
        if (seen !== failing) return null;
        name = call;
        return FORBIDDEN;
      });
      const interrupted = await deploy();
      const again = await deploy();
      expect([name, again.exitCode, again.output]).toEqual([name, 0, expect.not.stringContaining("warning:")]);
      expect([name, interrupted.output.match(KEY) ?? again.output.match(KEY)]).toEqual([name, [expect.any(String)]]);
      expectWhole(platform);
      console.log(`${failing + 1} of ${changes}: ${name}`);
      if (failing < changes - 1) await platform.close();
    }
  },
);
