/** Have the browser save a file. */
export function saveFile(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  // A name from elsewhere: what a file system would take for a folder, or would turn round, is left out.
  link.download = name.replaceAll(/[\p{Cc}\p{Cf}/\\:*?"<>|]+/gu, "_").slice(-120);
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
