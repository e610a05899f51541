import { parseOwn } from "../../shared/input/read-json.ts";
import type { AuditRow } from "../../shared/db/keys/audit.ts";
import type { DeadLetter, DeadLetterDetail, LetterGroup } from "../../shared/db/redrives/dead-letter-reads.ts";
import type { AttemptRow } from "../../shared/jobs/job-detail.ts";
import { auditView } from "../audit/view.ts";
import type * as view from "./schema.ts";
import { attemptView } from "../jobs/view.ts";
import { iso } from "../http/time.ts";

/** Dead letters with the same fingerprint. */
export function groupView(group: LetterGroup, origin: string): view.LetterGroup {
  return {
    fingerprint: group.fingerprint,
    kind: group.kind,
    code: group.code,
    message: group.message,
    count: group.count,
    isAtLeast: group.isAtLeast,
    firstSeenAt: iso(group.firstSeenAt),
    lastSeenAt: iso(group.lastSeenAt),
    sample: {
      id: group.sampleId,
      jobId: group.sampleJobId,
      taskId: group.sampleTaskId,
      reason: group.sampleReason,
      url: `${origin}/v1/dead-letters/${group.sampleId}`,
    },
  };
}

/** A dead letter with every attempt of its task. */
export function letterView(letter: DeadLetter, attempts: readonly AttemptRow[], origin: string): view.DeadLetter {
  return {
    id: letter.id,
    fingerprint: letter.fingerprint,
    kind: letter.kind,
    queue: letter.queue,
    taskId: letter.taskId,
    jobId: letter.jobId,
    body: letter.body,
    code: letter.code,
    reason: letter.reason,
    state: letter.state,
    note: letter.note,
    redriveId: letter.redriveId,
    createdAt: iso(letter.createdAt),
    redrivenAt: iso(letter.redrivenAt),
    discardedAt: iso(letter.discardedAt),
    attempts: attempts.filter((attempt) => attempt.taskId === letter.taskId).map(attemptView),
    url: `${origin}/v1/dead-letters/${letter.id}`,
  };
}

/** A dead letter with its task's options, which a redrive may edit, and its audit log. */
export function letterDetailView(
  letter: DeadLetterDetail,
  { attempts, audit, origin }: { attempts: readonly AttemptRow[]; audit: readonly AuditRow[]; origin: string },
): view.DeadLetterDetail {
  const args = parseOwn(letter.args ?? "{}") as { options?: unknown };
  return {
    ...letterView(letter, attempts, origin),
    options: args.options ?? null,
    taskState: letter.taskState,
    jobState: letter.jobState,
    audit: audit.map(auditView),
  };
}
