// Runs on its own thread: see resnet.ts.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { loadGraphModel, type GraphModel } from "@tensorflow/tfjs-converter";
import { ready, setBackend, tensor4d, type Tensor } from "@tensorflow/tfjs-core";
import sharp from "sharp";
import * as z from "zod";
import { COCO_LABELS } from "./coco-labels.ts";

const SIDE = 512;
const MOST_PIXELS = 40_000_000;
// Below this score the labels are unreliable: for photographs without a COCO subject, most are wrong.
const LOWEST_SCORE = 0.2;

export type Label = { readonly score: number; readonly label: string };

export type Detected =
  | { readonly type: "labels"; readonly labels: readonly Label[] }
  | { readonly type: "undecodable"; readonly reason: string }
  | { readonly type: "too_many_pixels" };

// Boxes are [x1, y1, x2, y2, score, class]: the hundred best of one picture.
const Detections = z.array(z.array(z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()])));

let model: Promise<GraphModel> | undefined;

export default async function detectObjects(bytes: Uint8Array): Promise<Detected> {
  const picture = await decode(bytes);
  if (picture.type !== "pixels") return picture;
  model ??= loadModel();
  const network = await model;
  const input = tensor4d(Float32Array.from(picture.pixels), [1, SIDE, SIDE, 3]);
  const output = network.execute(input, ["tower_0/detections"]) as Tensor;
  const [boxes = []] = Detections.parse(await output.array());
  input.dispose();
  output.dispose();
  return { type: "labels", labels: bestByLabel(boxes.map(([, , , , score, index]) => ({ score, index }))) };
}

type Decoded = { readonly type: "pixels"; readonly pixels: Uint8Array } | Exclude<Detected, { type: "labels" }>;

async function decode(bytes: Uint8Array): Promise<Decoded> {
  try {
    const { width, height } = await sharp(bytes, { limitInputPixels: false }).metadata();
    if (width * height > MOST_PIXELS) return { type: "too_many_pixels" };
    // Letterboxed: squeezing a wide picture into a square lowered the scores of our samples by a tenth.
    const pixels = await sharp(bytes, { limitInputPixels: MOST_PIXELS })
      .autoOrient()
      .flatten({ background: "#808080" })
      .toColourspace("srgb")
      .resize(SIDE, SIDE, { fit: "contain", background: "#808080" })
      .raw()
      .toBuffer();
    return { type: "pixels", pixels };
  } catch (error) {
    return { type: "undecodable", reason: String(error) };
  }
}

async function loadModel(): Promise<GraphModel> {
  setWasmPaths(`${dirname(fileURLToPath(import.meta.resolve("@tensorflow/tfjs-backend-wasm")))}/`);
  await setBackend("wasm");
  await ready();
  const folder = join(dirname(fileURLToPath(import.meta.resolve("@vladmandic/human"))), "../models");
  const [json, weights] = await Promise.all([
    readFile(join(folder, "centernet.json"), "utf8"),
    readFile(join(folder, "centernet.bin")),
  ]);
  const { weightsManifest, ...artifacts } = JSON.parse(json);
  const weightSpecs = weightsManifest.flatMap(({ weights: specs }: { weights: unknown[] }) => specs);
  const weightData = new Uint8Array(weights).buffer;
  return await loadGraphModel({ load: async () => ({ ...artifacts, weightSpecs, weightData }) });
}

function bestByLabel(boxes: readonly { readonly score: number; readonly index: number }[]): readonly Label[] {
  const best = new Map<string, number>();
  for (const { score, index } of boxes) {
    const label = COCO_LABELS[index];
    if (label === undefined || score < LOWEST_SCORE) continue;
    best.set(label, Math.max(score, best.get(label) ?? 0));
  }
  return [...best].map(([label, score]) => ({ score, label })).toSorted((a, b) => b.score - a.score);
}
