import { rm, writeFile } from "node:fs/promises";

import { fileSource } from "./file-source.ts";
import { decode } from "./media.ts";

const SLICE_BYTES = 1024 * 1024;
const RATE = 16_000;

/** What the platform's tutorial sends second, whatever the container: the file's second MiB. Is it audio to anyone? */
export async function isSecondSliceDecodable(path: string): Promise<boolean> {
  const source = await fileSource(path);
  // No extension: the model is not told one either.
  const slicePath = `${path}.slice`;
  try {
    const end = Math.min(source.sizeBytes, 2 * SLICE_BYTES);
    await writeFile(slicePath, await source.read(SLICE_BYTES, end - SLICE_BYTES));
    const samples = await decode(slicePath, RATE);
    return samples.length > RATE;
  } catch {
    return false;
  } finally {
    await source.close();
    await rm(slicePath, { force: true });
  }
}
