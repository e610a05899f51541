import { createHash, randomBytes } from "node:crypto";

import { SCOPES } from "../shared/scopes.ts";
import { DEFAULT_SETTINGS } from "../shared/settings.ts";
import { adviceFor, reasonIn } from "./refusals.ts";
import type { Wrangler } from "./wrangler.ts";

const OWNER = DEFAULT_SETTINGS.OPERATOR_ID;

/** Without a key that can make others nobody could ever get in: a lost or expired last one is replaced here. */
const COUNT_KEYS = `SELECT count(*) AS keys FROM api_keys WHERE owner_id = '${OWNER}' AND scopes LIKE '%"admin"%' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > unixepoch() * 1000)`;

/**
 * Make the operator an admin key where none is valid, and print it: this once, D1 keeps its SHA-256.
 * @returns whether there is one now, or whoever deploys is told how to get one.
 */
export async function ensureAdminKey(wrangler: Wrangler, now: number): Promise<boolean> {
  const counted = await execute(wrangler, COUNT_KEYS);
  const keys = /"keys":\s*(\d+)/.exec(counted.stdout)?.[1];
  if (keys === undefined && !wrangler.isDryRun) return warn(counted.output);
  if (keys !== undefined && keys !== "0") {
    console.log("# there already: an admin key of the operator");
    return true;
  }
  if (isInCi()) {
    console.log(
      "# No admin key is made in CI, whose log would keep it. Open /setup with the SETUP_TOKEN, or run bin/provision.",
    );
    return true;
  }
  if (wrangler.isDryRun) {
    console.log("# make the operator's first admin key in D1, and print it");
    return true;
  }
  const id = `k${Math.floor(now / 1000)}`;
  const secret = randomBytes(24).toString("hex");
  const hash = createHash("sha256").update(secret).digest("hex");
  const made = await execute(
    wrangler,
    `INSERT INTO api_keys (id, owner_id, label, secret_hash, created_at, scopes) VALUES ('${id}', '${OWNER}', 'first admin key', '${hash}', ${now}, '${JSON.stringify(SCOPES)}')`,
  );
  if (!made.ok) return warn(made.output);
  console.log(`Admin key, shown this once: dk_${id}_${secret}`);
  return true;
}

async function execute(wrangler: Wrangler, sql: string) {
  return wrangler.look("d1", "execute", "DB", "--remote", "--yes", "--json", "--command", sql);
}

function warn(output: string): false {
  console.warn(`warning: could not make the operator's first admin key: ${reasonIn(output)}`);
  const advice = adviceFor(output);
  if (advice !== null) console.warn(`  ${advice}`);
  console.warn(
    "  Until there is one nobody can use the API. Run bin/provision again, or set SETUP_TOKEN and open /setup.",
  );
  return false;
}

function isInCi(): boolean {
  return [process.env["CI"], process.env["WORKERS_CI"]].some(
    (value) => value !== undefined && !["", "0", "false"].includes(value),
  );
}
