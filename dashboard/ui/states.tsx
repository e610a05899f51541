// What a view shows instead of content: a placeholder while it loads, an empty state, or an error.
import type { ComponentChildren } from "preact";

import { sentenceOf, titleOf } from "../api/queries.ts";
import { Icon, type IconName } from "./icon.tsx";

/** Grey bars in the shape of the content that is being loaded. */
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
  /** Whether the page has no other content. Its title is then the heading of the page. */
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

/** An error instead of a view, or above content that is still shown. */
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

/** Why the API refused a form, below the fields. */
export function Refusal({ error }: { error: unknown }) {
  if (error === null) return null;
  return (
    <p class="hint" data-tone="bad" role="alert">
      {sentenceOf(error)}
    </p>
  );
}

/** The button that loads the next page of a list. There is none after the last page. */
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
