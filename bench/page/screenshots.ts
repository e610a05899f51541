// `npm run screenshots`: docs/images/, drawn from the samples on an offline server. With a folder, also as on a phone, into it.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Page } from "playwright-core";
import sharp from "sharp";

import { giveUp } from "../../test/page/letters.ts";
import { KEYS, type Running, startRunning } from "../../test/page/running.ts";
import { ended } from "../../test/page/transcripts.ts";

const IMAGES = join(import.meta.dirname, "../../docs/images");
const SAMPLES = join(import.meta.dirname, "../../local/samples");
const MOST_BYTES = 150_000;
const QUALITY = 84;
const [phoneFolder] = process.argv.slice(2);

interface View {
  readonly name: string;
  readonly path: (ids: Ids) => string;
  /** Until the view shows what it is about. */
  readonly arrive: (page: Page) => Promise<unknown>;
  readonly height?: number;
}
type Ids = Readonly<Record<"voice", string>>;

const VIEWS: readonly View[] = [
  {
    name: "transcript",
    path: ({ voice }) => `/jobs/${voice}/transcript?at=6.6`,
    async arrive(page) {
      await page.getByText(/message for the people/).waitFor();
      await page.locator('.player[data-by="source"]').waitFor();
      await page.getByRole("button", { name: "Ask", exact: true }).click();
      await page.getByRole("textbox", { name: "Question" }).fill("When will they be back in the afternoon?");
      await page.keyboard.press("Enter");
      await page.getByText(/read all of it/).waitFor();
      await page.getByRole("textbox", { name: "Question" }).blur();
      // The sound around is decoded and drawn.
      await page.waitForTimeout(1500);
      await page.evaluate("scrollTo(0, 0)");
    },
  },
  { name: "jobs", path: () => "/", arrive: async (page) => page.getByText("harbour.prompt").waitFor() },
  {
    name: "gallery",
    path: () => "/pictures",
    async arrive(page) {
      await page.locator(".tile img").first().waitFor();
      await page.waitForTimeout(3000);
    },
  },
  {
    name: "dead-letters",
    path: () => "/operate/dead-letters",
    arrive: async (page) => page.getByText(/tasks, 3 causes/).waitFor(),
  },
  {
    name: "usage",
    path: () => "/operate/usage",
    async arrive(page) {
      await page.getByRole("img", { name: /^Neurons per day by kind/ }).waitFor();
      await page.getByText(/of 1,000 neurons spent/).waitFor();
    },
  },
];

const PROMPTS = [
  { prompt: "a lighthouse in the fog, oil on canvas", options: { steps: 4 } },
  { prompt: "small boats at dusk", options: { model: "flux-2-klein-4b", seed: 7, width: 512, height: 512 } },
  { prompt: "a red house on a green hill", options: { model: "flux-2-klein-4b", seed: 42, width: 512, height: 512 } },
  { prompt: "the sea before a storm, wide waves", options: { steps: 8 } },
  { prompt: "an island with one tree", options: { model: "flux-2-klein-4b", seed: 3, width: 512, height: 512 } },
] as const;

const CAUSES = [
  {
    texts: ["The food was cold.", "Never again.", "Friendly staff, fair prices.", "We waited for an hour."],
    code: "model_failed",
    reason: "The model failed with an internal error three times.",
    fingerprint: "classify:model_failed:00000001",
  },
  {
    texts: ["A review of forty pages."],
    code: "model_refused",
    reason: "The model refused the text: it has more tokens than the model takes.",
    fingerprint: "classify:model_refused:00000002",
  },
  {
    texts: ["Rooms with a view.", "Quiet at night."],
    code: "bad_answer",
    reason: "The model's answer has no labels.",
    fingerprint: "classify:bad_answer:00000003",
  },
] as const;

const running = await startRunning();
try {
  const ids = await fill(running);
  await mkdir(IMAGES, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    for (const view of VIEWS) {
      const picture = await draw(view, ids, { colorScheme, width: 1280, height: view.height ?? 800 });
      const webp = await sharp(picture).webp({ quality: QUALITY, effort: 6 }).toBuffer();
      if (webp.length > MOST_BYTES) throw new Error(`${view.name}, ${colorScheme}: ${webp.length} bytes`);
      await writeFile(join(IMAGES, `${view.name}-${colorScheme}.webp`), webp);
      console.log(`${view.name}-${colorScheme}.webp ${webp.length}`);
      if (phoneFolder === undefined) continue;
      await mkdir(phoneFolder, { recursive: true });
      const phone = await draw(view, ids, { colorScheme, width: 390, height: 844 });
      await writeFile(join(phoneFolder, `${view.name}-${colorScheme}.png`), phone);
    }
  }
} finally {
  await running.stop();
}

async function draw(
  { path, arrive }: View,
  ids: Ids,
  { colorScheme, width, height }: { colorScheme: "light" | "dark"; width: number; height: number },
): Promise<Buffer> {
  const context = await running.browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: 2,
    colorScheme,
    reducedMotion: "reduce",
    locale: "en-GB",
  });
  context.setDefaultTimeout(90_000);
  try {
    const page = await context.newPage();
    await page.goto(`${running.origin}/#key=${KEYS.operator}`);
    await page.getByRole("banner").waitFor();
    await page.goto(running.origin + path(ids));
    await arrive(page);
    await page.waitForTimeout(500);
    return await page.screenshot();
  } finally {
    await context.close();
  }
}

/** The four samples, some prompts, failures of three causes, a budget, and the same usage on the days before. */
async function fill({ api, env }: Running): Promise<Ids> {
  const darkroom = { api, env: () => env };
  const submit = async (job: object) => {
    const { id } = await api<{ id: string }>("/v1/jobs", { method: "POST", body: JSON.stringify(job) });
    await ended(darkroom, id);
  };
  for (const { texts, ...cause } of CAUSES) await giveUp(darkroom, texts, cause);
  for (const { prompt, options } of PROMPTS) await submit({ kind: "image_generation", prompt, options, tags: ["sea"] });
  const uploaded = new Map<string, string>();
  for (const [name, then] of [
    ["harbour.prompt", ""],
    ["review.txt", ""],
    ["coffee.jpg", "&then=describe"],
    ["voice-note.mp3", "&then=summarise"],
  ] as const) {
    const path = `/v1/uploads?name=${name}&tag=sample${then}`;
    const { id } = await api<{ id: string }>(path, { method: "POST", body: await readFile(join(SAMPLES, name)) });
    await ended(darkroom, id);
    uploaded.set(name, id);
  }
  // Two that have not ended: the second waits for the first.
  await api("/v1/queues/image_generation/pause", { method: "POST", body: JSON.stringify({ note: "for the picture" }) });
  await api("/v1/jobs", {
    method: "POST",
    body: JSON.stringify({ kind: "image_generation", prompt: "a harbour in winter", tags: ["sea"] }),
  });
  await api("/v1/budgets/operator/day", { method: "PUT", body: JSON.stringify({ neurons: 1000 }) });
  await repeatUsage(env.DB);
  return { voice: uploaded.get("voice-note.mp3") ?? "" };
}

/** A chart of one day is no chart: the days before consume a share of today's, in turns. */
async function repeatUsage(db: D1Database): Promise<void> {
  const shares = [0.9, 0.55, 0.2, 0.25, 0.8, 1.1, 0.7, 0.6, 0.15, 0.1, 0.5, 0.85, 0.75];
  for (const [index, share] of shares.entries()) {
    await db
      .prepare(
        `INSERT INTO usage_days (owner_id, day, kind, model, calls, neurons, estimated_neurons)
         SELECT owner_id, day - ?1, kind, model, calls, neurons * ?2 * (1 + length(model) % 3 * 0.2), estimated_neurons * ?2
           FROM usage_days WHERE day = (SELECT max(day) FROM usage_days)`,
      )
      .bind(index + 1, share)
      .run();
  }
}
