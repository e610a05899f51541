// Makes jobs that failed for good, as after a refusal by the model.
import type { Running } from "./running.ts";

interface JobView {
  readonly id: string;
  readonly state: string;
}

/** Make failed jobs with one cause. After a redrive, the offline models complete them. */
export async function giveUp(
  darkroom: { readonly api: Running["api"]; readonly env: () => Running["env"] },
  texts: readonly string[],
  { code, reason, fingerprint }: { code: string; reason: string; fingerprint: string },
): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const text of texts) {
    const body = JSON.stringify({ kind: "classification", text, reuse: false });
    ids.push((await darkroom.api<JobView>("/v1/jobs", { method: "POST", body })).id);
  }
  const end = Date.now() + 90_000;
  for (const id of ids) {
    while ((await darkroom.api<JobView>(`/v1/jobs/${id}`)).state !== "completed") {
      if (Date.now() > end) throw new Error(`${id} has not ended`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  const { DB } = darkroom.env();
  const failed = JSON.stringify(ids);
  await DB.batch([
    DB.prepare(
      "UPDATE jobs SET state = 'failed', error_code = ?2, error_message = ?3 WHERE id IN (SELECT value FROM json_each(?1))",
    ).bind(failed, code, reason),
    DB.prepare(
      "UPDATE tasks SET state = 'discarded' WHERE job_id IN (SELECT value FROM json_each(?1)) AND is_side = 0",
    ).bind(failed),
    DB.prepare(
      `INSERT INTO dead_letters (id, owner_id, task_id, job_id, queue, kind, code, reason, fingerprint, message_pattern, created_at)
       SELECT 'dl_' || id, owner_id, id, job_id, 'tasks', kind, ?2, ?3, ?4, ?3, ?5
         FROM tasks WHERE job_id IN (SELECT value FROM json_each(?1)) AND is_side = 0`,
    ).bind(failed, code, reason, fingerprint, Date.now()),
  ]);
  return ids;
}
