// The page of a job: its details, its cost and its actions.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { expectAccessible } from "./accessible.ts";
import { startProduct } from "./product.ts";

const darkroom = startProduct();
const SAMPLES = join(import.meta.dirname, "../../local/samples");

interface JobView {
  readonly id: string;
  readonly state: string;
}

async function submit(body: object): Promise<string> {
  return (await darkroom.api<JobView>("/v1/jobs", { method: "POST", body: JSON.stringify(body) })).id;
}

async function upload(name: string): Promise<string> {
  const body = await readFile(join(SAMPLES, name));
  return (await darkroom.api<JobView>(`/v1/uploads?name=${name}`, { method: "POST", body })).id;
}

async function ended(id: string): Promise<void> {
  const end = Date.now() + 90_000;
  while (!["completed", "failed", "cancelled"].includes((await darkroom.api<JobView>(`/v1/jobs/${id}`)).state)) {
    if (Date.now() > end) throw new Error(`${id} has not ended`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

test("the page of a recording has its words, then each attempt, the receipt, the files and the exact JSON", async () => {
  const id = await upload("voice-note.mp3");
  const { page } = await darkroom.open(`/jobs/${id}`);
  await page.getByRole("heading", { level: 1, name: "voice-note.mp3" }).waitFor();
  await ended(id);
  await page.getByText("Completed").waitFor();
  await page.getByText(/message for the people/).waitFor();
  await expectAccessible(page);
  await page.keyboard.press("d");
  await page.getByRole("heading", { name: "What happened" }).waitFor();
  await page.getByRole("region", { name: "Attempts" }).getByText("whisper-large-v3-turbo").first().waitFor();
  await page.getByRole("region", { name: "Receipt" }).getByText("Total").waitFor();
  await page.getByText("Exact JSON").click();
  expect(JSON.parse((await page.getByRole("region", { name: "The job as JSON" }).textContent()) ?? "")).toMatchObject({
    id,
  });
  await expectAccessible(page);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download transcript.srt" }).click(),
  ]);
  expect(await readFile(await download.path(), "utf8")).toContain("-->");
});

test("a job is copied as curl, command line and TypeScript, and the curl command makes the same job", async () => {
  const id = await submit({
    kind: "image_generation",
    prompt: 'it\'s a "quoted" harbour',
    options: { steps: 4 },
    tags: ["copied"],
  });
  const { page, context } = await darkroom.open(`/jobs/${id}`);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const copied = async (name: string) => {
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("button", { name }).click();
    await page.getByText("was copied").last().waitFor();
    return page.evaluate<string>("navigator.clipboard.readText()");
  };
  const curl = await copied("Copy as curl");
  expect(curl).toContain("$DARKROOM_KEY");
  const body = /-d '(.*)'$/s.exec(curl)?.[1]?.replaceAll(String.raw`'\''`, "'") ?? "";
  expect(JSON.parse(body)).toMatchObject({
    kind: "image_generation",
    prompt: 'it\'s a "quoted" harbour',
    options: { steps: 4 },
    tags: ["copied"],
  });
  expect(await copied("Copy as command line")).toContain("bin/darkroom submit --prompt");
  expect(await copied("Copy as TypeScript")).toContain("darkroom.jobs.submit(");
});

test("a job that waits says why, and is cancelled and deleted after a question", async () => {
  await darkroom.api("/v1/queues/image_generation/pause", {
    method: "POST",
    body: JSON.stringify({ note: "the printer is out of ink" }),
  });
  const id = await submit({ kind: "image_generation", prompt: "a picture that waits" });
  const { page } = await darkroom.open(`/jobs/${id}`);
  await page.getByRole("status").getByText("the printer is out of ink").waitFor();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  const question = page.getByRole("dialog", { name: /^Cancel “a picture that waits”/ });
  await expectAccessible(page);
  await question.getByRole("button", { name: "Go back" }).click();
  await question.waitFor({ state: "hidden" });
  await page.keyboard.press("c");
  await question.getByRole("button", { name: "Cancel job" }).click();
  await page.getByText("The job was cancelled.").waitFor();
  await page.getByText("Cancelled", { exact: true }).waitFor();
  await page.getByRole("button", { name: "More actions" }).click();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Delete job" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete job" }).click();
  await page.getByText("The job was deleted.").waitFor();
  await page.getByRole("banner").waitFor();
  await darkroom.api("/v1/queues/image_generation/resume", { method: "POST", body: "{}" });
});

test("a job that failed says what to do, and is redriven", async () => {
  darkroom.expectErrors(/404/);
  const id = await submit({ kind: "classification", text: "A day like any other.", deadlineSeconds: 3600 });
  await ended(id);
  const { DB } = darkroom.env();
  // This is the state after a refusal by the model's filter.
  await DB.batch([
    DB.prepare(
      "UPDATE jobs SET state = 'failed', error_code = 'model_failed', error_message = 'The model failed with an internal error.' WHERE id = ?1",
    ).bind(id),
    DB.prepare("UPDATE tasks SET state = 'discarded' WHERE job_id = ?1 AND is_side = 0").bind(id),
    DB.prepare(
      `INSERT INTO dead_letters (id, owner_id, task_id, job_id, queue, kind, code, reason, fingerprint, message_pattern, created_at)
       SELECT 'letter', owner_id, id, job_id, 'tasks', kind, 'model_failed', 'The model failed with an internal error.', 'f', 'm', ?2
         FROM tasks WHERE job_id = ?1 AND is_side = 0 LIMIT 1`,
    ).bind(id, Date.now()),
  ]);
  const { page } = await darkroom.open(`/jobs/${id}`);
  await page.getByText("Redrive the job later.").waitFor();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Redrive" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Redrive job" }).click();
  await page.getByText("The job runs again.").waitFor();
  await page.getByText("Completed").waitFor();
});

test("the page of a job says when the job is deleted", async () => {
  darkroom.expectErrors(/404/);
  await darkroom.api("/v1/queues/image_generation/pause", { method: "POST", body: "{}" });
  const id = await submit({ kind: "image_generation", prompt: "soon gone" });
  const { page } = await darkroom.open(`/jobs/${id}`);
  await page.getByRole("heading", { level: 1, name: "soon gone" }).waitFor();
  await darkroom.api(`/v1/jobs/${id}`, { method: "DELETE" });
  await page.getByRole("heading", { name: "This job has been deleted" }).waitFor();
  await expectAccessible(page);
  await darkroom.api("/v1/queues/image_generation/resume", { method: "POST", body: "{}" });
  await page.goto(`${darkroom.origin()}/jobs/job_that_never_was`);
  await page.getByRole("heading", { name: "There is no such job" }).waitFor();
});

test("a file that no model can read says what to do, and its page begins with what happened", async () => {
  const voice = await readFile(join(SAMPLES, "voice-note.mp3"));
  const body = new Uint8Array([...voice.subarray(0, 200), ...new Uint8Array(3000).fill(7)]);
  const { id } = await darkroom.api<JobView>("/v1/uploads?name=broken.mp3&kind=transcription", {
    method: "POST",
    body,
  });
  await ended(id);
  const { page } = await darkroom.open(`/jobs/${id}`);
  await page.getByText("Upload it again in another format.").waitFor();
  await page.getByRole("heading", { name: "What happened" }).waitFor();
  await page.getByRole("region", { name: "Attempts" }).getByText("Given up").waitFor();
  await expectAccessible(page);
});
