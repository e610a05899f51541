import { type Chaos, startChaos } from "../bench/chaos/start.ts";

let chaos: Promise<Chaos> | undefined;

/** The chaos Worker of this process, which all its test files share. Each run empties its stores. It ends with the process. */
export function sharedChaos(): Promise<Chaos> {
  return (chaos ??= startChaos());
}
