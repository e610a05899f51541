import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useComputed } from "@preact/signals";

import { formatClock } from "../ui/format.ts";
import { Icon } from "../ui/icon.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import type { Doubt } from "./lines.ts";
import { type Player, RATES } from "./player.ts";
import { SKIP_MS } from "./use-transcript-keys.ts";
import { Waveform } from "./waveform.tsx";

/** The player next to the transcript. Every button has a keyboard shortcut. */
export function PlayerPanel({
  player,
  jobId,
  doubts,
  stepDoubt,
  isFollowing,
  onFollow,
  children,
}: {
  player: Player;
  jobId: string;
  doubts: readonly Doubt[];
  stepDoubt: (step: 1 | -1) => void;
  isFollowing: boolean;
  onFollow: () => void;
  /** The overview of the whole recording. */
  children: ComponentChildren;
}) {
  const { error } = player;
  return (
    <section class="player card" aria-label="Recording" data-by={player.by.value}>
      <Picture player={player} />
      <Waveform player={player} jobId={jobId} />
      {children}
      <Times player={player} />
      <div class="player-buttons">
        <IconButton
          icon="back5"
          label="Back 5 seconds"
          size={20}
          title="Back 5 s (←)"
          onClick={() => player.skip(-SKIP_MS)}
        />
        <PlayButton player={player} />
        <IconButton
          icon="on5"
          label="Forward 5 seconds"
          size={20}
          title="Forward 5 s (→)"
          onClick={() => player.skip(SKIP_MS)}
        />
        <button
          type="button"
          class="button quiet player-slow"
          aria-pressed={player.isSlow.value}
          title="Repeat the last 3 s slowly (b)"
          onClick={player.repeatSlowly}
        >
          Slow repeat
        </button>
        <label class="player-rate">
          <span class="visually-hidden">Speed</span>
          <select
            class="select"
            value={player.rate.value}
            onChange={(event) => player.setRate(Number(event.currentTarget.value))}
          >
            {RATES.map((rate) => (
              <option key={rate} value={rate}>
                {rate}×
              </option>
            ))}
          </select>
        </label>
      </div>
      {error.value !== null && (
        <div class="notice" data-tone="bad" role="alert">
          <Icon name="alert" />
          <div class="notice-text">The recording cannot be played. {error.value}</div>
          <button type="button" class="button" onClick={player.retry}>
            Try again
          </button>
        </div>
      )}
      <div class="player-foot">
        {doubts.length === 0 ? (
          <span class="small dim">No doubtful places</span>
        ) : (
          <button
            type="button"
            class="button quiet player-doubts"
            title="Next doubtful place (x)"
            onClick={() => stepDoubt(1)}
          >
            <Icon name="alert" />
            {doubts.length === 1 ? "1 doubtful place" : `${doubts.length} doubtful places`}
          </button>
        )}
        <button
          type="button"
          class="button quiet"
          aria-pressed={isFollowing}
          title="Scroll along with the speech (f)"
          onClick={onFollow}
        >
          {isFollowing ? "Following" : "Follow along"}
        </button>
      </div>
    </section>
  );
}

/** The video, if there is one. The same element, hidden, plays sound. */
function Picture({ player }: { player: Player }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => ref.current?.append(player.media), [player]);
  return <div ref={ref} class="player-picture" hidden={!player.hasPicture.value} onClick={player.toggle} />;
}

function PlayButton({ player }: { player: Player }) {
  const { isPlaying, isWaiting } = player;
  return (
    <button
      type="button"
      class="player-play"
      aria-label={isPlaying.value ? "Pause" : "Play"}
      title={isPlaying.value ? "Pause (space)" : "Play (space)"}
      aria-busy={isWaiting.value}
      onClick={player.toggle}
    >
      <Icon name={isPlaying.value ? "pause" : "play"} size={20} />
    </button>
  );
}

function Times({ player }: { player: Player }) {
  const now = useComputed(() => formatClock(player.timeMs.value));
  const whole = useComputed(() => (player.durationMs.value > 0 ? formatClock(player.durationMs.value) : ""));
  return (
    <div class="player-times small">
      <span class="player-now">{now}</span>
      <span class="dim">{whole}</span>
    </div>
  );
}
