import { type Random, randomFrom } from "./random.ts";

export type Scene = "mountains" | "forest" | "sea" | "city" | "desert" | "space" | "shapes";

/** The sky from top to horizon, then the ground. Hues are in degrees. */
export type Mood = {
  readonly sky: readonly [top: string, horizon: string];
  readonly groundHue: number;
  /** The lightness of the nearest ground, 0 to 100. */
  readonly groundLightness: number;
  readonly isDark: boolean;
};

export type Sketch = { readonly scene: Scene; readonly mood: Mood; readonly random: Random };

const SCENES: readonly (readonly [RegExp, Scene])[] = [
  [/mountain|alp|peak|hill|valley|snow|glacier|volcano/, "mountains"],
  [/forest|wood|tree|jungle|park|garden|field|meadow/, "forest"],
  [/sea|ocean|lake|harbou?r|beach|coast|boat|ship|river|water|island|fish|wave/, "sea"],
  [/city|town|street|skyline|building|tower|bridge|house|tokyo|paris|london|york/, "city"],
  [/desert|dune|sand|canyon|sahara|mars|camel/, "desert"],
  [/space|star|galaxy|planet|moon|nebula|astronaut|rocket|cosmos/, "space"],
];

const MOODS: readonly (readonly [RegExp, Mood])[] = [
  [/night|midnight|dark|moonlit/, { sky: ["#070b24", "#26335f"], groundHue: 225, groundLightness: 8, isDark: true }],
  [/dawn|sunrise|morning/, { sky: ["#5b7fb5", "#ffd9b0"], groundHue: 205, groundLightness: 22, isDark: false }],
  [/sunset|dusk|evening/, { sky: ["#3c2f6b", "#ff9a56"], groundHue: 265, groundLightness: 14, isDark: false }],
  [
    /storm|rain|fog|mist|grey|gray|cloud/,
    { sky: ["#566370", "#b4bfc7"], groundHue: 205, groundLightness: 20, isDark: false },
  ],
];
const DAY: Mood = { sky: ["#3f8fd6", "#d8eefb"], groundHue: 150, groundLightness: 26, isDark: false };

const SAND_HUE = 36;

const HUES: readonly (readonly [RegExp, number])[] = [
  [/\bred\b|crimson|scarlet/, 0],
  [/orange|amber/, 28],
  [/yellow|gold/, 48],
  [/green|emerald/, 135],
  [/blue|azure|teal/, 215],
  [/purple|violet/, 275],
  [/pink|rose/, 330],
];

/** Read what a prompt asks for, by looking up its words. Words that are not listed only change the random numbers. */
export function readPrompt(prompt: string, seed: number | undefined): Sketch {
  const words = prompt.toLowerCase();
  const scene = find(SCENES, words) ?? "shapes";
  const mood = find(MOODS, words) ?? (scene === "space" ? { ...DAY, sky: ["#050515", "#1b1440"], isDark: true } : DAY);
  const hue = find(HUES, words) ?? (scene === "desert" ? SAND_HUE : undefined);
  return {
    scene,
    mood: hue === undefined ? mood : { ...mood, groundHue: hue },
    random: randomFrom(`${seed ?? ""}:${prompt}`),
  };
}

function find<Value>(table: readonly (readonly [RegExp, Value])[], words: string): Value | undefined {
  return table.find(([pattern]) => pattern.test(words))?.[1];
}
