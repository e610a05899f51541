// A client that knows nothing of kills: it repeats every request that got no answer.
import { spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { JobView } from "../../test/views.ts";
import type { Way } from "./work.ts";
import { LOCAL_KEY as KEY } from "../../shared/keys/local-secrets.ts";

export interface Accepted {
  /** Null for an object put into the bucket, whose job is found later. */
  readonly jobId: string | null;
  /** How often the client sent it. */
  readonly tries: number;
}

const BUCKET = "/cdn-cgi/local/r2/s3/darkroom-media";
const ANSWER_WITHIN_MS = 20_000;
const AGAIN_AFTER_MS = 250;

/** @param url returns the address of the current runtime. */
export function createClient(url: () => string, folder: string) {
  async function request(path: string, init: { method?: string; body?: Uint8Array | string } = {}): Promise<Response> {
    return fetch(`${url()}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${KEY}` },
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
  }

  async function read<T>(path: string): Promise<T> {
    const response = await request(path);
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response.json<T>();
  }

  /** Send a job until it is accepted. @throws if it is refused, or `signal` is aborted. */
  async function submit(way: Way, signal: AbortSignal): Promise<Accepted> {
    for (let tries = 1; ; tries += 1) {
      signal.throwIfAborted();
      const answer = await send(way);
      if (answer !== null && answer.status >= 200 && answer.status < 300) return { jobId: answer.jobId, tries };
      if (answer !== null && answer.status >= 400 && answer.status < 500) {
        throw new Error(`a ${way.type} job was refused with ${answer.status}`);
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
    }
  }

  /** Send once. Returns null if no complete answer came. */
  async function send(way: Way): Promise<{ status: number; jobId: string | null } | null> {
    if (way.type === "put") return putObject(`inbox/${way.name}`, way.bytes);
    const isDescribed = way.type === "described";
    const path = isDescribed ? "/v1/jobs" : `/v1/uploads?name=${way.name}`;
    try {
      const response = await request(path, {
        method: "POST",
        body: isDescribed ? JSON.stringify(way.body) : way.bytes,
      });
      const text = await response.text();
      const jobId = response.ok ? (JSON.parse(text) as { id: string }).id : null;
      return { status: response.status, jobId };
    } catch {
      return null;
    }
  }

  /** Put an object with curl, as the README shows it. */
  async function putObject(key: string, bytes: Uint8Array): Promise<{ status: number; jobId: null } | null> {
    const file = join(folder, "sent", key);
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, bytes);
    const signed = ["--aws-sigv4", "aws:amz:auto:s3", "--user", "local:local-secret"];
    const unhashed = ["-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"];
    const limits = ["--silent", "--max-time", String(ANSWER_WITHIN_MS / 1000)];
    const shown = ["--output", `${file}.answer`, "--write-out", "%{http_code}"];
    const curl = spawn("curl", [...signed, ...unhashed, ...limits, ...shown, "-T", file, `${url()}${BUCKET}/${key}`], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let status = "";
    curl.stdout.on("data", (chunk: Buffer) => (status += chunk.toString()));
    const code = await new Promise<number | null>((resolve, reject) => {
      curl.once("error", reject);
      curl.once("close", resolve);
    });
    await rm(file, { force: true });
    return code === 0 ? { status: Number(status), jobId: null } : null;
  }

  return {
    submit,
    /** Read all jobs in full. */
    async readJobs(): Promise<readonly JobView[]> {
      const ids = (await list()).map(({ id }) => id);
      const jobs: JobView[] = [];
      for (const id of ids) jobs.push(await read<JobView>(`/v1/jobs/${id}`));
      return jobs;
    },
    list,
    /** Dead letters of every state. */
    async countLetters(): Promise<number> {
      const pages = await readPages<{ deadLetters: readonly unknown[] }>("/v1/dead-letters?view=list&state=all");
      return pages.flatMap(({ deadLetters }) => deadLetters).length;
    },
    /** Null if the job has no such artifact. */
    async readArtifact(jobId: string, name: string): Promise<Buffer | null> {
      const response = await request(`/v1/jobs/${jobId}/artifacts/${name}`);
      return response.ok ? Buffer.from(await response.arrayBuffer()) : null;
    },
    /** Run cron, which nothing else triggers locally. A runtime that is down misses it. */
    async tick(): Promise<void> {
      await request("/cdn-cgi/local/scheduled").catch(() => null);
    },
  };

  /** List all jobs in short. */
  async function list(): Promise<readonly JobSummary[]> {
    const pages = await readPages<{ jobs: readonly JobSummary[] }>("/v1/jobs?");
    return pages.flatMap(({ jobs }) => jobs);
  }

  /** Read all pages of a list. `path` already has a query. */
  async function readPages<Page>(path: string): Promise<readonly Page[]> {
    const pages: Page[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const from: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page: Page & { nextCursor: string | null } = await read(`${path}&limit=100${from}`);
      pages.push(page);
      cursor = page.nextCursor;
    }
    return pages;
  }
}

export type Client = ReturnType<typeof createClient>;
export type JobSummary = Pick<JobView, "id" | "kind" | "state" | "createdAt" | "finishedAt" | "error">;
