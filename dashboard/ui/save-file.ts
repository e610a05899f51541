import { fileNameOf } from "./file-name.ts";

/** Let the browser save a file. @param name without its ending. */
export function saveFile(name: string, ending: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = `${fileNameOf(name, "darkroom")}.${ending}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
