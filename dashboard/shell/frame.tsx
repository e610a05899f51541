import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { Link, Route, Switch, useLocation } from "wouter-preact";

import { isReachable, may } from "../api/session.ts";
import { JobPage } from "../job/job-page.tsx";
import { JobList } from "../jobs/job-list.tsx";
import { EmptyState } from "../ui/states.tsx";
import { Icon } from "../ui/icon.tsx";
import { lazy } from "../ui/lazy.tsx";
import { UploadTray } from "../uploads/upload-tray.tsx";
import { AccountMenu } from "./account-menu.tsx";
import { Brand } from "./brand.tsx";
import { DropZone } from "./drop-zone.tsx";
import { HelpDialog, isHelpOpen } from "./help-dialog.tsx";
import { isWithin, NEW_JOB, type Place, PLACES } from "./navigation.ts";
import { SearchBox } from "./search-box.tsx";
import { startShortcuts, useShortcuts } from "./shortcuts.ts";
import { KeyEndedDialog } from "./sign-in.tsx";

const NewJob = lazy(async () => (await import("../uploads/new-job.tsx")).NewJob);
const Pictures = lazy(async () => (await import("../pictures/pictures.tsx")).Pictures);
const Operate = lazy(async () => (await import("../operate/operate.tsx")).Operate);

/** Everything around the views, after the sign-in. */
export function Frame() {
  const [path, navigate] = useLocation();
  useLayoutEffect(startShortcuts, []);
  const places = PLACES.filter(({ scopes }) => may(...scopes));
  useShortcuts("Go to", [
    ...places.map(({ keys, name, path: to }) => ({ keys, does: name, run: () => navigate(to) })),
    ...(may(...NEW_JOB.scopes) ? [{ keys: NEW_JOB.keys, does: NEW_JOB.name, run: () => navigate(NEW_JOB.path) }] : []),
  ]);
  useShortcuts("Everywhere", [
    { keys: "?", does: "Show the keyboard shortcuts", run: () => (isHelpOpen.value = true) },
  ]);
  useArrival(path.split("/").slice(0, 3).join("/"));

  return (
    <div class="frame">
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="top">
        <Link href="/" class="home" aria-label="Darkroom, all jobs">
          <Brand />
        </Link>
        <nav class="places" aria-label="Places">
          {places.map((place) => (
            <PlaceLink key={place.path} place={place} path={path} />
          ))}
        </nav>
        {may("jobs:read") && <SearchBox />}
        {may(...NEW_JOB.scopes) && (
          <Link href={NEW_JOB.path} class="button primary new-job" aria-label={NEW_JOB.name}>
            <Icon name="plus" />
            <span>{NEW_JOB.name}</span>
          </Link>
        )}
        <AccountMenu />
      </header>
      {!isReachable.value && (
        <div class="banner" role="status">
          <Icon name="alert" />
          Darkroom does not answer. This page keeps its content, and continues when the connection is back.
        </div>
      )}
      <main id="main" class="main" tabIndex={-1}>
        <Switch>
          <Route path="/" component={Home} />
          <Route path="/jobs" component={Home} />
          <Route path="/jobs/:id/:part?">
            {(params) => <JobPage key={params.id} id={params.id} part={params.part} />}
          </Route>
          <Route path="/new">
            <NewJob />
          </Route>
          <Route path="/pictures">
            <Pictures />
          </Route>
          <Route path="/operate/:part?">{(params) => <Operate part={params.part} />}</Route>
          <Route>
            <EmptyState
              icon="help"
              isPage
              title="There is no such page"
              actions={
                <Link href="/" class="button">
                  All jobs
                </Link>
              }
            >
              The address may be incomplete.
            </EmptyState>
          </Route>
        </Switch>
      </main>
      <UploadTray />
      <DropZone />
      <HelpDialog />
      <KeyEndedDialog />
    </div>
  );
}

function Home() {
  if (may("jobs:read")) return <JobList />;
  return (
    <EmptyState
      icon="key"
      isPage
      title="This key may not read jobs"
      actions={
        may("jobs:write") && (
          <Link href="/new" class="button primary">
            New job
          </Link>
        )
      }
    >
      Ask an admin for a key with the scope <code>jobs:read</code> to see jobs and their results.
    </EmptyState>
  );
}

/** Scroll to the top of a new view and move the focus there, for screen readers. Going back keeps the scroll position. */
function useArrival(view: string): void {
  const last = useRef(view);
  const isBack = useRef(false);
  useEffect(() => {
    const goBack = () => (isBack.current = true);
    addEventListener("popstate", goBack);
    return () => removeEventListener("popstate", goBack);
  }, []);
  useEffect(() => {
    if (last.current === view) return;
    last.current = view;
    if (!isBack.current) {
      scrollTo(0, 0);
      document.getElementById("main")?.focus({ preventScroll: true });
    }
    isBack.current = false;
  }, [view]);
}

function PlaceLink({ place, path }: { place: Place; path: string }) {
  return (
    <Link href={place.path} class="place" aria-current={isWithin(path, place) ? "page" : undefined}>
      <Icon name={place.icon} />
      <span>{place.name}</span>
    </Link>
  );
}
