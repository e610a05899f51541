// Fills a database step by step and measures it at each size.
import { rm } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";

import { migratedFolder } from "../../test/migrated.ts";
import { openDatabaseOf } from "../../test/local-database.ts";
import { note } from "../report.ts";
import { type Archived, measureArchived } from "./archived.ts";
import { type Bytes, readBytes } from "./bytes.ts";
import { createHistory } from "./history.ts";
import { measureAll, type Measured } from "./measure.ts";
import type { Pruning } from "./pruning.ts";
import { D1_LIMITS, sqliteD1 } from "./sqlite-d1.ts";

const SEED = 16;

/** Nothing is to outlive a crash of the machine, and random ids touch pages everywhere. */
const FAST = `PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = ON; PRAGMA cache_size = -500000`;

export interface Growth {
  readonly measured: readonly Measured[];
  readonly bytes: Bytes;
  readonly pruning: Pruning;
  /** At the smallest size: what an archived job takes does not depend on how many there are. */
  readonly archived: Archived;
  readonly fillSeconds: number;
}

/** `transcriptWords` is the length of a transcript, which one job in a hundred has; `times` is how often each call is timed at most. */
export interface GrowthOptions {
  readonly transcriptWords: number;
  readonly times: number;
}

/** @param sizes in jobs, the smallest first. */
export async function measureGrowth(
  sizes: readonly number[],
  { transcriptWords, times }: GrowthOptions,
): Promise<Growth> {
  const folder = await migratedFolder();
  try {
    const { path, database } = await openDatabaseOf(folder, "jobs");
    database.close();
    const measured: Measured[] = [];
    let pruning: Pruning = { jobsAMinute: 0, ms: 0, read: 0, written: 0 };
    let archived: Archived | null = null;
    let fillSeconds = 0;
    const filling = new DatabaseSync(path, { limits: D1_LIMITS });
    filling.exec(FAST);
    const history = createHistory(sqliteD1(filling), { seed: SEED, transcriptWords });
    let jobs = 0;
    for (const size of sizes) {
      note(`filling up to ${size} jobs`);
      const start = performance.now();
      await history.add(size - jobs);
      jobs = size;
      fillSeconds += (performance.now() - start) / 1000;
      archived ??= await measureArchived(path);
      note(`measuring ${size} jobs`);
      const at = await measureAll(folder, { jobs: size, times });
      measured.push(...at.measured);
      pruning = at.pruning;
    }
    const bytes = readBytes(filling);
    filling.close();
    if (archived === null) throw new Error("measureGrowth needs at least one size");
    return { measured, bytes, pruning, archived, fillSeconds };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
