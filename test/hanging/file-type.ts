// Stands in for `file-type` in the runtime of a test alone: an inspection that never returns from a marked object.
import { fileTypeFromBuffer as realFileType } from "../../node_modules/file-type/source/index.js";
import { hangIfMarked, HANGS_READER } from "./mark.ts";

export async function fileTypeFromBuffer(bytes: Uint8Array): ReturnType<typeof realFileType> {
  hangIfMarked(bytes, HANGS_READER);
  return realFileType(bytes);
}
