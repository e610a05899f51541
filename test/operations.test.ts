// The commands in docs/operations.md must work.
import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { startDarkroom } from "./harness.ts";

const darkroom = startDarkroom();
const PAGE = readFileSync("docs/operations.md", "utf8");

function sectionOf(heading: string): string {
  return PAGE.split(/^### /m).find((part) => part.startsWith(heading)) ?? "";
}

/** Return the SQL block below a heading, with its placeholders filled in. */
async function runSql(heading: string, values: Record<string, string> = {}): Promise<void> {
  let sql = /```sql\n([\s\S]*?)```/.exec(sectionOf(heading))?.[1] ?? "";
  for (const [name, value] of Object.entries(values)) sql = sql.replaceAll(`'${name}'`, `'${value}'`);
  const { DB } = darkroom.bindings();
  await DB.batch(sql.split(";").map((statement) => DB.prepare(statement)));
}

test("held tasks are released", async () => {
  const { id } = await darkroom.submit({ kind: "image_generation", prompt: "error:4006x1 held" });
  await darkroom.untilJob(id, ({ waiting }) => waiting?.code === "daily_allocation_used");
  const [, path = "", method = ""] = /api (\S+) -X (DELETE)/.exec(sectionOf("The daily allocation is used up")) ?? [];
  expect((await darkroom.api(path, { method })).status).toBe(204);
  expect((await darkroom.untilJob(id)).state).toBe("completed");
});

test("a budget is raised and removed", async () => {
  const calls = [...sectionOf("A budget is used up").matchAll(/^api (\S+) -X (\S+)(?: -d '(.*)')?$/gm)];
  const statuses: number[] = [];
  for (const [, path = "", method = "", body] of calls) {
    const init = { method, ...(body !== undefined && { body }) };
    statuses.push((await darkroom.api(path.replace("OWNER", "operator"), init)).status);
  }
  expect(statuses).toEqual([200, 204]);
});

test("an owner's waiting jobs are cancelled, and no others", async () => {
  await darkroom.post("/v1/queues/classification/pause", {});
  const mine = await darkroom.submit({ kind: "classification", text: "mine" });
  const { DB } = darkroom.bindings();
  await DB.prepare("UPDATE jobs SET owner_id = 'runaway' WHERE id = ?1").bind(mine.id).run();
  const kept = await darkroom.submit({ kind: "classification", text: "kept" });
  await runSql("A runaway client", { OWNER: "runaway" });
  await darkroom.post("/v1/queues/classification/resume", {});
  expect((await darkroom.untilJob(kept.id)).state).toBe("completed");
  const states = await DB.prepare(
    "SELECT j.state AS job, t.state AS task FROM jobs j JOIN tasks t ON t.job_id = j.id WHERE j.id = ?1",
  )
    .bind(mine.id)
    .first();
  expect(states).toEqual({ job: "cancelled", task: "cancelled" });
});

test("a leaked key is refused from the next request on", async () => {
  expect((await darkroom.api("/v1/jobs")).status).toBe(200);
  await runSql("A key leaked", { KEY_ID: "operator" });
  expect((await darkroom.api("/v1/jobs")).status).toBe(401);
});

test("the page names exactly the events that the code writes", () => {
  const journal = readFileSync("shared/jobs/journal.ts", "utf8");
  const written = [...journal.matchAll(/^ {2}\| "([a-z_.]+)"/gm)].map(([, name]) => name!);
  const notices = [...(/Notice = (.*);/.exec(journal)?.[1] ?? "").matchAll(/"([a-z_.]+)"/g)].map(([, name]) => name!);
  expect(written.length).toBeGreaterThan(20);
  const table = PAGE.slice(PAGE.indexOf("## The journal"), PAGE.indexOf("## Alerts"));
  const faults = /\| `\*\.failed`(.*)/.exec(table)?.[1] ?? "";
  const untold = [...written, ...notices].filter((name) => {
    return !table.includes(`\`${name}\``) && !faults.includes(`\`${name.replace(/\.failed$/, "")}\``);
  });
  expect(untold).toEqual([]);
  const named = [...PAGE.matchAll(/`((?:job|task|upload|kind|maintenance|account|budget)\.[a-z_]+)`/g)].map(
    ([, name]) => name!,
  );
  expect(named.filter((name) => ![...written, ...notices].includes(name))).toEqual([]);
});
