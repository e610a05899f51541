import "./transcript.css";
import "./lines.css";
import "./panels.css";

import { useQuery } from "@tanstack/preact-query";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useSearchParams } from "wouter-preact";

import type { Job, OpenedTranscript, Transcript } from "../../client/index.ts";
import { api, may } from "../api/session.ts";
import { hasEnded, type LiveJob } from "../job/use-job.ts";
import { markedWords } from "../jobs/marked-words.ts";
import { tell } from "../shell/toasts.tsx";
import { formatClock } from "../ui/format.ts";
import { takePlays } from "../ui/plays.ts";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { AskPanel } from "./ask-panel.tsx";
import { ConflictDialog } from "./conflict-dialog.tsx";
import { createEdits, type Edits } from "./edits.ts";
import { ExportDialog } from "./export-dialog.tsx";
import { HistoryDialog } from "./history-dialog.tsx";
import { Lanes } from "./lanes.tsx";
import { doubtsOf, linesOf } from "./lines.ts";
import { createPlayer, type Player } from "./player.ts";
import { PlayerPanel } from "./player-panel.tsx";
import { createReader, type Reader } from "./reader.ts";
import { ReplacePanel } from "./replace-panel.tsx";
import { placeOf } from "./start-place.ts";
import { SpeakerDialog } from "./speaker-dialog.tsx";
import { Toolbar } from "./toolbar.tsx";
import { useTranscriptKeys } from "./use-transcript-keys.ts";

export type Open = "replace" | "ask" | "export" | "history" | null;

/** The transcript with its player, editor and export. It grows while the job runs. */
export function TranscriptView({ job, live }: { job: Job; live: LiveJob }) {
  const isOver = hasEnded(job);
  const transcript = useQuery({
    queryKey: ["transcript", job.id, job.finishedAt],
    queryFn: ({ signal }) => api().jobs.version(job.id, "edited", { signal }),
    enabled: isOver,
    staleTime: Infinity,
    // Edits start from the version that was read, so it is read again each time the view opens.
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
  const player = usePlayer(job);
  if (transcript.error !== null) {
    return <ErrorState error={transcript.error} retry={() => void transcript.refetch()} />;
  }
  if ((isOver && transcript.data === undefined) || player === null) return <Skeleton rows={8} height={28} />;
  return <Desk job={job} live={live} player={player} opened={isOver ? (transcript.data ?? null) : null} />;
}

function usePlayer(job: Job): Player | null {
  const [player, setPlayer] = useState<Player | null>(null);
  useEffect(() => {
    const made = createPlayer(job.id, job.progress.audioMsTotal ?? 0);
    setPlayer(made);
    return () => made.destroy();
  }, [job.id]);
  return player;
}

interface DeskProps {
  readonly job: Job;
  readonly live: LiveJob;
  readonly player: Player;
  readonly opened: OpenedTranscript | null;
}

function Desk({ job, live, player, opened }: DeskProps) {
  const host = useRef<HTMLDivElement>(null);
  const [reader, setReader] = useState<Reader | null>(null);
  const [open, setOpen] = useState<Open>(null);
  const [editing, setEditing] = useState<number | null>(null);
  const [isFollowing, setFollowing] = useState(true);
  const [speakerOf, setSpeakerOf] = useState<number | null>(null);
  const mayEdit = opened?.etag != null && job.state === "completed" && may("jobs:read", "jobs:write");
  const redraw = useRef<(indexes: readonly number[] | null) => void>(() => undefined);
  const edits = useMemo(
    () => (opened === null ? null : createEdits(job.id, opened, (indexes) => redraw.current(indexes))),
    [opened],
  );
  useEffect(() => () => edits?.destroy(), [edits]);
  const transcript = opened?.transcript;
  const doubts = useMemo(() => doubtsOf(transcript), [transcript]);
  const latest = useRef<Edits | null>(null);
  latest.current = edits;

  useEffect(() => {
    if (host.current === null) return;
    const made = createReader(host.current, {
      onSeek: (ms) => player.seek(ms),
      onType(index, text) {
        const { current } = latest;
        current?.change([{ ...current.line(index), index, text }], { isTyping: true });
        redraw.current([index]);
      },
      onSpeaker: setSpeakerOf,
      onEditing: setEditing,
      onFollowing: setFollowing,
      onUndo: () => goTo(latest.current?.undo() ?? null),
      onRedo: () => goTo(latest.current?.redo() ?? null),
    });
    const goTo = (index: number | null) => {
      if (index !== null) made.reveal(index, false);
    };
    setReader(made);
    const stop = player.timeMs.subscribe((ms) => made.speak(ms));
    return () => {
      stop();
      made.destroy();
    };
  }, [player]);

  useEffect(() => {
    if (reader === null) return;
    if (edits === null) {
      return live.segments.subscribe((segments) => {
        reader.show(linesOf(segments.filter(Boolean), null, []), []);
        reader.speak(player.timeMs.value);
      });
    }
    const gaps = transcript?.gaps ?? [];
    const lines = (index?: number) => linesOf(edits.segments(), edits, transcript?.lowConfidence ?? [], index);
    redraw.current = (indexes) => {
      if (indexes === null) reader.show(lines(), gaps);
      else {
        for (const index of indexes) {
          const [line] = lines(index);
          if (line !== undefined) reader.update(index, line);
        }
      }
      reader.speak(player.timeMs.value);
    };
    redraw.current(null);
    return undefined;
  }, [reader, edits]);
  useEffect(() => reader?.setEditable(mayEdit), [reader, mayEdit]);
  useStart(player, reader, transcript);
  useEffect(() => {
    // The transcript's duration applies until the recording itself has loaded.
    if (player.durationMs.value === 0 && transcript?.durationMs != null)
      player.durationMs.value = transcript.durationMs;
  }, [player, transcript]);

  function edit(index = reader?.lineAt(player.timeMs.value) ?? 0, offset: number | null = 0) {
    if (!mayEdit || reader === null) return;
    reader.edit(Math.max(0, index), offset);
  }
  function stepDoubt(step: 1 | -1) {
    const here = player.timeMs.value;
    const next =
      step === 1
        ? doubts.find(({ startMs }) => startMs > here + 50)
        : doubts.findLast(({ startMs }) => startMs < here - 1000);
    const found = next ?? (step === 1 ? doubts[0] : doubts.at(-1));
    if (found === undefined) {
      tell("There are no doubtful places: nothing is missing, and the model was sure.");
      return;
    }
    player.seek(found.startMs);
    reader?.reveal(reader.lineAt(found.startMs));
    tell(`${formatClock(found.startMs)}: ${found.says}`);
  }
  function stepLine(step: 1 | -1) {
    const count = edits?.segments().length ?? live.segments.value.length;
    const index = Math.max(0, Math.min(count - 1, (reader?.lineAt(player.timeMs.value) ?? 0) + step));
    const segment = edits?.segment(index) ?? live.segments.value[index];
    if (segment === undefined) return;
    player.seek(segment.startMs);
    reader?.reveal(index, false);
  }
  useTranscriptKeys({ player, edits, reader, mayEdit, edit, stepDoubt, stepLine, setOpen });

  const isEmpty = transcript !== undefined && transcript.segments.length === 0;
  return (
    <div class="desk" data-panel={open === "ask" || open === "replace" ? "" : undefined}>
      <div class="desk-text">
        <Toolbar
          edits={edits}
          isEditing={editing !== null}
          mayEdit={mayEdit}
          isLive={opened === null}
          open={open}
          setOpen={setOpen}
          onEdit={() => (editing === null ? edit() : reader?.endEdit())}
        />
        {open === "replace" && edits !== null && reader !== null && (
          <ReplacePanel edits={edits} reader={reader} player={player} mayEdit={mayEdit} onClose={() => setOpen(null)} />
        )}
        {opened === null && live.segments.value.length === 0 && (
          <p class="dim desk-empty" role="status">
            The words appear here as soon as the first part has been transcribed.
          </p>
        )}
        {isEmpty && <p class="dim desk-empty">Nobody speaks in this recording.</p>}
        <div ref={host} class="reader" />
      </div>
      <aside class="desk-side" aria-label="Player">
        <PlayerPanel
          player={player}
          jobId={job.id}
          doubts={doubts}
          stepDoubt={stepDoubt}
          isFollowing={isFollowing}
          onFollow={() => reader?.follow()}
        >
          <Lanes job={job} player={player} doubts={doubts} isOver={opened !== null} />
        </PlayerPanel>
        {open === "ask" && <AskPanel jobId={job.id} player={player} onClose={() => setOpen(null)} />}
      </aside>
      {open === "export" && edits !== null && (
        <ExportDialog job={job} edits={edits} player={player} onClose={() => setOpen(null)} />
      )}
      {open === "history" && edits !== null && (
        <HistoryDialog jobId={job.id} edits={edits} mayEdit={mayEdit} onClose={() => setOpen(null)} />
      )}
      {speakerOf !== null && edits !== null && (
        <SpeakerDialog edits={edits} index={speakerOf} onClose={() => setSpeakerOf(null)} />
      )}
      {edits !== null && edits.conflicts.value.length > 0 && <ConflictDialog edits={edits} />}
    </div>
  );
}

/** Start at the place in the address: `at` in seconds, or `t` in milliseconds with words to `find` after it, as search hits have. */
function useStart(player: Player, reader: Reader | null, transcript: Transcript | undefined): void {
  const [params] = useSearchParams();
  const seconds = Number(params.get("at") ?? Number.NaN);
  const from = Number.isFinite(seconds) ? seconds * 1000 : Number(params.get("t") ?? Number.NaN);
  const words = params.get("find") ?? "";
  useEffect(() => {
    if (reader === null || transcript === undefined || !Number.isFinite(from) || from < 0) return;
    const ms = words === "" ? from : placeOf(transcript.segments, from, markedWords(words));
    player.seek(ms);
    reader.reveal(reader.lineAt(ms), false);
    if (takePlays() && !player.isPlaying.peek()) player.toggle();
  }, [reader, transcript, from, words]);
}
