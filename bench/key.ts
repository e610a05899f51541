import { createHash } from "node:crypto";

const SECRET = "b".repeat(32);

/** Insert a key that may read and write, with an id of letters. Returns the header that carries it. */
export async function insertBenchKey(db: D1Database, id = "bench"): Promise<{ readonly authorization: string }> {
  await db
    .prepare(
      "INSERT INTO api_keys (id, owner_id, label, secret_hash, created_at) VALUES (?1, 'operator', 'bench', ?2, 0)",
    )
    .bind(id, createHash("sha256").update(SECRET).digest("hex"))
    .run();
  return { authorization: `Bearer dk_${id}_${SECRET}` };
}
