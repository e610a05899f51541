import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { stripVTControlCharacters } from "node:util";

import { DarkroomError } from "../index.ts";
import { UsageError } from "./exit-codes.ts";

/** A reader that closes the pipe (`| head`) ends the command. That is not an error. */
export function endOnClosedPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit();
      throw error;
    });
  }
}

export function printLine(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Print one JSON document on a line, so that a list can be read as it arrives. */
export function printJson(value: unknown): void {
  printLine(JSON.stringify(value));
}

/** Print bytes unchanged, no faster than the reader takes them. */
export async function printStream(stream: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
  await pipeline(Readable.fromWeb(stream as never), process.stdout, { end: false, signal });
}

/** Print rows in columns. Control characters are removed: a file name from another owner must not move the cursor. */
export function printTable(rows: readonly (readonly (string | number | null)[])[]): void {
  const cells = rows.map((row) => row.map((cell) => clean(String(cell ?? ""))));
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  for (const row of cells)
    printLine(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
}

/** Print an error on stderr; `subject` is the file or id that it concerns. */
export function printError(error: unknown, { isJson, subject }: { isJson: boolean; subject?: string }): void {
  if (isJson) {
    const code = error instanceof UsageError ? "usage" : "client_failed";
    const fields = error instanceof DarkroomError ? error.toJSON() : { code, detail: messageOf(error) };
    process.stderr.write(`${JSON.stringify({ error: { ...fields, ...(subject !== undefined && { subject }) } })}\n`);
    return;
  }
  const lines = [`darkroom: ${subject === undefined ? "" : `${subject}: `}${messageOf(error)}`];
  if (error instanceof DarkroomError && error.issues.length > 1) {
    lines.push(...error.issues.map(({ path, message }) => `  ${path || "request"}: ${message}`));
  }
  process.stderr.write(lines.map((line) => `${clean(line)}\n`).join(""));
}

export function clean(text: string): string {
  return stripVTControlCharacters(text).replaceAll(/\p{Cc}+/gu, " ");
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
