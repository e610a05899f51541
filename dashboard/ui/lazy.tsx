// Views that are read when they are first looked at.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

import { EmptyState, Skeleton } from "./states.tsx";

/** @returns a component that shows bars until its module is there. */
export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let loaded: ComponentType<Props> | null = null;
  let loading: Promise<ComponentType<Props>> | null = null;
  return function Lazy(props: Props) {
    const [, setTries] = useState(0);
    const [hasFailed, setFailed] = useState(false);
    async function show(promise: Promise<ComponentType<Props>>) {
      try {
        loaded = await promise;
        setTries((tries) => tries + 1);
      } catch {
        loading = null;
        setFailed(true);
      }
    }
    useEffect(() => {
      if (loaded !== null) return;
      loading ??= load();
      void show(loading);
    }, []);
    if (loaded !== null) {
      const Loaded = loaded;
      return <Loaded {...props} />;
    }
    if (!hasFailed) return <Skeleton />;
    // After a deployment the files of the version before are gone; offline none is there.
    return (
      <EmptyState
        icon="alert"
        title="This view did not load"
        actions={
          <button type="button" class="button" onClick={() => location.reload()}>
            Reload the page
          </button>
        }
      >
        Darkroom was deployed anew since this page was opened, or the connection is gone.
      </EmptyState>
    );
  };
}
