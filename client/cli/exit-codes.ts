import { DarkroomError } from "../index.ts";

/** Exit codes that a script may branch on. `--help` lists them. */
export const EXIT = {
  ok: 0,
  jobFailed: 1,
  usage: 2,
  notFound: 3,
  unauthorized: 4,
  unavailable: 5,
  jobCancelled: 6,
  interrupted: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_HELP = `
Exit codes:
  0    ok
  1    a job failed
  2    the command line or a file is wrong, or the API refuses the request
  3    not found
  4    the key is missing or wrong, or may not do this
  5    the server or the network failed, or the server asks to come back later
  6    a job was cancelled
  130  interrupted (Ctrl-C)`;

/** A command line that is not valid. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return EXIT.usage;
  if (!(error instanceof DarkroomError)) return EXIT.unavailable;
  const { status } = error;
  if (status === 404) return EXIT.notFound;
  if (status === 401 || status === 403) return EXIT.unauthorized;
  if (status >= 400 && status < 500 && status !== 429 && error.code !== "part_refused") return EXIT.usage;
  return EXIT.unavailable;
}

/** The exit code of a command that did several things: the first code that is not `ok`. */
export function firstWrong(codes: readonly ExitCode[]): ExitCode {
  return codes.find((code) => code !== EXIT.ok) ?? EXIT.ok;
}

export function exitCodeOfJob({ state }: { readonly state: string }): ExitCode {
  if (state === "failed") return EXIT.jobFailed;
  return state === "cancelled" ? EXIT.jobCancelled : EXIT.ok;
}
