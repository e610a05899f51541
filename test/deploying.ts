// Runs deploy/ with the real wrangler against a stand-in for the platform, in a copy of the project, so that runs do not change each other.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "vitest";

import { ACCOUNT_ID, type PlatformOptions, startPlatform } from "./platform/server.ts";

export type Platform = Awaited<ReturnType<typeof startPlatform>>;

const ROOT = join(import.meta.dirname, "..");
const WRANGLER = "node_modules/wrangler/bin/wrangler.js";
/** The files that are built, and the files that build and deploy them. */
const PARTS = [
  "deploy",
  "shared",
  "producer",
  "consumer",
  "dashboard/dist",
  "worker.ts",
  "tsconfig.json",
  "package.json",
];

export interface Ended {
  readonly exitCode: number | null;
  readonly output: string;
}

export interface Project {
  /** Replace the account with a new one. */
  account(options?: PlatformOptions): Promise<Platform>;
  /** Run `npm run deploy -- …args`, without access to a login of this machine or of its CI. */
  deploy(args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Run `bin/provision …args`. */
  provision(args?: readonly string[]): Promise<Ended>;
  /** Run a command that a run has printed: `npx wrangler …`. */
  type(command: string): Promise<Ended>;
  /** Build once. Later runs bundle the bundle, which takes a quarter less time. */
  prebuild(): Promise<void>;
  remove(): Promise<void>;
}

/** @param configure changes wrangler.jsonc. */
export async function createProject(configure: (config: string) => string = (config) => config): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), "darkroom-deploy-"));
  await Promise.all(PARTS.map((part) => cp(join(ROOT, part), join(folder, part), { recursive: true })));
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const config = await readFile(join(ROOT, "wrangler.jsonc"), "utf8");
  await writeFile(join(folder, "wrangler.jsonc"), configure(config));
  let platform: Platform | undefined;
  const running = new Set<ChildProcess>();

  async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    if (platform === undefined) throw new Error("a test deploys before it has an account");
    const own = {
      PATH: process.env["PATH"] ?? "",
      HOME: folder,
      XDG_CONFIG_HOME: folder,
      NO_COLOR: "1",
      NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(folder, "compiled"), // a run starts wrangler ten times
      WRANGLER_SEND_METRICS: "false",
      // An account that was selected on this machine.
      WRANGLER_CACHE_DIR: join(folder, "cache"),
      CLOUDFLARE_API_BASE_URL: platform.url,
      CLOUDFLARE_API_TOKEN: "token",
      CLOUDFLARE_ACCOUNT_ID: ACCOUNT_ID,
      ...env,
    };
    const child = spawn(process.execPath, args, { cwd: folder, env: own as unknown as NodeJS.ProcessEnv });
    running.add(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    const exitCode = await new Promise<number | null>((resolve) => child.on("close", resolve));
    running.delete(child);
    return { exitCode, output };
  }

  return {
    async account(options) {
      await platform?.close();
      platform = await startPlatform(options);
      return platform;
    },
    deploy: (args = [], env) => run(["deploy/run.ts", ...args], env),
    provision: (args = []) => run(["deploy/run.ts", "--only-parts", ...args]),
    type: (command) => {
      const [npx, wrangler, ...args] = command.split(" ");
      expect([npx, wrangler]).toEqual(["npx", "wrangler"]);
      return run([WRANGLER, ...args]);
    },
    async prebuild() {
      const path = join(folder, "wrangler.jsonc");
      const before = await readFile(path, "utf8");
      const after = before.replace('"main": "worker.ts"', '"main": "built/worker.js"');
      if (after === before) return;
      const { exitCode } = await run([WRANGLER, "deploy", "--dry-run", "--outdir=built", "--env="]);
      expect(exitCode).toBe(0);
      await writeFile(path, after);
    },
    async remove() {
      // It belongs to a test that took too long.
      for (const child of running) child.kill();
      await platform?.close();
      await rm(folder, { recursive: true, maxRetries: 20 });
    },
  };
}

const KEY = /Admin key, shown only once: dk_(k\d+)_([0-9a-f]{48})/g;

/** The keys that runs have shown, by their ids, with their secrets as D1 stores them. */
export function keysShown(...runs: readonly Ended[]): readonly (readonly [id: string, hash: string])[] {
  const all = runs.flatMap(({ output }) => Array.from(output.matchAll(KEY)));
  return all.map(([, id = "", secret = ""]) => [id, createHash("sha256").update(secret).digest("hex")] as const);
}

/** The keys in D1, in the form of `keysShown`. */
export function keysStored({ databases }: Platform): readonly (readonly [id: string, hash: string])[] {
  const rows = databases.get("darkroom")?.sql.prepare("SELECT id, secret_hash FROM api_keys").all() ?? [];
  return rows.map(({ id, secret_hash }) => [String(id), String(secret_hash)] as const);
}

/** Everything that a complete deployment has. */
export function expectWhole({ buckets, queues, databases, workers }: Platform, bucket = "darkroom-media"): void {
  expect(buckets.get(bucket)?.notifications).toMatchObject([
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
