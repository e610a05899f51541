// The views for operators: queues, dead letters and their redrive, webhooks, usage and budgets, keys, audit log, setup.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, expect, test } from "vitest";

import { expectAccessible } from "./accessible.ts";
import { giveUp } from "./letters.ts";
import { startProduct } from "./product.ts";
import { shoot } from "./shoot.ts";

const darkroom = startProduct();

const NO_CAPACITY = {
  code: "model_failed",
  reason: "The model failed with an internal error three times.",
  fingerprint: "classify:model_failed:00000001",
};
const TOO_LONG = {
  code: "model_refused",
  reason: "The model refused the text: it has more tokens than the model takes.",
  fingerprint: "classify:model_refused:00000002",
};

let receiver: Server;
const received: string[] = [];
beforeAll(async () => {
  receiver = createServer((request, response) => {
    received.push(String(request.headers["webhook-id"]));
    request.resume();
    response.writeHead(request.url === "/broken" ? 500 : 200).end("thank you");
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
});
afterAll(() => receiver.close());
const receiverUrl = (path: string) => `http://127.0.0.1:${(receiver.address() as AddressInfo).port}${path}`;

test("queues: figures and charts, and a kind is paused and resumed with a note that is asked for", async () => {
  const { page } = await darkroom.open("/");
  await darkroom.api("/v1/jobs", { method: "POST", body: JSON.stringify({ kind: "classification", text: "Good." }) });
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await page.getByRole("heading", { name: "Classification" }).waitFor();
  await page
    .getByText(/completed in the last hour/)
    .first()
    .waitFor();
  await page.getByRole("img", { name: /^Jobs that ended in the last hour: 1 completed/ }).waitFor({ timeout: 40_000 });
  await expectAccessible(page);
  await shoot(page, "queues");
  await page.getByText("24 h", { exact: true }).click();
  await page.getByText(/in steps of 30 min/).waitFor();
  await page.getByRole("button", { name: "Pause Classification" }).click();
  const question = page.getByRole("dialog", { name: "Pause Classification?" });
  await question.getByLabel(/^Note/).fill("The model is being changed until noon");
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  await page.getByText("Classification is paused.").waitFor();
  await page.getByText(/Paused since .*: The model is being changed until noon/).waitFor();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Resume Classification" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Resume" }).click();
  await page.getByText("Classification is running again.").waitFor();
});

test("dead letters by cause: a letter is looked at, redriven with other options, and one is discarded with a note", async () => {
  const { page } = await darkroom.open("/operate/dead-letters");
  await page.getByRole("heading", { name: "No dead letters" }).waitFor();
  await expectAccessible(page);
  await giveUp(darkroom, ["A fine day one.", "A fine day two.", "A fine day three."], NO_CAPACITY);
  await giveUp(darkroom, ["Far too long."], TOO_LONG);
  await page.reload();
  await page.getByText("4 tasks, 2 causes").waitFor();
  await expectAccessible(page);
  await shoot(page, "dead-letters");
  await page.getByRole("link", { name: NO_CAPACITY.reason }).click();
  await page.waitForURL(/cause=classify/);
  await page.getByRole("button", { name: /^Open/ }).first().click();
  const letter = page.getByRole("dialog", { name: "Dead letter" });
  await letter.getByLabel("Options of the task").waitFor();
  await expectAccessible(page);
  await shoot(page, "letter");
  await letter.getByLabel("Options of the task").fill("{");
  await letter.getByText(/The options are not valid JSON/).waitFor();
  await letter.getByLabel("Options of the task").fill('{ "topK": 1 }');
  await letter.getByText(/The task runs with changed options: topK/).waitFor();
  await letter.getByRole("button", { name: "Redrive this letter" }).click();
  await page.getByText("The task runs again.").waitFor();
  await expect.poll(async () => page.getByRole("button", { name: /^Open/ }).count()).toBe(2);
  await page.getByRole("link", { name: "All causes" }).click();
  await page.getByRole("link", { name: TOO_LONG.reason }).click();
  await page.getByRole("button", { name: /^Open/ }).click();
  await letter.getByText("Discard the letter instead").click();
  await letter.getByLabel("Reason").fill("Nobody needs this text");
  await letter.getByRole("button", { name: "Discard letter" }).click();
  await page.getByText("The letter was discarded. The job stays failed.").waitFor();
  await page.getByRole("heading", { name: "No letters with this cause" }).waitFor();
  await page.getByText("Discarded", { exact: true }).click();
  await page.getByText("“Nobody needs this text”").waitFor();
  await expectAccessible(page);
});

test("all letters of a cause are redriven with only the keyboard: a dry run shows their number and cost, then all complete", async () => {
  await giveUp(darkroom, ["Rainy.", "Sunny.", "Windy.", "Foggy."], NO_CAPACITY);
  const { page } = await darkroom.open("/");
  await page.getByRole("heading", { name: "Jobs", level: 1 }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await page.getByRole("heading", { name: "Operate", level: 1 }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("d");
  await page.getByText(/tasks, 1 cause/).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Redrive all …" }).waitFor();
  await page.keyboard.press("R");
  const dialog = page.getByRole("dialog", { name: "Redrive all letters with this cause" });
  await dialog.getByText("Will be redriven").waitFor();
  await dialog.getByText(/neurons, [<$]/).waitFor();
  await dialog.getByRole("button", { name: "Redrive 6" }).waitFor();
  await expectAccessible(page);
  await shoot(page, "redrive");
  // Redrive all at once. After a first task, maintenance would send the rest, and it does not run here.
  await page.keyboard.press("Space");
  const button = dialog.getByRole("button", { name: "Redrive 6" });
  await page.waitForTimeout(500);
  await expect.poll(async () => button.isEnabled()).toBe(true);
  await page.keyboard.press("Enter");
  await page.getByText("6 tasks are redriven.").waitFor();
  const row = page.getByRole("listitem").filter({ hasText: "6 matched" });
  await row.filter({ hasText: "6 completed" }).waitFor({ timeout: 90_000 });
  await page.getByRole("heading", { name: "No letters with this cause" }).waitFor({ timeout: 30_000 });
  await expectAccessible(page);
  await shoot(page, "redriven");
});

test("a redrive by filter says when nothing matches, is refused by name, and is aborted after a question", async () => {
  darkroom.expectErrors(/422/);
  await giveUp(darkroom, ["Slow a.", "Slow b.", "Slow c."], TOO_LONG);
  await darkroom.api("/v1/queues/classification/pause", { method: "POST", body: "{}" });
  const { page } = await darkroom.open("/operate/dead-letters");
  await page.getByRole("button", { name: "Redrive by filter …" }).click();
  const dialog = page.getByRole("dialog", { name: "Redrive by filter" });
  await dialog.getByLabel("Code").fill("nothing_like_it");
  await dialog.getByText("No open letter matches.").waitFor();
  expect(await dialog.getByRole("button", { name: "Redrive", exact: true }).isDisabled()).toBe(true);
  await dialog.getByLabel("Code").fill("not a code");
  await dialog.getByText(/not a code such as/).waitFor();
  await dialog.getByLabel("Code").fill("model_refused");
  await dialog.getByText("Limit and rate").click();
  await dialog.getByLabel("At most").fill("2");
  await dialog.getByText("1 more match but stay, because they are over the limit.").waitFor();
  await expectAccessible(page);
  await shoot(page, "redrive-filter");
  await dialog.getByRole("button", { name: "Redrive 2" }).click();
  await page.getByText("2 tasks are redriven.").waitFor();
  // The newest is first. A redrive of an earlier test may still run, because no maintenance ends it here.
  await page.getByRole("button", { name: "Abort" }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Abort redrive" }).click();
  await page.getByText(/The redrive was aborted/).waitFor();
  await page.getByRole("listitem").filter({ hasText: "Aborted" }).waitFor();
  await darkroom.api("/v1/queues/classification/resume", { method: "POST", body: "{}" });
});

test("webhooks: the secret is shown once; a test, the log, a replay, and a rotated secret", async () => {
  const { page } = await darkroom.open("/operate/webhooks");
  await page.getByRole("heading", { name: "No webhooks yet" }).waitFor();
  await expectAccessible(page);
  await page.getByRole("button", { name: "New webhook" }).click();
  const dialog = page.getByRole("dialog", { name: "New webhook" });
  await dialog.getByLabel("Address").fill(receiverUrl("/hook"));
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Register" }).click();
  const secret = page.getByRole("dialog", { name: "The webhook's secret" });
  await secret.getByText(/^whsec_/).waitFor();
  await expectAccessible(page);
  await secret.getByRole("button", { name: "I have saved it" }).click();
  await page.getByRole("link", { name: receiverUrl("/hook") }).click();
  await page.getByRole("heading", { name: "Nothing was sent yet" }).waitFor();
  await page.getByRole("button", { name: "Send a test" }).click();
  await page.getByText("The receiver answered 200.").waitFor();
  await darkroom.api("/v1/jobs", { method: "POST", body: JSON.stringify({ kind: "classification", text: "Told." }) });
  const delivered = page.getByRole("listitem").filter({ hasText: "job.completed" }).filter({ hasText: "Delivered" });
  await delivered.waitFor({ timeout: 60_000 });
  await delivered.locator("summary").click();
  await delivered
    .getByRole("region", { name: "What was sent" })
    .getByText(/"job.completed"/)
    .waitFor();
  await expectAccessible(page);
  await shoot(page, "webhook");
  const before = received.length;
  await delivered.getByRole("button", { name: /^Replay/ }).click();
  await page.getByText("The event is sent again").waitFor();
  await expect.poll(() => received.length, { timeout: 30_000 }).toBeGreaterThan(before);
  expect(received.at(-1)).toBe(received.at(before - 1));
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("button", { name: "Rotate the secret" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Rotate secret" }).click();
  await page
    .getByRole("dialog", { name: "The new secret" })
    .getByText(/^whsec_/)
    .waitFor();
  await page.getByRole("button", { name: "I have saved it" }).click();
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("button", { name: "Delete webhook" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete webhook" }).click();
  await page.getByText("The webhook and its log were deleted.").waitFor();
});

test("usage is a chart and a table; a budget is set, shows how far it is, and is lifted", async () => {
  const { page } = await darkroom.open("/operate/usage");
  await page.getByRole("img", { name: /^Neurons per day by kind/ }).waitFor();
  await page.getByText("No budget limits the spending.").waitFor();
  await page.getByRole("button", { name: "Set a budget" }).click();
  const dialog = page.getByRole("dialog", { name: "Set a budget" });
  await dialog.getByLabel("Neurons").fill("500");
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  await page.getByText(/of 500 neurons spent/).waitFor();
  await page.getByText("Model", { exact: true }).click();
  await page.getByRole("cell", { name: "distilbert-sst-2-int8" }).waitFor();
  await expectAccessible(page);
  await shoot(page, "usage");
  await page.getByRole("button", { name: /^Lift the budget/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Lift budget" }).click();
  await page.getByText("No budget limits the spending.").waitFor();
});

test("the page says what a budget or the platform holds, and until when, and the operator lifts it", async () => {
  const { DB } = darkroom.env();
  await darkroom.api("/v1/budgets/operator/day", { method: "PUT", body: JSON.stringify({ neurons: 200 }) });
  // A picture costs 173 neurons, so the second one exceeds the budget.
  const draw = async (prompt: string) =>
    darkroom.api<{ id: string }>("/v1/jobs", {
      method: "POST",
      body: JSON.stringify({ kind: "image_generation", prompt }),
    });
  await draw("a picture within the budget");
  const { id } = await draw("a picture beyond the budget");
  const { page } = await darkroom.open(`/jobs/${id}`);
  await page.getByText("The job is waiting.").waitFor();
  await page
    .getByText(/budget/)
    .first()
    .waitFor();
  await expectAccessible(page);
  await page.goto(`${darkroom.origin()}/operate/usage`);
  await page.getByText("Held tasks: 1 × Picture.").waitFor();
  await expectAccessible(page);
  await darkroom.api("/v1/budgets/operator/day", { method: "DELETE" });
  await page.getByText("Held tasks: 1 × Picture.").waitFor({ state: "detached" });
  // This is the state after the platform has refused the account.
  await DB.prepare("INSERT INTO holds (name, code, since, until) VALUES ('account', 'daily_allocation_used', ?1, ?2)")
    .bind(Date.now(), Date.now() + 3_600_000)
    .run();
  const { id: held } = await darkroom.api<{ id: string }>("/v1/jobs", {
    method: "POST",
    body: JSON.stringify({ kind: "classification", text: "Held by the platform." }),
  });
  await page.getByText(/^Held tasks: 1 × .*Classification/).waitFor();
  await page.getByText(/The platform refused a call \(daily_allocation_used\). Tasks are held until/).waitFor();
  await page.getByRole("link", { name: "Queues" }).click();
  await page.getByText(/^The account is held until/).waitFor();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Lift the hold" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Lift the hold" }).click();
  await page.getByText("The hold is lifted.").waitFor();
  await page.getByText(/^The account is held until/).waitFor({ state: "detached" });
  await page.goto(`${darkroom.origin()}/jobs/${held}`);
  await page.getByText("Completed").waitFor();
});

test("keys: one is created with scopes and limits, is shown once, works, and is revoked; the audit log lists all of it", async () => {
  const { page } = await darkroom.open("/operate/keys");
  await page.getByRole("button", { name: "New key" }).click();
  const dialog = page.getByRole("dialog", { name: "New key" });
  await dialog.getByLabel("Purpose").fill("the newsroom");
  await dialog.getByLabel(/^Write/).uncheck();
  await dialog.getByText("Expiry and limits").click();
  await dialog.getByLabel("MB per upload").fill("25");
  await expectAccessible(page);
  await shoot(page, "key-dialog");
  await dialog.getByRole("button", { name: "Create key" }).click();
  const shown = page.getByRole("dialog", { name: "The key “the newsroom”" });
  const key = (await shown.getByText(/^dk_/).textContent()) ?? "";
  await page.keyboard.press("Escape");
  expect(await shown.isVisible()).toBe(true);
  const self = await fetch(`${darkroom.origin()}/v1/keys/self`, { headers: { authorization: `Bearer ${key}` } });
  expect(await self.json()).toMatchObject({ scopes: ["jobs:read"], maxUploadBytes: 25_000_000 });
  await shown.getByRole("button", { name: "I have saved it" }).click();
  await page.getByText("Limits: 25 MB per upload").waitFor();
  await expectAccessible(page);
  await shoot(page, "keys");
  await page.getByRole("button", { name: "Revoke the newsroom" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke key" }).click();
  await page.getByText("The key was revoked.").waitFor();
  await page.getByText("the newsroom").first().waitFor({ state: "detached" });
  await page.getByRole("link", { name: "Audit" }).click();
  await page.getByRole("cell", { name: "revoked a key" }).waitFor();
  await expectAccessible(page);
  await shoot(page, "audit");
  await page.getByLabel("Act", { exact: true }).selectOption("key.create");
  await page.getByRole("cell", { name: "revoked a key" }).waitFor({ state: "detached" });
});

test("the setup names each missing part with its command", async () => {
  const { page } = await darkroom.open("/operate/setup");
  await page.getByText("Vectorize for the search by meaning").waitFor();
  await page.getByText("npm run deploy").waitFor();
  await expectAccessible(page);
  await shoot(page, "setup");
});

test("a key that may only read sees figures and no buttons; another owner sees nothing of the operator", async () => {
  await giveUp(darkroom, ["For the reader."], NO_CAPACITY);
  const { page } = await darkroom.open("/operate", { key: "reader" });
  await page.getByRole("heading", { name: "Throughput" }).waitFor();
  await page.getByRole("heading", { name: "Classification" }).waitFor();
  expect(await page.getByRole("button", { name: /Pause|Resume/ }).count()).toBe(0);
  const parts = page.getByRole("navigation", { name: "Parts of Operate" });
  expect(await parts.getByRole("link").allTextContents()).toEqual(["Queues", "Dead letters", "Usage and budgets"]);
  await parts.getByRole("link", { name: "Dead letters" }).click();
  await page.getByRole("link", { name: NO_CAPACITY.reason }).click();
  await page.getByRole("button", { name: /^Open/ }).first().click();
  await page.getByRole("dialog").getByText("model_failed").waitFor();
  expect(await page.getByRole("button", { name: /Redrive|Discard/ }).count()).toBe(0);
  await page.keyboard.press("Escape");
  await page.goto(`${darkroom.origin()}/operate/keys`);
  await page.getByRole("heading", { name: /this key may not see it/ }).waitFor();
  await expectAccessible(page);
  const { page: other } = await darkroom.open("/operate", { key: "fresh" });
  await other.getByText("These are your own jobs").waitFor();
  expect(await other.getByRole("heading", { name: "The platform's queues" }).count()).toBe(0);
});
