// What calls consume, and what that costs by the catalogue.
import { findModel, type Units } from "../models/models.ts";

/** `$0.011 / 1,000 neurons` beyond the free ones, which are reset at 00:00 UTC (same page). */
export const MICRO_USD_PER_NEURON = 11;
export const FREE_NEURONS_A_DAY = 10_000;

/** Return what a call to a model costs by the catalogue, in neurons; 0 for a model that is not in it. */
export function neuronsFor(model: string, units: Units): number {
  let neurons = 0;
  for (const price of findModel(model)?.prices ?? []) {
    neurons += price.per.reduce((product, unit) => product * (units[unit] ?? 0), price.neurons);
  }
  return neurons;
}

/** Return the cost of neurons beyond the free ones, in millionths of a US dollar: a short text costs less than one. */
export function microUsd(neurons: number): number {
  return Number((neurons * MICRO_USD_PER_NEURON).toFixed(6));
}

const TILE_PIXELS = 512;
const MEGAPIXEL = 1024 * 1024;

/** Return what generating one picture of this size consumes. */
export function pictureUnits({ width, height, steps }: { width: number; height: number; steps: number }): Units {
  return {
    pictures: 1,
    tiles: Math.ceil(width / TILE_PIXELS) * Math.ceil(height / TILE_PIXELS),
    steps,
    furtherMegapixels: Math.max(0, Math.ceil((width * height) / MEGAPIXEL) - 1),
  };
}

/** Estimate the tokens of a text: the usual four characters of English each. */
export function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}

/**
 * What describing a picture of any size consumes. To moondream a picture is 27 × 27 patches, and its answer is a sentence or
 * two. The answer's own metrics have the exact figures.
 */
export const CAPTIONED_UNITS: Units = { inputTokens: 729, outputTokens: 60 };
