import { useComputed } from "@preact/signals";
import { useQuery } from "@tanstack/preact-query";

import type { Chunk, Job } from "../../client/index.ts";
import { LIVE_MS } from "../api/queries.ts";
import { api } from "../api/session.ts";
import { formatClock } from "../ui/format.ts";
import type { Doubt } from "./lines.ts";
import type { Player } from "./player.ts";

const NAMES: Readonly<Record<Chunk["state"], string>> = {
  done: "done",
  running: "running",
  waiting: "waiting",
  gap: "missing",
};
/** A step of the slider: fine enough to point at, and coarse enough not to be drawn for every frame. */
const STEP_MS = 200;

/** The whole recording as a line, with the state of its parts during the transcription, the doubtful places and the current place. */
export function Lanes({
  job,
  player,
  doubts,
  isOver,
}: {
  job: Job;
  player: Player;
  doubts: readonly Doubt[];
  isOver: boolean;
}) {
  const chunks = useQuery({
    queryKey: ["jobs", "chunks", job.id, isOver],
    queryFn: ({ signal }) => api().jobs.chunks(job.id, { signal }),
    enabled: !isOver,
    refetchInterval: isOver ? false : LIVE_MS,
  });
  const parts = isOver ? [] : (chunks.data ?? []);
  const wholeMs = Math.max(player.durationMs.value, parts.at(-1)?.endMs ?? 0, doubts.at(-1)?.endMs ?? 0, 1);
  const place = ({ startMs, endMs }: { startMs: number; endMs: number }) => ({
    left: `${(100 * startMs) / wholeMs}%`,
    width: `${(100 * (Math.min(endMs, wholeMs) - startMs)) / wholeMs}%`,
  });
  const states = (["done", "running", "waiting", "gap"] as const).flatMap((state) => {
    const count = parts.filter((part) => part.state === state).length;
    return count === 0 ? [] : [{ state, count }];
  });
  return (
    <>
      <div class="lanes lanes-track">
        {parts.map((part) => (
          <span
            key={`${part.startMs} ${part.endMs}`}
            class="lane"
            data-state={part.state}
            style={place(part)}
            title={`${formatClock(part.startMs)} to ${formatClock(part.endMs)}: ${NAMES[part.state]}`}
          />
        ))}
        {doubts.map((doubt) => (
          <span key={doubt.startMs} class="lane" data-state={doubt.isGap ? "gap" : "doubt"} style={place(doubt)} />
        ))}
        <Slider player={player} wholeMs={wholeMs} />
      </div>
      {states.length > 0 && (
        <ul class="lanes-key small" aria-label="Parts of the recording">
          {states.map(({ state, count }) => (
            <li key={state} data-state={state}>
              <span class="lane-dot" data-state={state} aria-hidden="true" />
              {count} {NAMES[state]}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Slider({ player, wholeMs }: { player: Player; wholeMs: number }) {
  const at = useComputed(() => Math.round(player.timeMs.value / STEP_MS) * STEP_MS);
  return (
    <input
      type="range"
      class="lanes-slider"
      aria-label="Place in the recording"
      aria-valuetext={`${formatClock(at.value)} of ${formatClock(wholeMs)}`}
      min={0}
      max={wholeMs}
      step={STEP_MS}
      value={at.value}
      // The slider's own keys would move by 0.2 s. The keys of the page move by 5 s.
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft" || event.key === "ArrowRight") event.preventDefault();
        if (event.key === "ArrowLeft") player.skip(-5000);
        if (event.key === "ArrowRight") player.skip(5000);
      }}
      onInput={(event) => player.seek(Number(event.currentTarget.value))}
    />
  );
}
