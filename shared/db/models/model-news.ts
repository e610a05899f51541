/** Note that this model answers none of the account's calls. @returns whether this is the first note of the day, by UTC. */
export async function noteUnusable(db: D1Database, model: string, now: number): Promise<boolean> {
  const noted = await db
    .prepare(
      `INSERT INTO cursors (name, value) VALUES ('model.unusable:' || ?1, ?2)
       ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value <> excluded.value
       RETURNING name`,
    )
    .bind(model, new Date(now).toISOString().slice(0, 10))
    .first();
  return noted !== null;
}
