// The places of the page, for the side bar, for the bar on a phone, and for the keys.
import type { Scope } from "../api/session.ts";
import type { IconName } from "../ui/icon.tsx";

export interface Place {
  readonly path: string;
  readonly name: string;
  readonly icon: IconName;
  readonly keys: string;
  /** The scopes that the key needs. Without them the place is hidden. */
  readonly scopes: readonly Scope[];
}

export const PLACES: readonly Place[] = [
  { path: "/", name: "Jobs", icon: "list", keys: "g j", scopes: ["jobs:read"] },
  { path: "/pictures", name: "Pictures", icon: "image", keys: "g p", scopes: ["jobs:read"] },
  { path: "/operate", name: "Operate", icon: "gauge", keys: "g o", scopes: ["jobs:read"] },
];

export const NEW_JOB: Place = { path: "/new", name: "New job", icon: "plus", keys: "n", scopes: ["jobs:write"] };

/** Whether an address belongs to this place. The page of a job belongs to the list. */
export function isWithin(path: string, place: Place): boolean {
  if (place.path === "/") return path === "/" || path === "/jobs" || path.startsWith("/jobs/");
  return path === place.path || path.startsWith(`${place.path}/`);
}
