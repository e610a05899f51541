import winkNLP from "wink-nlp";
import model from "wink-eng-lite-web-model";
import * as z from "zod";
import { parseInputs, type LocalModel } from "../model.ts";
import { TEXT_CLASSIFIER } from "../../../shared/models/models.ts";
import { neuronsFor } from "../../../shared/cost/neurons.ts";

export const SENTIMENT_ENGINE = "wink-nlp/eng-lite-web";

// Maps the lexicon's -1..1 to probabilities. The slope was set by eye, not calibrated: only the sign is evidence.
const SLOPE = 4;

const Input = z.object({ text: z.string().trim().min(1) });

const nlp = winkNLP(model);

/** Synchronous: it takes well under a millisecond, so it runs on the server's own thread. */
export const distilbert: LocalModel = async ({ inputs }) => {
  const document = nlp.readDoc(parseInputs(Input, inputs).text);
  // oxlint-disable-next-line typescript/unbound-method -- wink-nlp's `its` are names of what to read, not methods
  const lean = z.number().parse(document.out(nlp.its.sentiment));
  const positive = 1 / (1 + Math.exp(-SLOPE * lean));
  return {
    body: [
      { label: "NEGATIVE", score: 1 - positive },
      { label: "POSITIVE", score: positive },
    ],
    // Words and punctuation, and the two tokens that the model adds. Its own tokens, parts of words, would be a few more.
    neurons: neuronsFor(TEXT_CLASSIFIER, { inputTokens: document.tokens().length() + 2 }),
    engine: SENTIMENT_ENGINE,
  };
};
