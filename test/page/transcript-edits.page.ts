// A transcript is corrected in place. Edits are saved automatically, undone, merged with other people's edits, and never lost.
import { join } from "node:path";

import type { Page } from "playwright-core";
import { expect, test } from "vitest";

import type { Transcript } from "../../client/index.ts";
import { expectAccessible } from "./accessible.ts";
import { startProduct } from "./product.ts";
import { until, voiceNote } from "./transcripts.ts";

const darkroom = startProduct();
const SHOTS = process.env["SHOTS"];

const stored = (id: string, query = "") => darkroom.api<Transcript>(`/v1/jobs/${id}/transcript?${query}`);
const textOf = async (id: string, query = "") => (await stored(id, query)).text;

async function shot(page: Page, name: string): Promise<void> {
  if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

/** Edit the transcript by the API, as another person does. */
async function changeElsewhere(id: string, operations: readonly object[]): Promise<void> {
  const [latest] = (await darkroom.api<{ versions: { etag: string }[] }>(`/v1/jobs/${id}/transcript/history`)).versions;
  await darkroom.api(`/v1/jobs/${id}/transcript`, {
    method: "PATCH",
    headers: { "if-match": latest?.etag ?? "" },
    body: JSON.stringify({ operations }),
  });
}

async function open(id: string): Promise<Page> {
  const { page } = await darkroom.open(`/jobs/${id}/transcript`);
  await page.getByText(/message for the people/).waitFor();
  return page;
}

/** Put the caret after a word of the edited line, with keys only. */
async function caretBehind(page: Page, words: number): Promise<void> {
  await page.keyboard.press("Control+Home");
  for (let word = 0; word < words; word += 1) await page.keyboard.press("Control+ArrowRight");
}

test("a word is corrected with only the keyboard, and every format has it with its time", async () => {
  const id = await voiceNote(darkroom);
  const before = await stored(id);
  const page = await open(id);
  await page.keyboard.press("e");
  const line = page.getByRole("textbox", { name: "What is said at 0:00" });
  await line.waitFor();
  await caretBehind(page, 4);
  // "message" becomes two words.
  await page.keyboard.press("Control+Delete");
  await page.keyboard.type(" short notice");
  await expectAccessible(page);
  await page.getByText("Saved as version 1").waitFor();
  await shot(page, "editing");
  const after = await stored(id);
  expect(after.segments[0]?.text).toBe(before.segments[0]?.text.replace("message", "short notice"));
  const [old, first, second, next] = [
    before.segments[0]?.words[4],
    ...[4, 5, 6].map((index) => after.segments[0]?.words[index]),
  ];
  expect([first?.text, second?.text]).toEqual(["short", "notice"]);
  expect([first?.startMs, second?.endMs]).toEqual([old?.startMs, old?.endMs]);
  expect(next).toEqual(before.segments[0]?.words[5]);
  for (const format of ["vtt", "srt", "txt"]) {
    const response = await fetch(`${darkroom.origin()}/v1/jobs/${id}/transcript?format=${format}`, {
      headers: { authorization: `Bearer dk_operator_${"o".repeat(32)}` },
    });
    expect((await response.text()).replaceAll("\n", " ")).toContain("short notice");
  }
  // Go to the next line, and then end the editing.
  await page.keyboard.press("Enter");
  await page.getByRole("textbox", { name: "What is said at 0:05" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+z");
  await page.getByText("Saved as version 2").waitFor();
  expect(await textOf(id)).toBe(before.text);
  await page.keyboard.press("Control+Shift+z");
  await page.getByText("Saved as version 3").waitFor();
  expect(await textOf(id)).toContain("short notice");
  // The original is kept, compared with the latest version, and restored.
  await page.keyboard.press("v");
  const versions = page.getByRole("dialog", { name: "Versions" });
  await versions.getByText("1 line is different").waitFor();
  expect(await versions.locator("ins").nth(1).textContent()).toBe("short notice");
  await shot(page, "versions");
  await expectAccessible(page);
  await versions.getByRole("button", { name: "Go back to the original" }).click();
  await page.getByText("Saved as version 4").waitFor();
  expect(await textOf(id)).toBe(before.text);
  await page.getByText(/a message for the people/).waitFor();
});

test("changes of two people are merged; if both changed a line, the second chooses, and nothing is lost", async () => {
  darkroom.expectErrors(/412/);
  const id = await voiceNote(darkroom);
  const page = await open(id);
  // With another line, both changes stay without a question.
  await page.keyboard.press("e");
  await page.getByRole("textbox", { name: "What is said at 0:00" }).waitFor();
  await changeElsewhere(id, [{ op: "replace", segment: 2, word: 0, words: [{ text: "complete" }] }]);
  await page.keyboard.type("well ");
  await page.getByText("Saved as version 2").waitFor();
  expect(await textOf(id)).toMatch(/^well hello .* complete the work/);
  await page.getByText(/complete the work/).waitFor();
  // Now change the same line.
  await changeElsewhere(id, [{ op: "replace", segment: 0, word: 1, words: [{ text: "goodbye" }] }]);
  await page.keyboard.press("Control+End");
  await page.keyboard.type(" folks");
  const dialog = page.getByRole("dialog", { name: "Somebody else has changed the same lines" });
  await dialog.waitFor();
  expect(await dialog.getByText("goodbye").count()).toBeGreaterThan(0);
  await shot(page, "conflict");
  await expectAccessible(page);
  await dialog.getByRole("textbox").fill("well goodbye this is a message folks");
  await dialog.getByRole("button", { name: "Save what is chosen" }).click();
  await page.getByText("Saved as version 4").waitFor();
  expect((await stored(id)).segments[0]?.text).toBe("well goodbye this is a message folks");
  expect((await stored(id, "version=3")).segments[0]?.text).toContain("well goodbye");
});

test("nothing typed is lost when the connection breaks, the page is reloaded or the key ends", async () => {
  darkroom.expectErrors(/ERR_INTERNET_DISCONNECTED|ERR_FAILED|401|Failed to load/);
  const id = await voiceNote(darkroom);
  const { key } = await darkroom.api<{ key: string }>("/v1/keys", {
    method: "POST",
    body: JSON.stringify({ label: "ends", ownerId: "operator", scopes: ["jobs:read", "jobs:write"] }),
  });
  const page = await open(id);
  page.on("dialog", (dialog) => void dialog.accept());
  await page.goto("about:blank");
  await page.goto(`${darkroom.origin()}/#key=${key}`);
  await page.getByRole("banner").waitFor();
  await page.goto(`${darkroom.origin()}/jobs/${id}/transcript`);
  await page.getByText(/message for the people/).waitFor();
  await page.context().setOffline(true);
  await page.keyboard.press("e");
  await page.keyboard.type("offline ");
  await page.getByText("Not saved. Kept in this browser").waitFor({ timeout: 20_000 });
  await expectAccessible(page);
  await page.context().setOffline(false);
  await page.getByText("Saved as version 1").waitFor({ timeout: 40_000 });
  expect(await textOf(id)).toMatch(/^offline hello/);
  // Reload before the edit is sent.
  await page.route("**/transcript", (route) =>
    route.request().method() === "PATCH" ? route.abort() : route.fallback(),
  );
  await page.keyboard.press("Control+End");
  await page.keyboard.type(" reloaded");
  await page.getByText("Not saved. Kept in this browser").waitFor({ timeout: 20_000 });
  await page.unroute("**/transcript");
  await page.reload();
  await page.getByText("Saved as version 2").waitFor({ timeout: 20_000 });
  expect((await stored(id)).segments[0]?.text).toMatch(/^offline hello .* reloaded$/);
  // Revoke the key.
  const { keys } = await darkroom.api<{ keys: { id: string; label: string }[] }>("/v1/keys");
  await darkroom.api(`/v1/keys/${keys.find(({ label }) => label === "ends")?.id}`, { method: "DELETE" });
  await page.keyboard.press("e");
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("still ");
  const question = page.getByRole("dialog", { name: "Your key is no longer accepted" });
  await question.waitFor({ timeout: 20_000 });
  await question.getByLabel("API key").fill(`dk_operator_${"o".repeat(32)}`);
  await question.getByRole("button", { name: "Continue" }).click();
  await page.getByText("Saved as version 3").waitFor({ timeout: 40_000 });
  expect(await textOf(id)).toMatch(/^still offline hello/);
});

test("a word is replaced everywhere, and a speaker is named", async () => {
  const id = await voiceNote(darkroom);
  const page = await open(id);
  await page.keyboard.press("h");
  await page.getByRole("textbox", { name: "Find" }).fill("the");
  await page.getByText(/^1 of \d+$/).waitFor();
  const count = Number(/of (\d+)/.exec((await page.getByText(/^1 of \d+$/).textContent()) ?? "")?.[1]);
  expect(count).toBe((await textOf(id)).match(/\bthe\b/g)?.length);
  await page.getByRole("textbox", { name: "Replace with" }).fill("that");
  await shot(page, "replace");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Replace all" }).click();
  await page.getByText(`“the” was replaced ${count} times.`).waitFor();
  await page.getByText("Saved as version 1").waitFor();
  expect((await textOf(id)).match(/\bthat\b/g)?.length).toBe(count);
  await page.keyboard.press("Escape");
  await page.keyboard.press("e");
  await page.getByRole("button", { name: "Who speaks?" }).click();
  const dialog = page.getByRole("dialog", { name: /^Who speaks at/ });
  await dialog.getByRole("combobox", { name: "Name" }).fill("Ada <b>");
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  await page.getByText("Saved as version 2").waitFor();
  await until(async () => (await stored(id)).segments.every(({ speaker }) => speaker === "Ada <b>"));
  expect(await page.getByRole("button", { name: "Ada <b>" }).count()).toBeGreaterThan(0);
  await shot(page, "speaker");
});

test("a key that may only read sees no way to edit", async () => {
  const id = await voiceNote(darkroom);
  const { page } = await darkroom.open(`/jobs/${id}/transcript`, { key: "reader" });
  await page.getByText(/message for the people/).waitFor();
  await page.keyboard.press("e");
  expect(await page.getByRole("textbox", { name: /What is said/ }).count()).toBe(0);
  expect(await page.getByRole("button", { name: "Edit" }).count()).toBe(0);
});
