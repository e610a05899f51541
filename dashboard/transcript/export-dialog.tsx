import { keepPreviousData, useQuery } from "@tanstack/preact-query";
import { useEffect, useRef, useState } from "preact/hooks";

import type { CaptionQuery, Job } from "../../client/index.ts";
import { sentenceOf } from "../api/queries.ts";
import { api } from "../api/session.ts";
import { tell, tellError } from "../shell/toasts.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { formatClock } from "../ui/format.ts";
import { withoutEnding } from "../ui/file-name.ts";
import { Icon } from "../ui/icon.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { saveFile } from "../ui/save-file.ts";
import { Segments } from "../ui/segments.tsx";
import { type Cue, parseCues } from "./captions.ts";
import type { Edits } from "./edits.ts";
import { FormatChoice } from "./format-choice.tsx";
import { type Format, FORMATS, readAs } from "./formats.ts";
import type { Player } from "./player.ts";

const PRESETS = { netflix: { name: "Netflix", length: 42 }, bbc: { name: "BBC", length: 37 } } as const;
type Preset = keyof typeof PRESETS;

/** The length of the recording around the previewed place. */
const PREVIEW_MS = 45_000;

export function ExportDialog({
  job,
  edits,
  player,
  onClose,
}: {
  job: Job;
  edits: Edits;
  player: Player;
  onClose: () => void;
}) {
  const [format, setFormat] = useState<Format>("vtt");
  const [preset, setPreset] = useState<Preset>("netflix");
  const [length, setLength] = useState<number>(PRESETS.netflix.length);
  const [maxLines, setMaxLines] = useState(2);
  const [isBusy, setBusy] = useState(false);
  const isCaptions = format === "vtt" || format === "srt";
  const captions: CaptionQuery = { preset, maxLineLength: length, maxLines };

  async function save() {
    setBusy(true);
    try {
      // Save first, because the API exports the saved text.
      if (!(await edits.save())) tell("Some changes are not saved yet, so they are not in the file.", { tone: "bad" });
      const name = withoutEnding(job.title) || job.id;
      const text = await readAs(format, { id: job.id, title: name }, captions);
      saveFile(name, format, new Blob([text], { type: `${FORMATS[format].type};charset=utf-8` }));
      tell(`${name}.${format} was exported.`);
      onClose();
    } catch (error) {
      tellError(error);
    } finally {
      setBusy(false);
    }
  }
  return (
    <Dialog
      title="Export"
      isWide
      onClose={onClose}
      footer={
        <>
          <button type="button" class="button" onClick={onClose}>
            Close
          </button>
          <button type="button" class="button primary" disabled={isBusy} onClick={() => void save()}>
            <Icon name="download" />
            {isBusy ? "Exporting …" : `Export ${FORMATS[format].name}`}
          </button>
        </>
      }
    >
      <FormatChoice choices={FORMATS} name="format" chosen={format} onChoose={setFormat} />
      {isCaptions && (
        <div class="captions">
          <Preview job={job} edits={edits} player={player} captions={captions} />
          <div class="captions-options">
            <Segments
              legend="Guidelines"
              name="preset"
              choices={(Object.keys(PRESETS) as Preset[]).map((one) => [one, PRESETS[one].name])}
              chosen={preset}
              onChoose={(one) => {
                setPreset(one);
                setLength(PRESETS[one].length);
              }}
            />
            <label class="field">
              <span>Line length: {length} characters</span>
              <input
                type="range"
                min={16}
                max={80}
                value={length}
                onInput={(event) => setLength(Number(event.currentTarget.value))}
              />
            </label>
            <label class="field">
              <span>Lines</span>
              <select
                class="select"
                value={maxLines}
                onChange={(event) => setMaxLines(Number(event.currentTarget.value))}
              >
                {[1, 2, 3].map((count) => (
                  <option key={count} value={count}>
                    {count === 1 ? "1 line" : `At most ${count} lines`}
                  </option>
                ))}
              </select>
            </label>
          </div>
        </div>
      )}
    </Dialog>
  );
}

/** A preview of the captions on the picture, at the player's place. If nothing is said there, it shows the next captions. */
function Preview({ job, edits, player, captions }: { job: Job; edits: Edits; player: Player; captions: CaptionQuery }) {
  const [around] = useState(() => Math.max(0, Math.floor(player.timeMs.peek() / 1000) * 1000 - 3000));
  const [at, setAt] = useState(0);
  const cues = useQuery({
    queryKey: ["captions", job.id, edits.version.value, around, captions],
    async queryFn({ signal }) {
      const query = { ...captions, fromMs: around, toMs: around + PREVIEW_MS };
      return parseCues(await api().jobs.transcript(job.id, "vtt", query, { signal }));
    },
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
  const all = cues.data ?? [];
  const cue: Cue | undefined = all[Math.min(at, all.length - 1)];
  return (
    <div class="preview">
      <div class="preview-picture">
        <Still player={player} atMs={cue?.startMs ?? around} />
        <p class="preview-caption" dir="auto" role="status">
          {cues.error !== null ? (
            sentenceOf(cues.error)
          ) : cue === undefined ? (
            <span class="small">There is no speech near this place</span>
          ) : (
            cue.lines.map((line, index) => (
              <span key={index} class="preview-line">
                {line}
              </span>
            ))
          )}
        </p>
      </div>
      <div class="preview-steps small">
        <IconButton icon="arrowLeft" label="Previous caption" disabled={at === 0} onClick={() => setAt(at - 1)} />
        <span class="dim">
          {cue !== undefined && `${formatClock(cue.startMs)}, ${((cue.endMs - cue.startMs) / 1000).toFixed(1)} s`}
        </span>
        <IconButton
          icon="arrowRight"
          label="Next caption"
          disabled={at >= all.length - 1}
          onClick={() => setAt(at + 1)}
        />
      </div>
    </div>
  );
}

/** The picture at a time of a video that the browser can play. */
function Still({ player, atMs }: { player: Player; atMs: number }) {
  const ref = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (ref.current !== null) ref.current.currentTime = atMs / 1000;
  }, [atMs]);
  if (!player.hasPicture.value || player.by.value !== "source") return null;
  return <video ref={ref} src={player.media.currentSrc} muted playsInline preload="metadata" tabIndex={-1} />;
}
