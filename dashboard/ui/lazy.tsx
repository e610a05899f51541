// Views whose code is loaded when they are first shown.
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

import { EmptyState, Skeleton } from "./states.tsx";

/** @returns a component that shows grey bars until its module has loaded. */
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
    // After a deployment the files of the previous version are gone. Offline, no file can be loaded.
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
        A new version of Darkroom was deployed after this page was opened, or the connection is gone.
      </EmptyState>
    );
  };
}
