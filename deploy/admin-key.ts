import { createHash, randomBytes } from "node:crypto";

import { SCOPES } from "../shared/keys/scopes.ts";
import { adviceFor, reasonIn } from "./refusals.ts";
import type { Ran, Wrangler } from "./wrangler.ts";

/**
 * Create an admin key for the operator if none is valid. D1 keeps only its SHA-256, so the key is printed before D1 is asked to
 * store it: if D1 has a key, that key was shown, even if the answer or this process was lost.
 * @returns false if the key is not known to be stored.
 */
export async function ensureAdminKey(
  wrangler: Wrangler,
  { operatorId, now }: { operatorId: string; now: number },
): Promise<boolean> {
  if (isInCi()) {
    console.log(
      "# No admin key is created in CI, because the log would keep it. Open /setup with the SETUP_TOKEN, or run bin/provision.",
    );
    return true;
  }
  if (wrangler.isDryRun) {
    console.log("# create the operator's first admin key in D1, and print it");
    return true;
  }
  const owner = `'${operatorId.replaceAll("'", "''")}'`;
  // Without an admin key nobody could create keys, so a lost or expired last one is replaced here.
  const valid = `SELECT id FROM api_keys WHERE owner_id = ${owner} AND scopes LIKE '%"admin"%' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > unixepoch() * 1000)`;
  const found = await execute(wrangler, `${valid} ORDER BY created_at DESC LIMIT 1`);
  if (!found.ok) return warn(found);
  const there = idIn(found);
  if (there !== undefined) {
    console.log(`# there already: an admin key of the operator (dk_${there}_…)`);
    return true;
  }
  const id = `k${Math.floor(now / 1000)}`;
  const secret = randomBytes(24).toString("hex");
  const hash = createHash("sha256").update(secret).digest("hex");
  console.log(`Admin key, shown only once: dk_${id}_${secret}`);
  // One statement: if two people deploy at the same moment, only one gets a key.
  const made = await execute(
    wrangler,
    `INSERT INTO api_keys (id, owner_id, label, secret_hash, created_at, scopes) SELECT '${id}', ${owner}, 'first admin key', '${hash}', ${now}, '${JSON.stringify(SCOPES)}' WHERE NOT EXISTS (${valid}) RETURNING id`,
  );
  if (!made.ok) {
    warn(made);
    console.warn(
      `  Keep the key above. If the next run says that dk_${id}_… is there already, the key above is valid.`,
    );
    return false;
  }
  if (idIn(made) === id) console.log(`# D1 has stored dk_${id}_….`);
  else
    console.warn("warning: the key above is not valid, because another run created an admin key at the same moment.");
  return true;
}

async function execute(wrangler: Wrangler, sql: string): Promise<Ran> {
  return wrangler.look("d1", "execute", "DB", "--remote", "--yes", "--json", "--command", sql);
}

/** The id in the row of the answer; undefined if there is no row. */
function idIn({ stdout }: Ran): string | undefined {
  return /"id":\s*"([^"]+)"/.exec(stdout)?.[1];
}

function warn({ output }: Ran): false {
  console.warn(`warning: could not create the operator's first admin key: ${reasonIn(output)}`);
  const advice = adviceFor(output);
  if (advice !== null) console.warn(`  ${advice}`);
  console.warn("  Nobody can use the API without one. Run bin/provision again, or set SETUP_TOKEN and open /setup.");
  return false;
}

function isInCi(): boolean {
  return [process.env["CI"], process.env["WORKERS_CI"]].some(
    (value) => value !== undefined && !["", "0", "false"].includes(value),
  );
}
