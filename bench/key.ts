import { createHash } from "node:crypto";

const SECRET = "b".repeat(32);

/** A key that may read and write. @returns the headers that carry it. */
export async function insertBenchKey(db: D1Database): Promise<{ readonly authorization: string }> {
  await db
    .prepare(
      "INSERT INTO api_keys (id, owner_id, label, secret_hash, created_at) VALUES ('bench', 'operator', 'bench', ?1, 0)",
    )
    .bind(createHash("sha256").update(SECRET).digest("hex"))
    .run();
  return { authorization: `Bearer dk_bench_${SECRET}` };
}
