// Replaces `image-size` in the runtime of one test: a parser that never returns for a marked picture.
import { imageSize as realImageSize } from "../../node_modules/image-size/dist/esm/index.js";
import { hangIfMarked, HANGS_TASK } from "./mark.ts";

export function imageSize(bytes: Uint8Array): ReturnType<typeof realImageSize> {
  hangIfMarked(bytes, HANGS_TASK);
  return realImageSize(bytes);
}
