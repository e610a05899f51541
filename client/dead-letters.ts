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
    /** Groups of dead letters with the same cause (fingerprint); the most recently seen first. */
    groups(query?: DeadLetterQuery, options?: CallOptions): Listing<DeadLetterGroup> {
      return listing(http, { path: LETTERS, name: "groups", query: { ...query, ...view("groups") } }, options);
    },
    /** Single dead letters, newest first. */
    list(query?: DeadLetterQuery, options?: CallOptions): Listing<DeadLetter> {
      return listing(http, { path: LETTERS, name: "deadLetters", query: { ...query, ...view("list") } }, options);
    },
    get: (id: string, options?: CallOptions) => http.json<DeadLetterDetail>("GET", at(LETTERS, id), options),
    /** Run the task of a dead letter again, with other options if you give some. */
    redrive(id: string, request: RedriveOneRequest = {}, options?: CallOptions) {
      type Redriven = { readonly id: string; readonly jobId: string | null; readonly redriven: true };
      return http.json<Redriven>("POST", `${at(LETTERS, id)}/redrive`, { ...options, json: request });
    },
    /** Close a dead letter without another attempt. */
    discard(id: string, request: DiscardRequest, options?: CallOptions) {
      type Discarded = { readonly id: string; readonly jobId: string | null; readonly discarded: true };
      return http.json<Discarded>("POST", `${at(LETTERS, id)}/discard`, { ...options, json: request });
    },
  };
}

export function createRedrives(http: Http) {
  /** Redrive many dead letters at a rate; with `dryRun` only report which. */
  function create(request: RedriveRequest & { dryRun: true }, options?: CallOptions): Promise<DryRun>;
  function create(request: RedriveRequest & { dryRun?: false }, options?: CallOptions): Promise<Redrive>;
  function create(request: RedriveRequest, options?: CallOptions): Promise<DryRun | Redrive>;
  function create(request: RedriveRequest, options?: CallOptions): Promise<DryRun | Redrive> {
    return http.json<DryRun | Redrive>("POST", REDRIVES, { ...options, json: request });
  }
  return {
    create,
    /** List redrives, newest first. */
    list(query?: PageQuery, options?: CallOptions): Listing<Redrive> {
      return listing(http, { path: REDRIVES, name: "redrives", query }, options);
    },
    get: (id: string, options?: CallOptions) => http.json<Redrive>("GET", at(REDRIVES, id), options),
    /** Stop a redrive: tasks that are not due yet become dead letters again. @throws DarkroomError `redrive_finished` if it has ended. */
    cancel: (id: string, options?: CallOptions) => http.json<Redrive>("DELETE", at(REDRIVES, id), options),
  };
}

export function createAudit(http: Http) {
  return {
    /** What operators and owners did, newest first. */
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
