import { rm, writeFile } from "node:fs/promises";

import { fileSource } from "./file-source.ts";
import { decode } from "./media.ts";

const SLICE_BYTES = 1024 * 1024;
const RATE = 16_000;

/** Whether the second slice of the platform's tutorial can be decoded: the file's second MiB, whatever the container. */
export async function isSecondSliceDecodable(path: string): Promise<boolean> {
  const source = await fileSource(path);
  // Without an extension, because the model does not get one either.
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
