import "./styles/index.css";

import { QueryClientProvider } from "@tanstack/preact-query";
import { render } from "preact";

import { queryClient } from "./api/queries.ts";
import { startSession, session } from "./api/session.ts";
import { Frame } from "./shell/frame.tsx";
import { SignIn } from "./shell/sign-in.tsx";
import { startTheme } from "./shell/theme.ts";
import { Toasts } from "./shell/toasts.tsx";
import { Confirmation } from "./ui/dialog.tsx";

startTheme();
startSession();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);

function App() {
  return (
    <QueryClientProvider client={queryClient}>
      {session.value.state === "in" ? <Frame /> : <SignIn />}
      <Confirmation />
      <Toasts />
    </QueryClientProvider>
  );
}
