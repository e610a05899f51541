// What the offline models have charged since the server started. Receipts must equal it to the last digit, so it adds up the
// rounded figures that callers received.

/** The decimals in the platform's header. */
const DECIMALS = 4;
const SCALE = 10 ** DECIMALS;

export type Charged = { readonly calls: number; readonly neurons: number };

export class Ledger {
  // Whole ten-thousandths: sums of fractions would accumulate errors.
  readonly #byModel = new Map<string, { calls: number; units: number }>();

  /** Count an answered call, and return the figure that the caller receives. */
  charge(model: string, neurons: number): string {
    const units = Math.round(neurons * SCALE);
    const { calls, units: before } = this.#byModel.get(model) ?? { calls: 0, units: 0 };
    this.#byModel.set(model, { calls: calls + 1, units: before + units });
    return (units / SCALE).toFixed(DECIMALS);
  }

  read(): Charged & { readonly byModel: Readonly<Record<string, Charged>> } {
    const entries = [...this.#byModel];
    const calls = entries.reduce((sum, [, counted]) => sum + counted.calls, 0);
    const units = entries.reduce((sum, [, counted]) => sum + counted.units, 0);
    const byModel = entries.map(([model, counted]) => [
      model,
      { calls: counted.calls, neurons: counted.units / SCALE },
    ]);
    return { calls, neurons: units / SCALE, byModel: Object.fromEntries(byModel) };
  }
}
