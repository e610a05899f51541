// `npm run deploy`: deploys production, to an empty account or over an earlier deployment. Safe to run again after any failure.
import { Command } from "commander";

import { ensureAdminKey } from "./admin-key.ts";
import { bucketParts } from "./bucket-parts.ts";
import { indexParts } from "./index-parts.ts";
import { type Options, problemWith, withOptions } from "./options.ts";
import { ensure, type Part } from "./part.ts";
import { bucketPart, databasePart } from "./places.ts";
import { adviceFor } from "./refusals.ts";
import { readTarget, type Target } from "./target.ts";
import { createWrangler, type Wrangler } from "./wrangler.ts";

const command = withOptions(new Command("npm run deploy --"))
  .description(
    "Deploy production: the build, the database and its migrations, the Worker, and what wrangler does not create.",
  )
  .option("--only-parts", "leave the Worker and the tables as they are (bin/provision)");
const options = command.parse().opts<Options & { readonly onlyParts?: true }>();
const target = readTarget();
const problem = problemWith(options, target);
if (problem !== null) command.error(`${problem}\n`);
const wrangler = createWrangler({ isDryRun: options.dryRun === true });
process.exitCode = (await (options.onlyParts === true ? provision() : deploy())) ? 0 : 1;

/** A refusal after the Worker runs is only a warning, because the Worker works without that part meanwhile. */
async function deploy(): Promise<boolean> {
  // Build first: a Worker that cannot be built must not migrate the database.
  const isDeployed =
    (await step("deploy", "--dry-run", "--outdir=dist")) &&
    (await ensureAll([bucketPart(target, options), databasePart(target, options), ...indexParts(target)])) &&
    (await step("d1", "migrations", "apply", "DB", "--remote")) &&
    (await step("deploy"));
  if (!isDeployed) {
    console.error("Not deployed. Everything created so far stays, and the next run continues from there.");
    return false;
  }
  await afterDeploy(target, wrangler);
  return true;
}

async function provision(): Promise<boolean> {
  const isPlaced = options.location !== undefined || options.jurisdiction !== undefined;
  const places = isPlaced ? [bucketPart(target, options), databasePart(target, options)] : [];
  const isReady = await ensureAll([...places, ...indexParts(target)]);
  const isDone = isReady && (await afterDeploy(target, wrangler));
  if (!isDone) console.error("Some parts are missing. npm run deploy creates the tables, the queues and the bucket.");
  return isDone;
}

/** Ensure parts one after the other, up to the first that fails: each needs those before it. */
async function ensureAll(parts: readonly Part[]): Promise<boolean> {
  for (const part of parts) if (!(await ensure(part, wrangler))) return false;
  return true;
}

async function afterDeploy(of: Target, by: Wrangler): Promise<boolean> {
  const origins = options.origin.length > 0 ? options.origin : of.origins;
  // In parallel: each is one or two calls that wait for the platform, and none needs another.
  const parts = await bucketParts(of, origins);
  const made = await Promise.all([
    ...parts.map(async (part) => ensure(part, by)),
    ensureAdminKey(by, { operatorId: of.operatorId, now: Date.now() }),
  ]);
  return made.every(Boolean);
}

async function step(...args: readonly string[]): Promise<boolean> {
  const { ok, output } = await wrangler.run(...args);
  if (ok) return true;
  const advice = adviceFor(output);
  if (advice !== null) console.error(`\n${advice}`);
  return false;
}
