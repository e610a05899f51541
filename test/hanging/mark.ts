/** The mark in the bytes of a picture for which the task's parser never returns. */
export const HANGS_TASK = "hangs whoever classifies it";
/** The mark in the bytes of an object for which the inspection never returns. */
export const HANGS_READER = "hangs whoever inspects it";

export function hangIfMarked(bytes: Uint8Array, mark: string): void {
  if (!new TextDecoder("latin1").decode(bytes).includes(mark)) return;
  // oxlint-disable-next-line no-constant-condition no-empty
  for (;;) {}
}
