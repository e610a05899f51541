/** Of a link's history state: the recording plays from where the link leads to. An address that is opened or shared does not. */
export const PLAYS = "plays";

/** Whether this view was come to by such a link; once, not again after a reload. */
export function takePlays(): boolean {
  const { state } = history as { readonly state: unknown };
  if (typeof state !== "object" || state === null || !(PLAYS in state) || state[PLAYS] !== true) return false;
  history.replaceState(null, "");
  return true;
}
