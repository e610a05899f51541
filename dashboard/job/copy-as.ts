// Write a job as a command or as code that submits it again. The key is a variable, because copied text may be pasted anywhere.
import type { Job } from "../../client/index.ts";

type Asked = Readonly<Record<string, unknown>> & { readonly kind: string };

/** Return the request that describes the same job. */
function requestOf({ kind, input, terms, tags, metadata }: Job): Asked {
  const { options, then } = input;
  const what =
    "prompt" in input
      ? { prompt: input.prompt }
      : "text" in input
        ? { text: input.text }
        : { source: input.source.key };
  return {
    kind,
    ...what,
    ...(Object.keys(options).length > 0 && { options }),
    ...(then !== undefined && { then }),
    ...(terms.priority !== "normal" && { priority: terms.priority }),
    ...(terms.maxNeurons !== null && { maxNeurons: terms.maxNeurons }),
    ...(tags.length > 0 && { tags }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
  };
}

/** Quote any text for a shell. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

export function asCurl(job: Job): string {
  const body = JSON.stringify(requestOf(job));
  return [
    `curl ${location.origin}/v1/jobs`,
    '-H "Authorization: Bearer $DARKROOM_KEY"',
    '-H "content-type: application/json"',
    `-d ${quoted(body)}`,
  ].join(" \\\n  ");
}

/**
 * Return a command that submits the job again if it has a prompt or a text. The file of another job is on the machine that submitted
 * it, so the command shows the job instead.
 */
export function asCli(job: Job): string {
  const {
    kind,
    prompt,
    text,
    options,
    then = [],
    tags = [],
    maxNeurons,
    priority,
  } = requestOf(job) as Asked & {
    readonly prompt?: string;
    readonly text?: string;
    readonly options?: object;
    readonly then?: readonly string[];
    readonly tags?: readonly string[];
    readonly maxNeurons?: number;
    readonly priority?: string;
  };
  if (prompt === undefined && text === undefined)
    return `bin/darkroom get ${job.id}${kind === "transcription" ? " --format srt" : ""}`;
  return [
    "bin/darkroom submit",
    prompt === undefined ? `--text ${quoted(text ?? "")}` : `--prompt ${quoted(prompt)}`,
    ...(options === undefined ? [] : [`--options ${quoted(JSON.stringify(options))}`]),
    ...then.map((step) => `--then ${step}`),
    ...tags.map((tag) => `--tag ${quoted(tag)}`),
    ...(priority === undefined ? [] : [`--priority ${priority}`]),
    ...(maxNeurons === undefined ? [] : [`--max-neurons ${maxNeurons}`]),
    "--wait",
  ].join(" ");
}

export function asTypeScript(job: Job): string {
  return `import { createClient } from "./client/index.ts";

const darkroom = createClient({ baseUrl: ${JSON.stringify(location.origin)}, key: process.env.DARKROOM_KEY ?? "" });
const { id } = await darkroom.jobs.submit(${JSON.stringify(requestOf(job), null, 2)});
console.log(await darkroom.jobs.wait(id));
`;
}
