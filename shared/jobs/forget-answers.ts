import { findAnswers, type KeptAnswer, replaceAnswers } from "../db/keys/idempotency.ts";

/**
 * The answer to a repeated request whose job has been deleted. The request still does not count as new, so nothing is created
 * again. The body is that of a problem; producer/http/problem.ts has its title and status as well, and a test compares them.
 */
export const DELETED_STATUS = 410;
export const DELETED_TITLE = "The job has been deleted";

function problemOf(jobId: string) {
  return {
    type: "urn:darkroom:problem:job_deleted",
    title: DELETED_TITLE,
    status: DELETED_STATUS,
    detail: `The first request with this Idempotency-Key created job '${jobId}', which has since been deleted. A new request needs a new key.`,
    code: "job_deleted",
  };
}

/** Remove a deleted job from the answers that are kept for repeated requests. Reads the owner's answers of a day. */
export async function forgetAnswers(db: D1Database, job: { id: string; ownerId: string }): Promise<void> {
  const found = await findAnswers(db, job.ownerId, job.id);
  await replaceAnswers(
    db,
    job.ownerId,
    found.flatMap((answer) => withoutJob(answer, job.id) ?? []),
  );
}

/** Return an answer without the job; null for an answer that names the job and shows nothing of it. */
function withoutJob(answer: KeptAnswer, jobId: string): KeptAnswer | null {
  const body = JSON.parse(answer.body) as { id?: unknown; results?: unknown }; // our own JSON: no other answer names a job
  if (body.id === jobId) {
    const headers = { "content-type": "application/problem+json" };
    return {
      ...answer,
      status: DELETED_STATUS,
      headers: JSON.stringify(headers),
      body: JSON.stringify(problemOf(jobId)),
    };
  }
  if (!Array.isArray(body.results)) return null;
  const results = (body.results as { index: number; job?: { id: string } }[]).map((result) =>
    result.job?.id === jobId ? { index: result.index, status: DELETED_STATUS, problem: problemOf(jobId) } : result,
  );
  return { ...answer, body: JSON.stringify({ ...body, results }) };
}
