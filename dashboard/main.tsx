import "./styles/index.css";

import { render } from "preact";

import { startSession } from "./api/session.ts";
import { App } from "./shell/app.tsx";
import { startTheme } from "./shell/theme.ts";

startTheme();
startSession();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
