import "./operate.css";

import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";

import { isOperator, may } from "../api/session.ts";
import { useShortcuts } from "../shell/shortcuts.ts";
import { lazy } from "../ui/lazy.tsx";
import { EmptyState } from "../ui/states.tsx";
import { QueuesView } from "./queues-view.tsx";

interface Part {
  readonly path: string;
  readonly name: string;
  /** Two keys in sequence. */
  readonly keys: string;
  readonly isShown: () => boolean;
  readonly View: ComponentType<object>;
}

const PARTS: readonly Part[] = [
  { path: "", name: "Queues", keys: "g q", isShown: () => true, View: QueuesView },
  {
    path: "dead-letters",
    name: "Dead letters",
    keys: "g d",
    isShown: () => true,
    View: lazy(async () => (await import("./dead-letters-view.tsx")).DeadLettersView),
  },
  {
    path: "usage",
    name: "Usage and budgets",
    keys: "g u",
    isShown: () => true,
    View: lazy(async () => (await import("./usage-view.tsx")).UsageView),
  },
  {
    path: "webhooks",
    name: "Webhooks",
    keys: "g w",
    isShown: () => may("webhooks"),
    View: lazy(async () => (await import("./webhooks-view.tsx")).WebhooksView),
  },
  {
    path: "keys",
    name: "Keys",
    keys: "g k",
    isShown: () => may("admin"),
    View: lazy(async () => (await import("./keys-view.tsx")).KeysView),
  },
  {
    path: "audit",
    name: "Audit",
    keys: "g a",
    isShown: () => may("admin"),
    View: lazy(async () => (await import("./audit-view.tsx")).AuditView),
  },
  {
    path: "setup",
    name: "Setup",
    keys: "g s",
    isShown: () => may("admin") && isOperator(),
    View: lazy(async () => (await import("./setup-view.tsx")).SetupView),
  },
];

const addressOf = ({ path }: Part) => (path === "" ? "/operate" : `/operate/${path}`);

/** The views for operators: queues, dead letters, usage and budgets, webhooks, keys, the audit log and the setup. */
export function Operate({ part }: { part: string | undefined }) {
  const [, navigate] = useLocation();
  const shown = PARTS.filter(({ isShown }) => isShown());
  const current = shown.find(({ path }) => path === (part ?? ""));
  useEffect(() => {
    document.title = `${current?.name ?? "Operate"} · Darkroom`;
    // On a phone the row of tabs is wider than the screen.
    document.querySelector('.tabs [aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [current]);
  useShortcuts(
    "Operate",
    shown.map((one) => ({ keys: one.keys, does: one.name, run: () => navigate(addressOf(one)) })),
  );
  return (
    <>
      <div class="page-head">
        <h1>Operate</h1>
        {!may("jobs:write") && <span class="chip">Read only</span>}
      </div>
      <nav class="tabs" aria-label="Parts of Operate">
        {shown.map((one) => (
          <Link key={one.path} href={addressOf(one)} aria-current={one === current ? "page" : undefined}>
            {one.name}
          </Link>
        ))}
      </nav>
      <div class="operate-part">
        {current === undefined ? (
          <EmptyState
            icon="key"
            title="There is no such view, or this key may not see it"
            actions={
              <Link href="/operate" class="button">
                Queues
              </Link>
            }
          >
            Keys and the audit log require the scope <code>admin</code>, and webhooks the scope <code>webhooks</code>.
            Only the operator sees the setup.
          </EmptyState>
        ) : (
          <current.View />
        )}
      </div>
    </>
  );
}
