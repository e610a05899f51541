// The gallery with reused prompts, compared pictures and labels as bars, and the API documentation.
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { expect, test } from "vitest";

import { expectAccessible } from "./accessible.ts";
import { startProduct } from "./product.ts";
import { shoot } from "./shoot.ts";

const darkroom = startProduct();
const SAMPLES = join(import.meta.dirname, "../../local/samples");

async function submit(body: object): Promise<string> {
  return (await darkroom.api<{ id: string }>("/v1/jobs", { method: "POST", body: JSON.stringify(body) })).id;
}

test("pictures are shown with prompt, model, seed and cost; two are compared, and the differences are marked", async () => {
  const { page } = await darkroom.open("/pictures");
  await page.getByRole("heading", { name: "No pictures yet" }).waitFor();
  await expectAccessible(page);
  await submit({ kind: "image_generation", prompt: "a quiet harbour at dawn", options: { steps: 2 } });
  await submit({
    kind: "image_generation",
    prompt: "a quiet harbour at dusk, small boats and mist over the water",
    options: { model: "flux-2-klein-4b", seed: 7, width: 512, height: 512 },
  });
  await page.reload();
  await page.getByLabel(/^Compare “a quiet harbour at dawn/).waitFor({ timeout: 60_000 });
  await page.getByLabel(/^Compare “a quiet harbour at dusk/).waitFor({ timeout: 60_000 });
  await page.getByText("seed 7").waitFor();
  await page.getByText("flux-2-klein-4b").waitFor();
  await expectAccessible(page);
  await shoot(page, "gallery");
  await page.getByLabel(/^Compare “a quiet harbour at dawn/).check();
  await page.getByText("One picture is selected. Select another.").waitFor();
  await page.getByLabel(/^Compare “a quiet harbour at dusk/).check();
  await page.getByRole("button", { name: "Compare" }).click();
  const compared = page.getByRole("dialog", { name: "Compare two pictures" });
  await compared.getByRole("img").nth(1).waitFor();
  await compared.getByRole("row").filter({ hasText: "Seed" }).filter({ hasText: "7" }).waitFor();
  await expectAccessible(page);
  await shoot(page, "compare");
});

test("a prompt is reused in one click, and what was in the form can be brought back", async () => {
  const { page } = await darkroom.open("/new?from=prompt");
  await page.getByLabel("Prompt").fill("something half written");
  await page.getByRole("link", { name: "Pictures" }).click();
  await page.getByRole("button", { name: /^Reuse the prompt “a quiet harbour at dusk/ }).click();
  await page.getByRole("heading", { name: "New job" }).waitFor();
  expect(await page.getByLabel("Prompt").inputValue()).toMatch(/^a quiet harbour at dusk/);
  expect(await page.getByLabel("Model").inputValue()).toBe("flux-2-klein-4b");
  await page.getByRole("button", { name: "Restore the previous content" }).click();
  await expect.poll(async () => page.getByLabel("Prompt").inputValue()).toBe("something half written");
});

test("labels are bars next to the picture, with the description that a step wrote", async () => {
  const body = await readFile(join(SAMPLES, "coffee.jpg"));
  const { id } = await darkroom.api<{ id: string }>("/v1/uploads?name=coffee.jpg&then=describe", {
    method: "POST",
    body,
  });
  const { page } = await darkroom.open(`/jobs/${id}`);
  await page.getByRole("img", { name: "coffee.jpg" }).waitFor({ timeout: 60_000 });
  await page.getByText("What it shows").waitFor({ timeout: 60_000 });
  await expectAccessible(page);
  await shoot(page, "labels");
});

test("the page of the API knows the signed-in key, finds operations, and its first call succeeds", async () => {
  const { page } = await darkroom.open("/docs#readJob");
  await page.getByText("Link to this operation").waitFor();
  const latest = page.locator("#readJob input[aria-label=id]");
  await expect.poll(async () => latest.inputValue()).toMatch(/^job_/);
  await page.locator("#readJob").getByRole("button", { name: "Try it" }).click();
  await page.locator("#readJob pre").filter({ hasText: '"kind"' }).first().waitFor();
  const answer = (await page.locator("#readJob pre").filter({ hasText: '"kind"' }).first().textContent()) ?? "";
  expect(answer.indexOf('"kind"')).toBeLessThan(answer.indexOf("content-type:"));
  await page.locator("#readJob").getByRole("button", { name: "TypeScript" }).click();
  await page
    .locator("#readJob")
    .getByText(/darkroom\.jobs\.get\("job_/)
    .waitFor();
  await page.locator("#readJob").getByRole("button", { name: "CLI" }).click();
  await page
    .locator("#readJob")
    .getByText(/bin\/darkroom get job_/)
    .waitFor();
  await page.locator("#first-try").click();
  await page.locator("#first-answer").filter({ hasText: "isOperator" }).waitFor();
  await page.getByRole("searchbox", { name: "Search operations" }).fill("dead-letters redrive");
  await page.locator("#redriveDeadLetter").waitFor();
  expect(await page.locator("details.operation:visible").count()).toBe(1);
  await expectAccessible(page);
  await page.getByRole("searchbox", { name: "Search operations" }).fill("");
  await page.getByRole("heading", { name: "Replicate" }).waitFor();
  expect(await page.locator("#dialects .sample").first().textContent()).toContain(darkroom.origin());
  await shoot(page, "docs");
});
