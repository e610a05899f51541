import { ownSelf, signOut } from "../api/session.ts";
import { Icon } from "../ui/icon.tsx";
import { Menu } from "../ui/menu.tsx";
import { isHelpOpen } from "./help-dialog.tsx";
import { type Theme, theme, THEMES } from "./theme.ts";

const THEME_NAMES: Readonly<Record<Theme, string>> = { system: "System", light: "Light", dark: "Dark" };

/** The owner of the key, the appearance of the page, and the sign-out. */
export function AccountMenu() {
  const self = ownSelf();
  if (self === null) return null;
  return (
    <Menu label="Account and appearance" class="icon-button account" trigger={<Icon name="person" />}>
      <div class="menu-about" data-keep>
        <strong>{self.label}</strong>
        <span class="dim">
          {self.ownerId}
          {self.isOperator ? " · operator" : ""}
        </span>
        <span class="dim">{self.scopes.join(", ")}</span>
        {self.signedInBy === "access" && <span class="dim">Signed in with Cloudflare Access</span>}
      </div>
      <fieldset class="segments" data-keep>
        <legend class="visually-hidden">Appearance</legend>
        {THEMES.map((one) => (
          <label key={one}>
            <input type="radio" name="theme" checked={theme.value === one} onChange={() => (theme.value = one)} />
            <span>
              <Icon name={one === "light" ? "sun" : one === "dark" ? "moon" : "system"} />
              {THEME_NAMES[one]}
            </span>
          </label>
        ))}
      </fieldset>
      <hr />
      <a class="menu-item" href="/docs" target="_blank" rel="opener">
        <Icon name="book" />
        API documentation
      </a>
      <button type="button" class="menu-item" onClick={() => (isHelpOpen.value = true)}>
        <Icon name="help" />
        Keyboard shortcuts
        <kbd>?</kbd>
      </button>
      <button type="button" class="menu-item" onClick={signOut}>
        <Icon name="signOut" />
        {self.signedInBy === "access" ? "Sign out of Cloudflare Access" : "Sign out"}
      </button>
    </Menu>
  );
}
