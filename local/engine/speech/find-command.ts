import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

// Homebrew's folders are often missing from the PATH of programs that were not started by a shell.
const EXTRA_FOLDERS = ["/opt/homebrew/bin", "/usr/local/bin"];

export function findCommand(name: string, path = process.env["PATH"] ?? ""): string | undefined {
  const folders = [...path.split(delimiter).filter((folder) => folder !== ""), ...EXTRA_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
