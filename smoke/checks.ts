// Every check, in the order in which the table shows them. The first must pass before anything is created. The last judge what
// the others did.
import type { Check } from "./check.ts";
import { access } from "./checks/access.ts";
import { answers } from "./checks/answers.ts";
import { ask } from "./checks/ask.ts";
import { copies } from "./checks/copies.ts";
import { browserPages, browserStrangers } from "./checks/browsers.ts";
import { deadLetter } from "./checks/dead-letter.ts";
import { gateway } from "./checks/gateway.ts";
import { multipart } from "./checks/multipart.ts";
import { notification } from "./checks/notification.ts";
import { overlap } from "./checks/overlap.ts";
import { picture, pictureForm, pictureLabels } from "./checks/pictures.ts";
import { presigned } from "./checks/presigned.ts";
import { queues } from "./checks/queues.ts";
import { search } from "./checks/search.ts";
import { speech, speechFast, speechBalanced } from "./checks/speech.ts";
import { steps } from "./checks/steps.ts";
import { textLabels } from "./checks/text.ts";
import { webhook } from "./checks/webhook.ts";

export const OPENING: readonly Check[] = [access, queues];

export const CHECKS: readonly Check[] = [
  textLabels,
  pictureLabels,
  picture,
  pictureForm,
  steps,
  speechFast,
  speechBalanced,
  speech,
  presigned,
  multipart,
  copies,
  browserStrangers,
  browserPages,
  notification,
  webhook,
  search,
  ask,
  deadLetter,
  overlap,
];

export const CLOSING: readonly Check[] = [gateway, answers];
