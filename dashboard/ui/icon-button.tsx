import type { ComponentProps } from "preact";

import { Icon, type IconName } from "./icon.tsx";

type Attributes = Pick<ComponentProps<"button">, "title" | "disabled" | "onClick" | "onMouseDown">;

/** A button that shows only an icon. @param label what a screen reader says. */
export function IconButton({
  icon,
  label,
  size = 16,
  ...attributes
}: { icon: IconName; label: string; size?: number } & Attributes) {
  return (
    <button type="button" class="icon-button" aria-label={label} {...attributes}>
      <Icon name={icon} size={size} />
    </button>
  );
}
