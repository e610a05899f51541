import type { SKRSContext2D } from "@napi-rs/canvas";

import type { Random } from "./random.ts";
import type { Mood, Scene, Sketch } from "./read-prompt.ts";

/** The tools to paint a scene: the context, its size in pixels, and the random numbers that shape it. */
type Board = {
  readonly ink: SKRSContext2D;
  readonly width: number;
  readonly height: number;
  readonly mood: Mood;
  readonly random: Random;
};

/** Paint a sketch on the whole canvas. The same sketch gives the same pixels. */
export function paint(
  ink: SKRSContext2D,
  size: { width: number; height: number },
  { scene, mood, random }: Sketch,
): void {
  const board = { ink, ...size, mood, random };
  paintSky(board);
  SCENES[scene](board);
}

const SCENES: Readonly<Record<Scene, (board: Board) => void>> = {
  mountains: (board) => layers(board, 5, 0.38, 0.34),
  desert: (board) => layers(board, 4, 0.55, 0.12),
  forest(board) {
    layers(board, 2, 0.5, 0.08);
    for (let row = 0; row < 5; row += 1) treeRow(board, row);
  },
  sea: paintSea,
  city(board) {
    for (let row = 0; row < 4; row += 1) skyline(board, row);
  },
  space: paintPlanet,
  shapes(board) {
    layers(board, 3, 0.62, 0.1);
    paintDisks(board);
  },
};

function paintSky({ ink, width, height, mood, random }: Board): void {
  const gradient = ink.createLinearGradient(0, 0, 0, height * 0.75);
  gradient.addColorStop(0, mood.sky[0]);
  gradient.addColorStop(1, mood.sky[1]);
  fill(ink, gradient, 0, 0, width, height);
  if (mood.isDark) paintStars({ ink, width, height, mood, random });
  const radius = Math.min(width, height) * (0.045 + 0.04 * random());
  disk(
    ink,
    width * (0.2 + 0.6 * random()),
    height * (0.16 + 0.2 * random()),
    radius,
    mood.isDark ? "#f4f1de" : "#fff6d5",
  );
}

function paintStars({ ink, width, height, random }: Board): void {
  for (let star = 0; star < 220; star += 1) {
    disk(
      ink,
      width * random(),
      height * 0.8 * random(),
      0.4 + 1.4 * random(),
      `rgba(255,255,255,${0.3 + 0.7 * random()})`,
    );
  }
}

/** Paint ridges one behind another, the farthest pale, the nearest dark. */
function layers({ ink, width, height, mood, random }: Board, count: number, top: number, relief: number): void {
  for (let layer = 0; layer < count; layer += 1) {
    const depth = layer / Math.max(1, count - 1);
    const base = height * (top + (1 - top) * 0.85 * depth);
    const waves = Array.from({ length: 5 }, (_, octave) => ({
      frequency: (1.5 + random()) * 1.9 ** octave,
      phase: random() * 2 * Math.PI,
      amplitude: (height * relief * (1 - 0.5 * depth)) / 2.1 ** (octave + 1),
    }));
    ink.fillStyle = tone(mood, 1 - depth);
    ink.beginPath();
    ink.moveTo(0, height);
    for (let x = 0; x <= width; x += 4) {
      const y = waves.reduce(
        (sum, wave) => sum + wave.amplitude * Math.sin((x / width) * 2 * wave.frequency + wave.phase),
        base,
      );
      ink.lineTo(x, y);
    }
    ink.lineTo(width, height);
    ink.fill();
  }
}

function treeRow({ ink, width, height, mood, random }: Board, row: number): void {
  const depth = row / 4;
  const foot = height * (0.62 + 0.36 * depth);
  const tall = height * (0.1 + 0.16 * depth);
  ink.fillStyle = tone(mood, 0.8 * (1 - depth));
  for (let x = -tall * random(); x < width + tall; x += tall * (0.25 + 0.3 * random())) {
    const treeHeight = tall * (0.7 + 0.6 * random());
    for (let tier = 0; tier < 3; tier += 1) {
      const from = foot - (treeHeight * tier) / 4;
      const half = treeHeight * 0.24 * (1 - tier / 4);
      triangle(ink, [x - half, from], [x + half, from], [x, from - treeHeight * 0.5]);
    }
  }
  fill(ink, tone(mood, 0.8 * (1 - depth)), 0, foot, width, height - foot);
}

function paintSea(board: Board): void {
  const { ink, width, height, mood, random } = board;
  const horizon = height * 0.55;
  const water = ink.createLinearGradient(0, horizon, 0, height);
  water.addColorStop(0, mood.sky[1]);
  water.addColorStop(1, tone({ ...mood, groundHue: mood.groundHue === 150 ? 205 : mood.groundHue }, 0.15));
  fill(ink, water, 0, horizon, width, height - horizon);
  for (let wave = 0; wave < 260; wave += 1) {
    const near = random() ** 2;
    const y = horizon + (height - horizon) * near;
    fill(
      ink,
      `rgba(255,255,255,${0.05 + 0.16 * random()})`,
      width * random(),
      y,
      width * (0.01 + 0.09 * near),
      1 + 2 * near,
    );
  }
  for (let boat = 0; boat < 3; boat += 1) {
    const y = horizon + (height - horizon) * (0.08 + 0.3 * random());
    const long = (y - horizon) * 0.9 + width * 0.02;
    const x = width * (0.1 + 0.75 * random());
    triangle(ink, [x - long * 0.5, y], [x + long * 0.5, y], [x, y + long * 0.28], tone(mood, 0));
    triangle(ink, [x, y - long * 0.05], [x + long * 0.34, y - long * 0.05], [x, y - long * 0.85], "#f6f1e7");
  }
}

function skyline({ ink, width, height, mood, random }: Board, row: number): void {
  const depth = row / 3;
  for (let x = -20; x < width;) {
    const wide = width * (0.03 + 0.06 * random());
    const tall = height * (0.2 + 0.4 * random()) * (1 - 0.35 * depth);
    const top = height - tall;
    fill(ink, tone(mood, 0.75 * (1 - depth)), x, top, wide, tall);
    // Only the nearer houses are close enough for windows.
    const lowest = depth > 0.4 ? height - 6 : top;
    for (let y = top + 8; y < lowest; y += 14) {
      for (let window = x + 5; window < x + wide - 7; window += 11) {
        if (random() < 0.35) fill(ink, `rgba(255,226,150,${0.35 + 0.5 * random()})`, window, y, 5, 7);
      }
    }
    x += wide + width * 0.006 * random();
  }
}

function paintPlanet({ ink, width, height, mood, random }: Board): void {
  const [x, y, radius] = [width * (0.35 + 0.3 * random()), height * 0.58, Math.min(width, height) * 0.24];
  const light = ink.createRadialGradient(x - radius * 0.4, y - radius * 0.4, radius * 0.1, x, y, radius);
  light.addColorStop(0, `hsl(${mood.groundHue} 60% 72%)`);
  light.addColorStop(1, `hsl(${mood.groundHue + 25} 55% 14%)`);
  ink.fillStyle = light;
  ink.beginPath();
  ink.arc(x, y, radius, 0, 2 * Math.PI);
  ink.fill();
  ink.strokeStyle = `hsla(${mood.groundHue + 40} 50% 80% / 0.55)`;
  ink.lineWidth = radius * 0.07;
  ink.beginPath();
  ink.ellipse(x, y, radius * 1.75, radius * 0.42, -0.35 + 0.3 * random(), Math.PI * 0.02, Math.PI * 0.98);
  ink.stroke();
}

function paintDisks({ ink, width, height, mood, random }: Board): void {
  for (let index = 0; index < 9; index += 1) {
    const hue = mood.groundHue + 70 * (random() - 0.5);
    const radius = Math.min(width, height) * (0.04 + 0.12 * random());
    disk(ink, width * random(), height * (0.25 + 0.45 * random()), radius, `hsla(${hue} 60% 60% / 0.4)`);
  }
}

/** Return the colour of the ground at a distance: 0 is at the viewer's feet, 1 fades into the horizon. */
function tone({ groundHue, groundLightness, isDark }: Mood, distance: number): string {
  const haze = isDark ? 18 : 52;
  return `hsl(${groundHue} ${Math.round(38 - 20 * distance)}% ${Math.round(groundLightness + haze * distance)}%)`;
}

function fill(
  ink: SKRSContext2D,
  style: SKRSContext2D["fillStyle"],
  x: number,
  y: number,
  width: number,
  height: number,
): void {
  ink.fillStyle = style;
  ink.fillRect(x, y, width, height);
}

function disk(ink: SKRSContext2D, x: number, y: number, radius: number, style: string): void {
  ink.fillStyle = style;
  ink.beginPath();
  ink.arc(x, y, radius, 0, 2 * Math.PI);
  ink.fill();
}

type Point = readonly [x: number, y: number];

function triangle(ink: SKRSContext2D, a: Point, b: Point, c: Point, style?: string): void {
  if (style !== undefined) ink.fillStyle = style;
  ink.beginPath();
  ink.moveTo(...a);
  ink.lineTo(...b);
  ink.lineTo(...c);
  ink.fill();
}
