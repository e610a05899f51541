/** In the bytes of a picture that the task's parser never returns from. */
export const HANGS_TASK = "hangs whoever classifies it";
/** In the bytes of an object that its inspection never returns from. */
export const HANGS_READER = "hangs whoever inspects it";

export function hangIfMarked(bytes: Uint8Array, mark: string): void {
  if (!new TextDecoder("latin1").decode(bytes).includes(mark)) return;
  // oxlint-disable-next-line no-constant-condition no-empty
  for (;;) {}
}
