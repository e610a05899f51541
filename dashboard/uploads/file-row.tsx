import { Link } from "wouter-preact";

import { Progress } from "../ui/badge.tsx";
import { formatBytes, formatDuration } from "../ui/format.ts";
import { Icon, type IconName } from "../ui/icon.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { kindName, type KnownKind } from "../ui/kinds.ts";
import { PriceOf } from "./price.tsx";
import { type Item, pause, remove, resume, retry } from "./queue.ts";
import { type Media, mediaOf } from "./settings.ts";

const MEDIA_ICONS: Readonly<Record<Media, IconName>> = {
  audio: "audio",
  picture: "image",
  text: "text",
  prompt: "text",
  unknown: "file",
};

/** The kinds of job for each type of file, the usual one first. */
const KINDS_FOR: Readonly<Record<Media, readonly KnownKind[]>> = {
  audio: ["transcription"],
  picture: ["classification"],
  text: ["classification", "image_generation", "text_generation"],
  prompt: ["image_generation", "classification", "text_generation"],
  unknown: ["transcription", "classification", "image_generation", "text_generation"],
};

export function FileRow({ item }: { item: Item }) {
  const { file, state, jobId, price } = item;
  const media = mediaOf(file);
  const isRefused = state.value === "ready" && price.value.state === "refused";
  return (
    <li class="file">
      <span class="job-icon">
        <Icon name={MEDIA_ICONS[media]} />
      </span>
      <div class="file-about">
        <div class="file-line">
          {jobId.value === null ? (
            <span class="file-name one-line" title={file.name}>
              <bdi>{file.name}</bdi>
            </span>
          ) : (
            <Link class="file-name one-line" href={`/jobs/${jobId.value}`}>
              <bdi>{file.name}</bdi>
            </Link>
          )}
          <span class="dim small">{formatBytes(file.size)}</span>
        </div>
        <div class="file-sub small" aria-live="polite">
          <FileState item={item} />
        </div>
        {(state.value === "sending" || state.value === "paused") && (
          <Progress
            fraction={file.size === 0 ? null : item.sentBytes.value / file.size}
            label={`Upload progress of ${file.name}`}
          />
        )}
      </div>
      {state.value === "ready" && !isRefused && <KindChoice item={item} media={media} />}
      <FileButtons item={item} />
    </li>
  );
}

function FileState({ item }: { item: Item }) {
  const { state, error, sentBytes, bytesPerSecond, file, price, before } = item;
  switch (state.value) {
    case "ready": {
      const { value } = price;
      return value.state === "refused" ? <span class="bad">{value.why}</span> : <PriceOf item={item} />;
    }
    case "waiting":
      return <span class="dim">{before.value === undefined ? "Waiting for its turn" : "Waiting to continue"}</span>;
    case "paused":
      return <span class="dim">Paused at {formatBytes(sentBytes.value)}</span>;
    case "failed":
      return <span class="bad">{error.value}</span>;
    case "done":
      return <span class="good">Uploaded</span>;
    case "sending": {
      const speed = bytesPerSecond.value;
      const left = speed === null || speed === 0 ? null : (1000 * (file.size - sentBytes.value)) / speed;
      if (sentBytes.value >= file.size && file.size > 0) return <span class="dim">Sent. Creating its job …</span>;
      return (
        <span class="dim">
          {formatBytes(sentBytes.value)} of {formatBytes(file.size)}
          {speed !== null && ` · ${formatBytes(speed)}/s`}
          {left !== null && left > 1000 && ` · ${formatDuration(left)} left`}
        </span>
      );
    }
  }
}

function KindChoice({ item, media }: { item: Item; media: Media }) {
  const kinds = KINDS_FOR[media];
  if (kinds.length === 1 && kinds[0] !== undefined) return <span class="chip file-kind">{kindName(kinds[0])}</span>;
  return (
    <select
      class="select file-kind"
      aria-label={`Kind of job for ${item.file.name}`}
      value={item.kind.value ?? ""}
      onChange={(event) => (item.kind.value = kinds.find((kind) => kind === event.currentTarget.value) ?? null)}
    >
      <option value="">{media === "unknown" ? "From its content" : kindName(kinds[0] ?? "")}</option>
      {(media === "unknown" ? kinds : kinds.slice(1)).map((kind) => (
        <option key={kind} value={kind}>
          {kindName(kind)}
        </option>
      ))}
    </select>
  );
}

function FileButtons({ item }: { item: Item }) {
  const { state, file, mayPause } = item;
  return (
    <div class="file-buttons">
      {state.value === "sending" && mayPause.value && (
        <IconButton icon="pause" label={`Pause ${file.name}`} title="Pause" onClick={() => pause(item)} />
      )}
      {state.value === "paused" && (
        <IconButton icon="play" label={`Resume ${file.name}`} title="Resume" onClick={() => resume(item)} />
      )}
      {state.value === "failed" && (
        <IconButton icon="redo" label={`Retry ${file.name}`} title="Retry" onClick={() => retry([item])} />
      )}
      <IconButton
        icon="close"
        label={`Remove ${file.name}`}
        title={state.value === "done" ? "Remove from the list" : "Remove"}
        onClick={() => remove(item)}
      />
    </div>
  );
}
