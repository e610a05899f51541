// What Replicate's document says of the routes to files.
import { type Description, formBody } from "../http/describe.ts";
import * as examples from "./examples.ts";
import { FileForm, pageOf, StoredFile } from "./schema.ts";

const tags = ["replicate"] as const;
const cursor = { in: "query", name: "cursor", schema: { type: "string" } } as const;

export const FILE_DESCRIPTIONS = {
  createFile: {
    operationId: "createFile",
    summary: "Store a file",
    description:
      "Afterwards the address of the file can be part of an input. The file is deleted when its retention is over.",
    tags,
    requestBody: formBody(FileForm),
    answers: { 201: { description: "the file", schema: StoredFile, example: examples.FILE } },
    problems: ["invalid_request", "upload_too_large", "unsupported_media", "upload_allowance_used"],
  },
  listFiles: {
    operationId: "listFiles",
    summary: "List files, oldest first",
    description: "A page has 100 files. `next` is the address of the next page.",
    tags,
    parameters: [cursor],
    answers: { 200: { description: "a page", schema: pageOf(StoredFile), example: examples.FILES } },
  },
  getFile: {
    operationId: "getFile",
    summary: "Read the description of a file",
    description: "Shows its type, size and checksum, and when it is deleted.",
    tags,
    answers: { 200: { description: "the file", schema: StoredFile, example: examples.FILE } },
    problems: ["file_not_found"],
  },
  deleteFile: {
    operationId: "deleteFile",
    summary: "Delete a file",
    description: "Predictions that have read it keep their outputs.",
    tags,
    answers: { 204: { description: "the file is deleted" } },
    problems: ["file_not_found"],
  },
} as const satisfies Record<string, Description>;
