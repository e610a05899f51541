import { segment } from "./address.ts";
import type { CallOptions, Http } from "./http.ts";
import { type Listing, listing } from "./listing.ts";
import type {
  AuditEntry,
  AuditQuery,
  DeadLetter,
  DeadLetterDetail,
  DeadLetterGroup,
  DeadLetterQuery,
  DiscardRequest,
  DryRun,
  PageQuery,
  Redrive,
  RedriveOneRequest,
  RedriveRequest,
} from "./types.ts";

const LETTERS = "/v1/dead-letters";
const REDRIVES = "/v1/redrives";

export function createDeadLetters(http: Http) {
  return {
    /** What went wrong, by fingerprint; the latest seen first. */
    groups(query?: DeadLetterQuery, options?: CallOptions): Listing<DeadLetterGroup> {
      return listing(http, { path: LETTERS, name: "groups", query: { ...query, ...view("groups") } }, options);
    },
    /** Single letters, newest first. */
    list(query?: DeadLetterQuery, options?: CallOptions): Listing<DeadLetter> {
      return listing(http, { path: LETTERS, name: "deadLetters", query: { ...query, ...view("list") } }, options);
    },
    get: (id: string, options?: CallOptions) => http.json<DeadLetterDetail>("GET", at(LETTERS, id), options),
    /** Another life, with other options if some are given. */
    redrive(id: string, request: RedriveOneRequest = {}, options?: CallOptions) {
      type Redriven = { readonly id: string; readonly jobId: string | null; readonly redriven: true };
      return http.json<Redriven>("POST", `${at(LETTERS, id)}/redrive`, { ...options, json: request });
    },
    /** Close it without another try. */
    discard(id: string, request: DiscardRequest, options?: CallOptions) {
      type Discarded = { readonly id: string; readonly jobId: string | null; readonly discarded: true };
      return http.json<Discarded>("POST", `${at(LETTERS, id)}/discard`, { ...options, json: request });
    },
  };
}

export function createRedrives(http: Http) {
  /** Redrive many at a rate, or only tell which. */
  function create(request: RedriveRequest & { dryRun: true }, options?: CallOptions): Promise<DryRun>;
  function create(request: RedriveRequest & { dryRun?: false }, options?: CallOptions): Promise<Redrive>;
  function create(request: RedriveRequest, options?: CallOptions): Promise<DryRun | Redrive>;
  function create(request: RedriveRequest, options?: CallOptions): Promise<DryRun | Redrive> {
    return http.json<DryRun | Redrive>("POST", REDRIVES, { ...options, json: request });
  }
  return {
    create,
    /** Newest first. */
    list(query?: PageQuery, options?: CallOptions): Listing<Redrive> {
      return listing(http, { path: REDRIVES, name: "redrives", query }, options);
    },
    get: (id: string, options?: CallOptions) => http.json<Redrive>("GET", at(REDRIVES, id), options),
    /** What is not due yet is given up on again; @throws DarkroomError `redrive_finished` for one that has ended. */
    cancel: (id: string, options?: CallOptions) => http.json<Redrive>("DELETE", at(REDRIVES, id), options),
  };
}

export function createAudit(http: Http) {
  return {
    /** Who did what, newest first. */
    list(query?: AuditQuery, options?: CallOptions): Listing<AuditEntry> {
      return listing(http, { path: "/v1/audit", name: "audit", query }, options);
    },
  };
}

function view(name: "groups" | "list"): { cursor?: string; view: string } {
  return { view: name };
}

function at(path: string, id: string): string {
  return `${path}/${segment(id)}`;
}
