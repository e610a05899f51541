import type { ComponentChildren } from "preact";

import type { Job } from "../../client/index.ts";
import { CopyButton } from "../ui/copy.tsx";
import { formatBytes, formatDateTime, formatDuration } from "../ui/format.ts";
import { ArtifactList } from "./artifact-list.tsx";
import { ReceiptTable } from "./receipt-table.tsx";
import { Timeline } from "./timeline.tsx";

/** The whole record of a job, for a person who has to find out what happened. */
export function JobDetails({ job }: { job: Job }) {
  return (
    <div class="details">
      <section>
        <h2>What happened</h2>
        <Timeline job={job} />
      </section>
      <div class="details-pair">
        <section>
          <h2>Request</h2>
          <Asked job={job} />
        </section>
        <section>
          <h2>Files</h2>
          <ArtifactList job={job} />
        </section>
      </div>
      <section>
        <h2>Cost</h2>
        <ReceiptTable job={job} />
      </section>
      <section>
        <details class="more">
          <summary>Exact JSON</summary>
          <Json value={job} />
        </details>
      </section>
    </div>
  );
}

function Asked({ job }: { job: Job }) {
  const { id, input, terms, choice, createdAt, metadata, timings, recording } = job;
  const options = Object.entries(input.options).filter(([, value]) => value !== undefined);
  return (
    <dl class="facts">
      {"prompt" in input && <Fact name="Prompt">{input.prompt}</Fact>}
      {"text" in input && <Fact name="Text">{input.text}</Fact>}
      {"source" in input && (
        <Fact name="Source">
          <code>{input.source.key}</code> <span class="dim">({formatBytes(input.source.sizeBytes)})</span>
        </Fact>
      )}
      {recording !== null && (
        <Fact name={recording.tracks.length === 1 ? "Track" : "Tracks"}>
          {recording.tracks.map((track, index) => (
            <span key={index} class={index === recording.track ? "block" : "block dim"}>
              {describeTrack(track)}
              {recording.tracks.length > 1 && index === recording.track && " (transcribed)"}
            </span>
          ))}
        </Fact>
      )}
      {choice !== null && (
        <Fact name="Model">
          <code>{choice.model}</code>
          <span class="small dim block">{choice.reason}</span>
        </Fact>
      )}
      {options.length > 0 && (
        <Fact name="Options">
          {options.map(([name, value]) => (
            <code key={name} class="block">
              {name}: {JSON.stringify(value)}
            </code>
          ))}
        </Fact>
      )}
      {input.then !== undefined && <Fact name="Then">{input.then.join(", ")}</Fact>}
      {terms.priority !== "normal" && <Fact name="Priority">{terms.priority}</Fact>}
      {terms.maxNeurons !== null && <Fact name="At most">{terms.maxNeurons} neurons</Fact>}
      {terms.deadlineAt !== null && <Fact name="Deadline">{formatDateTime(terms.deadlineAt)}</Fact>}
      {Object.entries(metadata).map(([name, value]) => (
        <Fact key={name} name={name}>
          {value}
        </Fact>
      ))}
      <Fact name="Submitted">{formatDateTime(createdAt)}</Fact>
      {timings.queuedMs !== null && <Fact name="Waited">{formatDuration(timings.queuedMs)}</Fact>}
      {timings.runningMs !== null && <Fact name="Ran">{formatDuration(timings.runningMs)}</Fact>}
      <Fact name="Id">
        <code>{id}</code> <CopyButton text={id} label="Copy the id" isQuiet />
      </Fact>
    </dl>
  );
}

function describeTrack({ codec, language, title, channels }: NonNullable<Job["recording"]>["tracks"][number]): string {
  const counted = channels === null ? null : `${channels} ${channels === 1 ? "channel" : "channels"}`;
  return [codec, language, title, counted].filter((part) => part !== null).join(", ");
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <bdi>{children}</bdi>
      </dd>
    </div>
  );
}

function Json({ value }: { value: object }) {
  const text = JSON.stringify(value, null, 2);
  return (
    <div class="json card">
      <CopyButton text={text} />
      <pre tabIndex={0} role="region" aria-label="The job as JSON">
        {text}
      </pre>
    </div>
  );
}
