import { signal, type Signal } from "@preact/signals";

/** Return a signal with typed text that is not sent yet. The tab keeps it, even if the key expires or the page is reloaded. */
export function draft<Value extends object>(name: string, empty: Value): Signal<Value> {
  const storedAs = `darkroom.draft.${name}`;
  const stored = sessionStorage.getItem(storedAs);
  const kept = signal<Value>(stored === null ? empty : { ...empty, ...(JSON.parse(stored) as Partial<Value>) });
  kept.subscribe((value) => {
    if (JSON.stringify(value) === JSON.stringify(empty)) sessionStorage.removeItem(storedAs);
    else sessionStorage.setItem(storedAs, JSON.stringify(value));
  });
  return kept;
}
