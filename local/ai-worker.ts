// The offline stand-in for the Workers AI binding: the same method, shapes and errors, with other models behind it.
import { WorkerEntrypoint } from "cloudflare:workers";
import { commit, type FaultPlan, parseFaultPlan } from "./fault-plan.ts";
import { splitStream } from "./split-stream.ts";

export type LocalAiEnv = {
  readonly INFERENCE_URL: string;
  /** A plan for `parseFaultPlan`. */
  readonly FAULTS?: string;
};

export type LocalAiInputs = Readonly<Record<string, unknown>>;

export type LocalAiOptions = {
  readonly returnRawResponse?: boolean;
  readonly extraHeaders?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Accepted without effect: offline there is always capacity. */
  readonly rejectIfBusy?: boolean;
  /** Offline a gateway caches no answers, so `cacheTtl` and `skipCache` are accepted without effect. */
  readonly gateway?: { readonly id: string; readonly cacheTtl?: number; readonly skipCache?: boolean };
};

type UpstreamProblem = { readonly internalCode: number; readonly description: string };

// One for each isolate: a plan's faults follow the order of calls.
let plan: FaultPlan | undefined;

export default class LocalAi extends WorkerEntrypoint<LocalAiEnv> {
  override fetch(): Response {
    return new Response("This Worker answers run(model, inputs, options) over a service binding, not HTTP.\n", {
      status: 404,
    });
  }

  async run(model: string, inputs: LocalAiInputs, options: LocalAiOptions = {}): Promise<unknown> {
    const response = await this.#ask(model, inputs, options);
    if (options.returnRawResponse === true) return response;
    if (!response.ok) throw await upstreamError(response);
    // The real binding does the same: it parses only this exact type, and returns anything else as a stream.
    return response.headers.get("content-type") === "application/json" ? await response.json() : response.body;
  }

  async #ask(model: string, inputs: LocalAiInputs, options: LocalAiOptions): Promise<Response> {
    plan ??= parseFaultPlan(this.env.FAULTS ?? "");
    const fault = plan.next();
    const instead = fault === null ? null : await commit(fault, options.signal);
    if (instead !== null) return instead;
    const viaGateway = hasGateway(options);
    const { stream, rest } = splitStream(inputs, { viaGateway });
    const url = new URL(`/run/${model}`, this.env.INFERENCE_URL);
    if (stream !== undefined) url.searchParams.set("userInputs", JSON.stringify(rest));
    const response = await fetch(url, {
      method: "POST",
      body: stream === undefined ? JSON.stringify(rest) : stream.body,
      headers: { ...options.extraHeaders, "content-type": stream?.contentType ?? "application/json" },
      ...(options.signal && { signal: options.signal }),
    }).catch((error: unknown) => {
      options.signal?.throwIfAborted();
      return new Response(String(error), { status: 502 });
    });
    // If nothing listens, workerd's fetch throws, and wrangler's proxy in front of it answers 500 with its own page.
    const isOurs = response.ok || response.headers.get("content-type") === "application/json";
    if (!isOurs) return unreachable(this.env.INFERENCE_URL, await response.text());
    return viaGateway ? logged(response) : response;
  }
}

/** A gateway without an id does not count, as in the real binding. */
function hasGateway({ gateway }: LocalAiOptions): boolean {
  return gateway !== undefined && gateway.id !== "";
}

function logged(response: Response): Response {
  const copy = new Response(response.body, response);
  copy.headers.set("cf-aig-log-id", crypto.randomUUID());
  return copy;
}

/** The service's retryable "upstream" answer. Its description says which upstream is unavailable. */
function unreachable(url: string, cause: string): Response {
  const description = `Upstream service unavailable: the offline inference server is not running at ${url} (node local/inference-server.ts)`;
  console.error({ event: "inference.unreachable", url, cause: cause.slice(0, 200) });
  return Response.json(
    { internalCode: 7009, name: "AiError", message: `AiError: ${description}`, description },
    { status: 500, headers: { "content-type": "application/json" } },
  );
}

async function upstreamError(response: Response): Promise<Error> {
  const text = await response.text();
  const problem = readProblem(text);
  const error = new Error(problem === undefined ? text : `${problem.internalCode}: ${problem.description}`);
  error.name = "InferenceUpstreamError";
  return error;
}

function readProblem(text: string): UpstreamProblem | undefined {
  try {
    const body: Partial<UpstreamProblem> = JSON.parse(text);
    const { internalCode, description } = body;
    return internalCode === undefined || description === undefined ? undefined : { internalCode, description };
  } catch {
    return undefined;
  }
}
