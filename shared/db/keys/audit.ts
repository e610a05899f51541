import type { Act } from "../../keys/acts.ts";

/** The caller, as the audit log names it: an API key, by its id, for its owner. */
export interface Actor {
  readonly ownerId: string;
  /** `key:<id>`, or `system` for an act that no request asked for. */
  readonly actor: string;
}

export interface AuditRow {
  readonly id: string;
  readonly actor: string;
  readonly act: Act;
  /** The id of what was acted on. */
  readonly subject: string;
  /** JSON. */
  readonly detail: string;
  readonly createdAt: number;
}

const COLUMNS = `id, actor, act, subject, detail, created_at AS createdAt`;

/**
 * Return the statement that inserts the row of an act, for the batch that acts. It is inserted only `where` the act will have
 * its effect, so it comes before the act and repeats its condition. `where` is SQL of our own; its ?1 is the subject, ?2 the
 * owner, ?7 the time. `detail` is SQL too, if only the database knows it.
 */
export function insertAudit(
  db: D1Database,
  { ownerId, actor }: Actor,
  audit: { act: Act; subject: string; detail?: Readonly<Record<string, unknown>>; now: number },
  where: string,
  detail = "?6",
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO audit (id, owner_id, actor, act, subject, detail, created_at)
       SELECT ?3, ?2, ?4, ?5, ?1, ${detail}, ?7 WHERE ${where}`,
    )
    .bind(audit.subject, ownerId, randomAuditId(), actor, audit.act, JSON.stringify(audit.detail ?? {}), audit.now);
}

function randomAuditId(): string {
  return `au_${crypto.randomUUID().replaceAll("-", "")}`;
}

/** List acts, newest first, on one subject or on all; `before` is the position (time and id) of the last one seen. */
export async function listAudit(
  db: D1Database,
  { subject, act }: { subject: string | undefined; act: Act | undefined },
  page: { ownerId: string; limit: number; before: { at: number; id: string } | undefined },
): Promise<readonly AuditRow[]> {
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM audit
        WHERE owner_id = ?1 AND (created_at, id) < (?2, ?3)
          AND (?4 IS NULL OR subject = ?4) AND (?5 IS NULL OR act = ?5)
        ORDER BY created_at DESC, id DESC LIMIT ?6`,
    )
    .bind(
      page.ownerId,
      page.before?.at ?? Number.MAX_SAFE_INTEGER,
      page.before?.id ?? "",
      subject ?? null,
      act ?? null,
      page.limit,
    )
    .all<AuditRow>();
  return results;
}

/** Read the latest 100 acts on any of these subjects, newest first. */
export async function readAudit(
  db: D1Database,
  ownerId: string,
  subjects: readonly string[],
): Promise<readonly AuditRow[]> {
  const { results } = await db
    .prepare(
      `SELECT ${COLUMNS} FROM audit
        WHERE owner_id = ?1 AND subject IN (SELECT value FROM json_each(?2)) ORDER BY created_at DESC, id DESC LIMIT 100`,
    )
    .bind(ownerId, JSON.stringify(subjects))
    .all<AuditRow>();
  return results;
}
