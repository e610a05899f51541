import { signal } from "@preact/signals";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const STORED_AS = "darkroom.theme";

export const theme = signal<Theme>(THEMES.find((one) => one === localStorage.getItem(STORED_AS)) ?? "system");

export function startTheme(): void {
  theme.subscribe((chosen) => {
    if (chosen === "system") {
      delete document.documentElement.dataset["theme"];
      localStorage.removeItem(STORED_AS);
    } else {
      document.documentElement.dataset["theme"] = chosen;
      localStorage.setItem(STORED_AS, chosen);
    }
  });
}
