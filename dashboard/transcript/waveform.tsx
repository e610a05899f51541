import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { createPeaks, PEAK_MS, type Peaks, TILE_MS } from "./peaks.ts";
import type { Player } from "./player.ts";

/** The shown time before and after the needle together. */
const SHOWN_MS = 12_000;
const BAR_PX = 2;
const GAP_PX = 1;

/** The waveform around the needle, which is in the middle. A click or a drag moves to another place, as the keys do. */
export function Waveform({ player, jobId }: { player: Player; jobId: string }) {
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const { current: canvas } = ref;
    if (canvas === null) return;
    let frame = 0;
    const ask = () => {
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        draw(canvas, player, peaks);
      });
    };
    const peaks = createPeaks(jobId, () => player.durationMs.peek(), ask);
    const stop = effect(() => {
      peaks.want(player.timeMs.value);
      void player.durationMs.value;
      ask();
    });
    const resized = new ResizeObserver(ask);
    resized.observe(canvas);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", ask);
    return () => {
      stop();
      peaks.destroy();
      resized.disconnect();
      scheme.removeEventListener("change", ask);
      cancelAnimationFrame(frame);
    };
  }, [player, jobId]);

  function startDrag(event: PointerEvent) {
    const canvas = event.currentTarget as HTMLCanvasElement;
    const fromX = event.clientX;
    const fromMs = player.timeMs.value;
    const msPerPx = SHOWN_MS / canvas.clientWidth;
    let isDrag = false;
    canvas.setPointerCapture(event.pointerId);
    const move = (moved: PointerEvent) => {
      if (Math.abs(moved.clientX - fromX) > 3) isDrag = true;
      if (isDrag) player.seek(fromMs - (moved.clientX - fromX) * msPerPx);
    };
    const end = (ended: PointerEvent) => {
      canvas.removeEventListener("pointermove", move);
      canvas.removeEventListener("pointerup", end);
      canvas.removeEventListener("pointercancel", end);
      if (isDrag || ended.type !== "pointerup") return;
      const { left, width } = canvas.getBoundingClientRect();
      player.seek(fromMs + (ended.clientX - left - width / 2) * msPerPx);
    };
    canvas.addEventListener("pointermove", move);
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
  }
  return <canvas ref={ref} class="waveform" aria-hidden="true" onPointerDown={startDrag} />;
}

function draw(canvas: HTMLCanvasElement, player: Player, peaks: Peaks): void {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = devicePixelRatio;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext("2d");
  if (context === null || width === 0) return;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  // The colours of the theme, as the style sheet has resolved them.
  const style = getComputedStyle(canvas);
  const nowMs = player.timeMs.value;
  const fromMs = nowMs - SHOWN_MS / 2;
  const barMs = (SHOWN_MS * (BAR_PX + GAP_PX)) / width;
  const first = Math.floor(fromMs / barMs);
  for (let bar = first; bar * barMs < fromMs + SHOWN_MS; bar += 1) {
    const atMs = bar * barMs;
    if (atMs < 0 || (player.durationMs.value > 0 && atMs > player.durationMs.value)) continue;
    const loud = loudnessOf(peaks, atMs, atMs + barMs);
    const tall = loud === null ? 2 : Math.max(2, Math.sqrt(loud) * (height - 8));
    context.fillStyle = atMs <= nowMs ? style.borderTopColor : style.color;
    context.globalAlpha = loud === null ? 0.35 : 1;
    context.fillRect(((atMs - fromMs) / SHOWN_MS) * width, (height - tall) / 2, BAR_PX, tall);
  }
  context.globalAlpha = 1;
  context.fillStyle = style.borderTopColor;
  context.fillRect(width / 2 - 0.75, 0, 1.5, height);
}

function loudnessOf(peaks: Peaks, fromMs: number, toMs: number): number | null {
  let sum = 0;
  let count = 0;
  for (let at = Math.floor(fromMs / PEAK_MS); at < toMs / PEAK_MS; at += 1) {
    const tile = peaks.tile(Math.floor((at * PEAK_MS) / TILE_MS));
    if (tile === undefined) continue;
    sum += tile[at % tile.length] ?? 0;
    count += 1;
  }
  return count === 0 ? null : sum / count;
}
