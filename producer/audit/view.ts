import type { AuditRow } from "../../shared/db/keys/audit.ts";
import { parseOwn } from "../../shared/input/read-json.ts";
import { iso } from "../http/time.ts";
import type { AuditEntry } from "./schema.ts";

export function auditView(row: AuditRow): AuditEntry {
  return {
    id: row.id,
    at: iso(row.createdAt),
    actor: row.actor,
    act: row.act,
    subject: row.subject,
    detail: parseOwn(row.detail),
  };
}
