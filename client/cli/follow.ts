import { type Client, DarkroomError, type Job } from "../index.ts";
import type { Bars } from "./bars.ts";
import { type ExitCode, exitCodeOf, exitCodeOfJob, firstWrong } from "./exit-codes.ts";
import { printError, printJson, printLine } from "./output.ts";
import type { Session } from "./session.ts";

/** Follow several jobs side by side until they have ended, and print each when it ends. */
export async function followAll(session: Session, ids: readonly string[], bars: Bars): Promise<ExitCode> {
  const { client, isJson, signal } = session;
  const codes = await Promise.all(
    ids.map(async (id) => {
      const bar = bars.bar(id);
      try {
        const job = await follow(client, id, { signal, onChange: bar.job });
        bars.print(() => printEnd(job, isJson));
        return exitCodeOfJob(job);
      } catch (error) {
        signal.throwIfAborted();
        bars.print(() => printError(error, { isJson, subject: id }));
        return exitCodeOf(error);
      }
    }),
  );
  return firstWrong(codes);
}

function printEnd(job: Job, isJson: boolean): void {
  if (isJson) {
    printJson(job);
    return;
  }
  printLine(`${job.id} ${job.state}`);
  if (job.error === null) return;
  printError(`${job.error.code ?? ""}: ${job.error.message ?? ""}`, { isJson, subject: job.id });
}

interface FollowOptions {
  readonly signal: AbortSignal;
  readonly onChange: (job: Job) => void;
}

/** Follow a job by its events, or by polling if the server does not stream events. */
async function follow(client: Client, id: string, { signal, onChange }: FollowOptions): Promise<Job> {
  try {
    for await (const event of client.jobs.events(id, { signal })) {
      // A segment changes no figure that is shown, and a long recording has thousands.
      if (event.type !== "segment") onChange(await client.jobs.get(id, { signal }));
    }
  } catch (error) {
    signal.throwIfAborted();
    // A missing job is a final answer. A server without events, or a proxy that cuts the stream, is not.
    if (!(error instanceof DarkroomError) || error.code === "job_not_found" || exitIsFinal(error)) throw error;
  }
  return client.jobs.wait(id, { signal, onChange });
}

function exitIsFinal({ status }: DarkroomError): boolean {
  return status === 401 || status === 403;
}
