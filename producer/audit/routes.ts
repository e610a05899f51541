import { Hono } from "hono";

import { listAudit } from "../../shared/db/keys/audit.ts";
import type { App } from "../http/app.ts";
import { pageLinks, paginate } from "../http/cursor.ts";
import { describe, query } from "../http/describe.ts";
import { auditView } from "./view.ts";
import { AuditQuery, AuditPage, AUDIT } from "./schema.ts";

export const audit = new Hono<App>();

/** List the audit log, newest first. */
audit.get(
  "/",
  describe({
    operationId: "listAudit",
    summary: "List the audit log: which key did what, newest first",
    description:
      "Lists each action, its subject, and the key or person behind it: keys, budgets, pauses, redrives, deletions. Nobody can change the log.",
    tags: ["operations"],
    answers: {
      200: { description: "a page", schema: AuditPage, example: AUDIT, headers: { link: 'the next page, rel="next"' } },
    },
    problems: ["invalid_request"],
  }),
  query(AuditQuery),
  async (c) => {
    const { cursor, limit, subject, act } = c.req.valid("query");
    const rows = await listAudit(
      c.env.DB,
      { subject, act },
      { ownerId: c.get("ownerId"), limit: limit + 1, before: cursor },
    );
    const { page, nextCursor } = paginate(rows, limit, (row) => ({ at: row.createdAt, id: row.id }));
    return c.json({ audit: page.map(auditView), nextCursor }, 200, pageLinks(c, nextCursor));
  },
);
