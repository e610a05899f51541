/** What a person can do about a failure, by its code (shared/models/error-table.ts and the runner's own). */
const ADVICE: Readonly<Record<string, string>> = {
  unsupported_audio: "Convert the recording, for instance to MP3 or WAV, and upload it again.",
  undecodable_input: "The file is damaged or of another type than its name says. Upload another copy.",
  request_too_large: "The input is too large for one call. Cut it, or choose another model.",
  invalid_model_input: "Change the options or the text and redrive it, or submit it anew.",
  no_such_model: "Redrive it with another model, or ask the operator to update Darkroom.",
  model_withdrawn: "Redrive it with another model.",
  account_blocked: "The operator has to allow this model for the account. Then redrive the job.",
  model_agreement_required: "The operator has to accept the model's licence once. Then redrive the job.",
  paid_plan_required: "The account needs the Workers Paid plan. Redrive the job after that, or choose another model.",
  refused_by_model: "The model's filter refused it. Change the prompt; the same prompt would be refused again.",
  model_timeout: "The model took too long, also when it was asked again. Redrive the job later.",
  model_failed: "The model failed, also when it was asked again. Redrive the job later.",
  model_unavailable: "The model's service was away for too long. Redrive the job.",
  unexpected_answer:
    "The model answered in a form that Darkroom does not know. Redrive the job; if it stays so, report it.",
  source_missing: "The file is not in the bucket any more. Upload it again.",
  not_started_in_time: "It did not start within the time that it was given. Submit it with a longer time.",
  deadline_exceeded: "It did not end within the time that it was given. Submit it with a longer deadline.",
  max_neurons_reached: "It would have cost more than it was allowed. Redrive it with a higher limit.",
  exceeds_budget: "It costs more than the whole budget. Raise the budget, or submit less.",
  budget_used: "The budget is used up. Raise it, or redrive the job when a new period begins.",
  daily_allocation_used: "The day's neurons are used up. It can be redriven after midnight UTC.",
  worker_lost:
    "The Worker died several times while it ran this. Redrive the job; if it dies again, the file may be too hard to read.",
};

export function adviceFor(code: string): string {
  if (code.startsWith("unsupported_") && ADVICE[code] === undefined) {
    return "Upload it again in another format. The same file would fail again.";
  }
  return ADVICE[code] ?? "Look at the attempts below. Redrive the job if the cause has gone.";
}
