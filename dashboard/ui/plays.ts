/** A flag in the history state of a link: the recording plays from the place of the link. A plain address does not start to play. */
export const PLAYS = "plays";

/** Whether the person came to this view by such a link. It is true once, and not again after a reload. */
export function takePlays(): boolean {
  const { state } = history as { readonly state: unknown };
  if (typeof state !== "object" || state === null || !(PLAYS in state) || state[PLAYS] !== true) return false;
  history.replaceState(null, "");
  return true;
}
