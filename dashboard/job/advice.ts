/** What a person can do about a failure, by its code. The codes are those of shared/models/error-table.ts and of the runner. */
const ADVICE: Readonly<Record<string, string>> = {
  unsupported_audio: "Convert the recording, for example to MP3 or WAV, and upload it again.",
  undecodable_input: "The file is damaged, or its name has the wrong ending. Upload another copy.",
  request_too_large: "The input is too large for one call. Cut it, or choose another model.",
  invalid_model_input: "Change the options or the text, and redrive or submit the job again.",
  no_such_model: "Redrive it with another model, or ask the operator to update Darkroom.",
  model_withdrawn: "Redrive it with another model.",
  account_blocked: "The operator has to allow this model for the account. Then redrive the job.",
  model_agreement_required: "The operator has to accept the model's licence once. Then redrive the job.",
  paid_plan_required: "The account needs the Workers Paid plan. Redrive the job after that, or choose another model.",
  refused_by_model: "The model's filter refused it. Change the prompt; the same prompt would be refused again.",
  model_timeout: "The model took too long, even after retries. Redrive the job later.",
  model_failed: "The model failed, even after retries. Redrive the job later.",
  model_unavailable: "The model's service was unavailable for too long. Redrive the job.",
  unexpected_answer:
    "The model answered in a form that Darkroom does not know. Redrive the job. If it fails again, report it.",
  invalid_output:
    "The model did not write JSON that fits. Make the schema simpler or describe its fields, allow more tokens, or redrive the job with a larger model.",
  source_missing: "The file is no longer in the bucket. Upload it again.",
  not_started_in_time: "The job did not start in the time allowed. Submit it again with more time.",
  deadline_exceeded: "The job did not finish before its deadline. Submit it again with a later deadline.",
  max_neurons_reached: "The job would have cost more than its limit. Redrive it with a higher limit.",
  exceeds_budget: "The job costs more than the whole budget. Raise the budget, or submit a smaller job.",
  budget_used: "The budget is used up. Raise it, or redrive the job when a new period begins.",
  daily_allocation_used: "The neurons for today are used up. Redrive the job after midnight UTC.",
  worker_lost:
    "The Worker died several times while it ran this job. Redrive the job. If the Worker dies again, the file may be too hard to read.",
};

export function adviceFor(code: string): string {
  if (code.startsWith("unsupported_") && ADVICE[code] === undefined) {
    return "Upload it again in another format. The same file would fail again.";
  }
  return ADVICE[code] ?? "Look at the attempts below. Redrive the job when the cause is gone.";
}
