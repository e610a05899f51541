import { createHash, randomBytes } from "node:crypto";

import { SCOPES } from "../shared/keys/scopes.ts";
import { adviceFor, reasonIn } from "./refusals.ts";
import type { Ran, Wrangler } from "./wrangler.ts";

/**
 * Make the operator an admin key where none is valid. D1 keeps its SHA-256 alone, so the key is printed before D1 is asked to
 * store it: whatever becomes of the answer, or of this process, a key that D1 has is one that was shown.
 * @returns false if it is not known to be there.
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
  const owner = `'${operatorId.replaceAll("'", "''")}'`;
  // Without a key that can make others nobody could ever get in: a lost or expired last one is replaced here.
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
  console.log(`Admin key, shown this once: dk_${id}_${secret}`);
  // One statement: of two who deploy at the same moment one gets a key.
  const made = await execute(
    wrangler,
    `INSERT INTO api_keys (id, owner_id, label, secret_hash, created_at, scopes) SELECT '${id}', ${owner}, 'first admin key', '${hash}', ${now}, '${JSON.stringify(SCOPES)}' WHERE NOT EXISTS (${valid}) RETURNING id`,
  );
  if (!made.ok) {
    warn(made);
    console.warn(`  Keep the key above: if the next run says that dk_${id}_… is there already, it is this one.`);
    return false;
  }
  if (idIn(made) === id) console.log(`# D1 has stored dk_${id}_….`);
  else console.warn("warning: another run has made an admin key at the same moment: the key above is not valid.");
  return true;
}

async function execute(wrangler: Wrangler, sql: string): Promise<Ran> {
  return wrangler.look("d1", "execute", "DB", "--remote", "--yes", "--json", "--command", sql);
}

/** Of the one row that was answered; undefined where there was none. */
function idIn({ stdout }: Ran): string | undefined {
  return /"id":\s*"([^"]+)"/.exec(stdout)?.[1];
}

function warn({ output }: Ran): false {
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
