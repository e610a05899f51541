import { useEffect, useRef, useState } from "preact/hooks";

import { sentenceOf } from "../api/queries.ts";
import { api } from "../api/session.ts";
import { formatClock, formatModel, formatNeurons } from "../ui/format.ts";
import { IconButton } from "../ui/icon-button.tsx";
import type { Player } from "./player.ts";

interface Answer {
  readonly question: string;
  readonly text: string;
  readonly about: string | null;
  readonly cost: string | null;
  readonly error: string | null;
  readonly isDone: boolean;
}

const MOST_CHARS = 1000;

/** Questions about the transcript. An answer is shown while it is written, and each time in it is a link to that place. */
export function AskPanel({ jobId, player, onClose }: { jobId: string; player: Player; onClose: () => void }) {
  const [question, setQuestion] = useState("");
  const [answers, setAnswers] = useState<readonly Answer[]>([]);
  const input = useRef<HTMLTextAreaElement>(null);
  const stopping = useRef<AbortController | null>(null);
  const isBusy = answers.at(-1)?.isDone === false;
  useEffect(() => {
    input.current?.focus();
    return () => stopping.current?.abort();
  }, []);

  const change = (by: (last: Answer) => Partial<Answer>) =>
    setAnswers((all) => all.map((one, index) => (index === all.length - 1 ? { ...one, ...by(one) } : one)));

  async function ask() {
    const asked = question.trim();
    if (asked === "" || isBusy) return;
    stopping.current = new AbortController();
    const { signal } = stopping.current;
    setAnswers((all) => [...all, { question: asked, text: "", about: null, cost: null, error: null, isDone: false }]);
    setQuestion("");
    try {
      const pieces = api().ask(jobId, asked, {
        signal,
        onStart({ model, covers: { isWhole, stretches } }) {
          const parts = stretches.map(({ startMs, endMs }) => `${formatClock(startMs)}–${formatClock(endMs)}`);
          const read = isWhole ? "read all of it" : `read the parts that match the question: ${parts.join(", ")}`;
          change(() => ({ about: `${formatModel(model)} ${read}` }));
        },
        onUsage: ({ neurons }) => change(() => ({ cost: `${formatNeurons(neurons)} neurons` })),
      });
      for await (const piece of pieces) change(({ text }) => ({ text: text + piece }));
    } catch (reason) {
      if (!signal.aborted) {
        change(() => ({ error: sentenceOf(reason) }));
        setQuestion((now) => (now === "" ? asked : now));
      }
    }
    change(() => ({ isDone: true }));
  }

  return (
    <section class="ask card" aria-label="Ask about it">
      <header class="panel-head">
        <h2>Ask about it</h2>
        <IconButton icon="close" label="Close the questions" onClick={onClose} />
      </header>
      {answers.map((answer, index) => (
        <article key={index} class="answer">
          <h3 dir="auto">{answer.question}</h3>
          <div class="answer-text" aria-live={answer.isDone ? undefined : "polite"} aria-busy={!answer.isDone}>
            <AnswerText text={answer.text} player={player} />
            {!answer.isDone && <span class="answer-caret" aria-label="The answer is being written" />}
          </div>
          {answer.error !== null && (
            <p class="bad small" role="alert">
              {answer.error}
            </p>
          )}
          <p class="small dim">{[answer.about, answer.cost].filter((one) => one !== null).join(" · ")}</p>
        </article>
      ))}
      <form
        class="ask-form"
        onSubmit={(event) => {
          event.preventDefault();
          void ask();
        }}
      >
        <textarea
          ref={input}
          class="input"
          rows={2}
          dir="auto"
          maxLength={MOST_CHARS}
          aria-label="Question"
          placeholder="What was decided, and when?"
          value={question}
          onInput={(event) => setQuestion(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") onClose();
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            void ask();
          }}
        />
        {isBusy ? (
          <button type="button" class="button" onClick={() => stopping.current?.abort()}>
            Stop
          </button>
        ) : (
          <button class="button primary" disabled={question.trim() === ""}>
            Ask
          </button>
        )}
      </form>
    </section>
  );
}

const TIME = /(\[?\b(?:\d{1,2}:)?\d{1,2}:\d{2}(?:\.\d+)?\b\]?)/u;

/** An answer in which every time is a button. */
function AnswerText({ text, player }: { text: string; player: Player }) {
  return (
    <p dir="auto">
      {text.split(TIME).map((part, index) => {
        if (index % 2 === 0) return part;
        const ms = part
          .replaceAll(/[[\]]/gu, "")
          .split(":")
          .reduce((sum, digits) => sum * 60 + Number(digits) * 1000, 0);
        return (
          <button key={index} type="button" class="link" onClick={() => player.seek(ms)}>
            {formatClock(ms)}
          </button>
        );
      })}
    </p>
  );
}
