// `npm run bench:cost`: JSON lines; progress on standard error. The exit code is 1 if the meter is wrong anywhere.
import { note, print, round } from "../report.ts";
import { MODELS } from "../../shared/models/models.ts";
import { runMixed } from "./mixed.ts";
import { TABLE } from "./table.ts";

/** The tolerance for products of decimals, far below the platform's last decimal. */
const SAME = 1e-9;

const wrong: string[] = [];
for (const { name, neurons, measure } of TABLE) {
  const measured = await measure();
  if (Math.abs(measured - neurons) <= SAME * Math.max(1, neurons)) continue;
  wrong.push(name);
  note(`${name}: ${measured} neurons by the meter, ${neurons} by hand`);
}
print({
  case: "meter.casesRight",
  value: TABLE.length - wrong.length,
  unit: "cases",
  peer: TABLE.length,
  ratio: round((TABLE.length - wrong.length) / TABLE.length),
  target: `${TABLE.length} of ${TABLE.length}`,
  models: Object.keys(MODELS).length,
  wrong,
});

const { differenceNeurons, ...mixed } = await runMixed();
print({ case: "meter.ledgerDifferenceNeurons", value: differenceNeurons, unit: "neurons", target: "0", ...mixed });
if (wrong.length > 0 || differenceNeurons !== 0 || mixed.unfinished > 0) process.exitCode = 1;
