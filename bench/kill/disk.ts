// The state of a killed runtime on its disk, while nothing uses it.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** A task that held a lease when its consumer was killed. */
export interface CaughtTask {
  readonly id: string;
  readonly jobId: string;
  readonly kind: string;
  /** JSON. */
  readonly args: string;
  /** Whether everything that an attempt stores was already in the bucket. */
  readonly isStored: boolean;
}

const STORED_BY: Readonly<Record<string, readonly string[]>> = {
  classify: ["labels.json"],
  generate_image: ["image.jpg"],
  transcribe: ["transcript.json", "transcript.txt", "transcript.vtt", "transcript.srt"],
};

export async function readCaught(state: string): Promise<readonly CaughtTask[]> {
  const tasks = await onDisk(state, "tasks", (database) =>
    database.prepare("SELECT id, job_id AS jobId, kind, args FROM tasks WHERE state = 'running'").all(),
  );
  const objects = await onDisk(state, "_mf_objects", (database) =>
    database.prepare("SELECT key FROM _mf_objects WHERE key LIKE 'results/%'").all(),
  );
  const keys = new Set(objects.map(({ key }) => String(key)));
  return (tasks as unknown as Omit<CaughtTask, "isStored">[]).map((task) => {
    const attempts = [...keys]
      .filter((key) => key.startsWith(`results/${task.jobId}/`))
      .map((key) => key.slice(0, key.lastIndexOf("/")));
    const names = STORED_BY[task.kind];
    const isStored = attempts.some((attempt) => names?.every((name) => keys.has(`${attempt}/${name}`)));
    return { ...task, isStored };
  });
}

/**
 * Pretend that the machine was off for this long: what a killed consumer held expires, and no process has to wait for it. The
 * times of every task and every reading move back; nothing else about them changes.
 */
export async function stayOff(state: string, offMs: number): Promise<void> {
  await onDisk(state, "tasks", (database) => {
    database
      .prepare(
        `UPDATE tasks SET check_at = check_at - ?1, scheduled_at = scheduled_at - ?1, created_at = created_at - ?1,
                leased_at = leased_at - ?1 WHERE finalized_at IS NULL`,
      )
      .run(offMs);
    database.prepare("UPDATE readings SET began_at = began_at - ?1").run(offMs);
    return [];
  });
}

type Row = Record<string, unknown>;

/** Use the one database under `state` that has this table. There is none before the first start. */
async function onDisk(state: string, table: string, run: (database: DatabaseSync) => readonly Row[]) {
  const names = await readdir(state, { recursive: true });
  for (const name of names.filter((one) => one.endsWith(".sqlite"))) {
    const database = new DatabaseSync(join(state, name));
    try {
      const found = database.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1").get(table);
      if (found !== undefined) return run(database);
    } finally {
      database.close();
    }
  }
  throw new Error(`no database under ${state} has a table '${table}'`);
}
