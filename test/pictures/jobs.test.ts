// Pictures in formats that no model takes, from the upload to the result.
import sharp from "sharp";
import { expect, test } from "vitest";

import type { Receipt } from "../../producer/usage/schema.ts";
import { IMAGES } from "../controlled.ts";
import { startDarkroom } from "../harness.ts";
import type { JobView } from "../views.ts";
import { byFfmpeg, decodedBmp, farthest, reduced, tiffBySharp } from "./made.ts";

const darkroom = startDarkroom();

async function ended(name: string, bytes: Uint8Array, then = "describe"): Promise<JobView> {
  const { id } = await darkroom.upload({ name, then }, bytes as BodyInit);
  return darkroom.untilJob(id);
}

async function artifact(id: string, name: string): Promise<Uint8Array> {
  return new Uint8Array(await (await darkroom.api(`/v1/jobs/${id}/artifacts/${name}`)).arrayBuffer());
}

async function transformationsOf(id: string): Promise<Receipt["operations"][number] | undefined> {
  const receipt = await (await darkroom.api(`/v1/jobs/${id}/receipt`)).json<Receipt>();
  return receipt.operations.find(({ operation }) => operation === "imageTransformations");
}

test("a BMP larger than a model takes is classified and described as a smaller PNG", async () => {
  const size = { width: 1301, height: 901 };
  const bmp = byFfmpeg(["-c:v", "bmp", "-pix_fmt", "bgr24"], size);
  expect(bmp.length).toBeGreaterThan(3_000_000);
  const job = await ended("screen.bmp", bmp);
  expect(job).toMatchObject({ state: "completed", kind: "classification" });
  expect(job.labels[0]?.label).toBe("horse");
  expect(job.artifacts.map(({ name }) => name).toSorted()).toEqual(["description.txt", "labels.json", "picture.png"]);
  const pixels = await sharp(await artifact(job.id, "picture.png"))
    .raw()
    .toBuffer();
  expect(farthest(new Uint8Array(pixels), reduced(decodedBmp(bmp), size, 2))).toBe(0);
  expect(await transformationsOf(job.id)).toBeUndefined();
});

test("a TIFF is classified, and one of a variant that is not read fails before a model is paid", async () => {
  expect(await ended("scan.tif", await tiffBySharp({ compression: "deflate", predictor: "horizontal" }))).toMatchObject(
    {
      state: "completed",
    },
  );
  const job = await ended("scan.tif", await tiffBySharp({ compression: "jpeg" }));
  expect(job).toMatchObject({ state: "failed", error: { code: "undecodable_input" } });
  expect(job.error?.message).toMatch(/The TIFF picture holds JPEG.*magick picture\.tiff picture\.jpg$/);
  expect(job.attempts.map(({ model }) => model)).not.toContain("@cf/microsoft/resnet-50");
});

test("Cloudflare Images converts AVIF where it is bound, once however often models are asked", async () => {
  await darkroom.configure({ [IMAGES]: "true" });
  const avif = await sharp(byFfmpeg(["-c:v", "png"], { width: 1300, height: 500 }))
    .avif({ effort: 0 })
    .toBuffer();
  await darkroom.refuseNextCall(3010);
  const { id } = await ended("photo.avif", avif);
  const { deadLetters } = await (
    await darkroom.api("/v1/dead-letters?view=list&state=all")
  ).json<{
    deadLetters: { id: string }[];
  }>();
  expect((await darkroom.post(`/v1/dead-letters/${deadLetters[0]!.id}/redrive`, {})).status).toBe(202);
  const job = await darkroom.untilJob(id, ({ state }) => state === "completed");
  expect(job.input).toMatchObject({ format: "avif" });
  expect(job.attempts.map(({ taskId, neurons }) => [taskId.slice(id.length + 1), neurons])).toEqual(
    expect.arrayContaining([
      ["classify", 0],
      ["classify", 1.5],
      ["describe", 1.5],
    ]),
  );
  const { format, width, height } = await sharp(await artifact(id, "picture.jpg")).metadata();
  expect({ format, width, height }).toEqual({ format: "jpeg", width: 960, height: 369 });
  expect(await transformationsOf(id)).toMatchObject({
    quantity: 1,
    basis: "counted",
    usdPerMillion: 500,
    microUsd: 500,
  });
  expect(new TextDecoder().decode(await artifact(id, "description.txt"))).toBe("A horse.\n");
});

test("Images is paid once where the model has no capacity after it", async () => {
  await darkroom.configure({ [IMAGES]: "true" });
  const avif = await sharp(byFfmpeg(["-c:v", "png"], { width: 300, height: 200 }))
    .avif({ effort: 0 })
    .toBuffer();
  await darkroom.refuseNextCall(3040);
  const { id } = await darkroom.upload({ name: "photo.avif" }, avif as BodyInit);
  const waiting = await darkroom.untilJob(id, ({ attempts }) => attempts.length > 0);
  expect(waiting).toMatchObject({ attempts: [{ outcome: "snooze", neurons: 0, error: { code: "out_of_capacity" } }] });
  await darkroom.bindings().DB.prepare("UPDATE tasks SET scheduled_at = 0, check_at = 0").run();
  await darkroom.maintain();
  expect(await darkroom.untilJob(id)).toMatchObject({ state: "completed", attempts: [{}, { outcome: "completed" }] });
  expect(await transformationsOf(id)).toMatchObject({ quantity: 1 });
});

test("what Cloudflare Images cannot read fails with the command that makes it readable", async () => {
  await darkroom.configure({ [IMAGES]: "true" });
  const heic = new TextEncoder().encode(`\0\0\0\x18ftypheic\0\0\0\0heicmif1${"\0".repeat(100)}`);
  const job = await ended("photo.heic", heic);
  expect(job).toMatchObject({ state: "failed", error: { code: "undecodable_input" } });
  expect(job.error?.message).toBe(
    "Cloudflare Images cannot read the picture (error 9523). Convert it to JPEG or PNG: magick picture.heic picture.jpg",
  );
  expect(await transformationsOf(job.id)).toBeUndefined();
});
