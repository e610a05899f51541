import { QueryClientProvider } from "@tanstack/preact-query";

import { queryClient } from "../api/queries.ts";
import { session } from "../api/session.ts";
import { Confirmation } from "../ui/dialog.tsx";
import { Frame } from "./frame.tsx";
import { SignIn } from "./sign-in.tsx";
import { Toasts } from "./toasts.tsx";

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      {session.value.state === "in" ? <Frame /> : <SignIn />}
      <Confirmation />
      <Toasts />
    </QueryClientProvider>
  );
}
