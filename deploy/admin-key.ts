import { createHash, randomBytes } from "node:crypto";

import { SCOPES } from "../shared/keys/scopes.ts";
import { adviceFor, reasonIn } from "./refusals.ts";
import type { Wrangler } from "./wrangler.ts";

/**
 * Make the operator an admin key where none is valid, and print it: this once, D1 keeps its SHA-256.
 * @returns false if D1 was not to be asked.
 */
export async function ensureAdminKey(
  wrangler: Wrangler,
  { operatorId, now }: { operatorId: string; now: number },
): Promise<boolean> {
  if (isInCi()) {
    console.log(
      "# No admin key is made in CI, whose log would keep it: open /setup with the SETUP_TOKEN, or run bin/provision.",
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
  const owner = `'${operatorId.replaceAll("'", "''")}'`;
  // Without a key that can make others nobody could ever get in: a lost or expired last one is replaced here.
  const hasKey = `EXISTS (SELECT 1 FROM api_keys WHERE owner_id = ${owner} AND scopes LIKE '%"admin"%' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > unixepoch() * 1000))`;
  // One statement: of two who deploy at the same moment one gets a key.
  const { ok, stdout, output } = await execute(
    wrangler,
    `INSERT INTO api_keys (id, owner_id, label, secret_hash, created_at, scopes) SELECT '${id}', ${owner}, 'first admin key', '${hash}', ${now}, '${JSON.stringify(SCOPES)}' WHERE NOT ${hasKey} RETURNING id`,
  );
  if (!ok) return warn(output);
  const isMade = stdout.includes(`"${id}"`);
  console.log(
    isMade ? `Admin key, shown this once: dk_${id}_${secret}` : "# there already: an admin key of the operator",
  );
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
