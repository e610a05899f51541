import { Hono } from "hono";

import { listAudit } from "../../shared/db/audit.ts";
import type { App } from "../app.ts";
import { paginate } from "../cursor.ts";
import { auditView } from "../letter-view.ts";
import { AuditQuery } from "../requests.ts";
import { parseQuery } from "../validate.ts";

export const audit = new Hono<App>();

/** Who did what, newest first. */
audit.get("/", async (c) => {
  const query = parseQuery(c, AuditQuery);
  if (!query.ok) return query.response;
  const { cursor, limit, subject, act } = query.value;
  const rows = await listAudit(
    c.env.DB,
    { subject, act },
    { ownerId: c.get("ownerId"), limit: limit + 1, before: cursor },
  );
  const { page, nextCursor } = paginate(rows, limit, (row) => ({ at: row.createdAt, id: row.id }));
  return c.json({ audit: page.map(auditView), nextCursor });
});
