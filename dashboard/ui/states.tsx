// What a view shows while there is nothing else to show: not yet, nothing, or an error.
import type { ComponentChildren } from "preact";

import { sentenceOf, titleOf } from "../api/queries.ts";
import { Icon, type IconName } from "./icon.tsx";

/** Grey bars in the shape of what is read. */
export function Skeleton({ rows = 6, height }: { rows?: number; height?: number }) {
  return (
    <div class="skeleton" role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} class="skeleton-row" style={height === undefined ? undefined : { height: `${height}px` }} />
      ))}
    </div>
  );
}

export function EmptyState({
  icon,
  title,
  children,
  actions,
  isPage = false,
}: {
  icon: IconName;
  title: string;
  children?: ComponentChildren;
  actions?: ComponentChildren;
  /** Where it is all there is, its title is the page's. */
  isPage?: boolean;
}) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} size={20} />
      </span>
      {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children !== undefined && <div class="empty-text">{children}</div>}
      {actions !== undefined && <div class="actions">{actions}</div>}
    </div>
  );
}

/** An error in place of a view, or above what is shown still. */
export function ErrorState({
  error,
  retry,
  isInline = false,
}: {
  error: unknown;
  retry?: () => void;
  isInline?: boolean;
}) {
  return (
    <div class={isInline ? "notice" : "empty"} data-tone="bad" role="alert">
      {isInline ? (
        <Icon name="alert" />
      ) : (
        <span class="empty-icon">
          <Icon name="alert" size={20} />
        </span>
      )}
      <div class={isInline ? "notice-text" : "empty-text"}>
        {isInline ? <strong>{titleOf(error)}. </strong> : <h2>{titleOf(error)}</h2>}
        <span>{sentenceOf(error)}</span>
      </div>
      {retry !== undefined && (
        <button type="button" class="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Why a form was refused, below what was typed. */
export function Refusal({ error }: { error: unknown }) {
  if (error === null) return null;
  return (
    <p class="hint" data-tone="bad" role="alert">
      {sentenceOf(error)}
    </p>
  );
}

/** The button below a list that is read page by page; nothing behind its end. */
export function ShowMore({
  list,
  children,
}: {
  list: {
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    readonly fetchNextPage: () => Promise<unknown>;
  };
  children: ComponentChildren;
}) {
  if (!list.hasNextPage) return null;
  return (
    <div class="list-more">
      <button type="button" class="button" disabled={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
        {children}
      </button>
    </div>
  );
}
