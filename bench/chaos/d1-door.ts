import { isKeptIn } from "./keeping.ts";
import { perform } from "./operation.ts";
import { countLostReader, type Invocation, type World } from "./world.ts";

interface Written {
  readonly real: D1PreparedStatement;
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** D1 through a door: each `batch`, `all`, `run` and `first` is one operation. */
export function d1Door(world: World, invocation: Invocation): D1Database {
  const written = new WeakMap<D1PreparedStatement, Written>();

  async function through<T>(statements: readonly Written[], run: () => Promise<T>): Promise<T> {
    return perform(world, invocation, {
      door: "d1",
      what: statements.map(({ sql, values }) => `${shorten(sql)} ${shorten(JSON.stringify(values))}`).join(" ; "),
      run,
      onEffect: async (result) => {
        invocation.leasedAt ??= world.clock.now();
        noteReadings(world, invocation, statements, result);
        await noteKept(world, invocation, statements);
      },
      onFault: () => null,
    });
  }

  function statement(one: Written): D1PreparedStatement {
    const door = {
      bind: (...values: unknown[]) => statement({ real: one.real.bind(...values), sql: one.sql, values }),
      all: () => through([one], () => one.real.all()),
      run: () => through([one], () => one.real.run()),
      first: (column?: string) =>
        through([one], () => (column === undefined ? one.real.first() : one.real.first(column))),
    };
    written.set(door as unknown as D1PreparedStatement, one);
    return door as unknown as D1PreparedStatement;
  }

  const door = {
    prepare: (sql: string) => statement({ real: world.real.DB.prepare(sql), sql, values: [] }),
    batch: (statements: readonly D1PreparedStatement[]) => {
      const all = statements.map((one) => written.get(one)!);
      return through(all, async () => {
        if (world.plan.sabotage === "forgets_commits" && invocation.name === "client" && invocation.id % 3 === 0) {
          return all.map(() => ({ results: [], success: true, meta: {} }));
        }
        return world.real.DB.batch(all.map(({ real }) => real));
      });
    },
  };
  return door as unknown as D1Database;
}

/** Note which answers D1 now keeps: a chunk's answer is kept in a row. Reads D1 itself, because a late writer's commit keeps nothing. */
async function noteKept(world: World, { unkept }: Invocation, statements: readonly Written[]): Promise<void> {
  for (const [call, asked] of unkept) {
    const isWritten = statements.some(({ values }) =>
      values.some((value) => typeof value === "string" && isKeptIn(value, asked)),
    );
    const jobId = world.jobIds.get(call.asked.mark);
    if (!isWritten || jobId === undefined) continue;
    const { results } = await world.real.DB.prepare("SELECT heard FROM chunks WHERE job_id = ?1")
      .bind(jobId)
      .all<{ heard: string }>();
    if (!results.some(({ heard }) => isKeptIn(heard, asked))) continue;
    call.keptAt = world.clock.now();
    unkept.delete(call);
  }
}

/** Note which objects the invocation reads, from its own notes in D1. The judge needs them for objects that are not read again. */
function noteReadings(world: World, invocation: Invocation, statements: readonly Written[], result: unknown): void {
  for (const [index, { sql, values }] of statements.entries()) {
    if (sql.includes("INSERT INTO readings")) {
      const begun = (Array.isArray(result) ? result : [result])[index] as D1Result<{ key: string }>;
      const keys = begun.results.map(({ key }) => key);
      // The request was already sent when the invocation died.
      if (invocation.diedAt !== null) countLostReader(world, keys);
      else for (const key of keys) invocation.reading.add(key);
    }
    if (sql.includes("DELETE FROM readings WHERE (")) {
      for (const { key } of JSON.parse(String(values[0])) as { key: string }[]) invocation.reading.delete(key);
    }
  }
}

function shorten(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim().slice(0, 300);
}
