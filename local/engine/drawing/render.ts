// Runs on its own thread: painting and encoding a megapixel takes tens of milliseconds.
import { fileURLToPath } from "node:url";

import { createCanvas, GlobalFonts } from "@napi-rs/canvas";
import sharp from "sharp";

import { paint } from "./paint.ts";
import { readPrompt } from "./read-prompt.ts";

const FONT = "Inter";
/** Every picture carries this mark, so that nobody takes it for the model's work. */
const MARK = "local preview · not made by a model";

// Bundled, so that the mark looks the same on a machine without fonts.
GlobalFonts.registerFromPath(
  fileURLToPath(import.meta.resolve("@fontsource/inter/files/inter-latin-400-normal.woff2")),
  FONT,
);

export type Drawing = {
  readonly prompt: string;
  readonly seed: number | undefined;
  readonly width: number;
  readonly height: number;
  readonly format: "jpeg" | "png";
};

/** Render a drawing. The same drawing gives the same bytes. */
export default async function render({ prompt, seed, width, height, format }: Drawing): Promise<Uint8Array> {
  const canvas = createCanvas(width, height);
  const ink = canvas.getContext("2d");
  paint(ink, { width, height }, readPrompt(prompt, seed));
  mark(ink, width, height);
  const pixels = canvas.data();
  const picture = sharp(pixels, { raw: { width, height, channels: 4 } }).withExif({
    IFD0: { Software: "Darkroom offline preview", ImageDescription: MARK },
  });
  return format === "jpeg" ? picture.jpeg({ quality: 82 }).toBuffer() : picture.png().toBuffer();
}

function mark(ink: ReturnType<ReturnType<typeof createCanvas>["getContext"]>, width: number, height: number): void {
  const size = Math.max(11, Math.round(Math.min(width, height) / 52));
  ink.font = `${size}px ${FONT}`;
  const long = ink.measureText(MARK).width;
  ink.fillStyle = "rgba(0,0,0,0.45)";
  ink.fillRect(width - long - size * 2, height - size * 2.2, long + size * 2, size * 2.2);
  ink.fillStyle = "#ffffff";
  ink.fillText(MARK, width - long - size, height - size * 0.75);
}
