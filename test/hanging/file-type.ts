// Replaces `file-type` in the runtime of one test: an inspection that never returns for a marked object.
import { fileTypeFromBuffer as realFileType } from "../../node_modules/file-type/source/index.js";
import { hangIfMarked, HANGS_READER } from "./mark.ts";

export async function fileTypeFromBuffer(bytes: Uint8Array): ReturnType<typeof realFileType> {
  hangIfMarked(bytes, HANGS_READER);
  return realFileType(bytes);
}
