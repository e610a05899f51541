import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** A small input of each kind. */
export interface Media {
  /** A few seconds of English. */
  readonly speech: Blob;
  readonly picture: Blob;
  /** One sentence. */
  readonly text: string;
}

/** `hello.mp3` says "Hello. One, two, three, four.": smoke/README.md. */
export async function readMedia(): Promise<Media> {
  const [speech, picture] = await Promise.all(
    ["hello.mp3", "../local/samples/coffee.jpg"].map((path) => readFile(join(import.meta.dirname, path))),
  );
  return {
    speech: new Blob([Uint8Array.from(speech ?? [])], { type: "audio/mpeg" }),
    picture: new Blob([Uint8Array.from(picture ?? [])], { type: "image/jpeg" }),
    text: "What a lovely quiet harbour: the boats come home at dawn.",
  };
}
