import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

const GAP_PX = 6;

/** A button with a native popover below it. Escape and a click elsewhere close it. */
export function Menu({
  label,
  trigger,
  children,
  class: name = "button",
}: {
  label: string;
  trigger: ComponentChildren;
  children: ComponentChildren;
  class?: string;
}) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  function place(event: { readonly newState: string }) {
    if (event.newState !== "open" || button.current === null || menu.current === null) return;
    const at = button.current.getBoundingClientRect();
    const { width, height } = menu.current.getBoundingClientRect();
    const isBelow = at.bottom + GAP_PX + height < innerHeight || at.top < height;
    menu.current.style.top = `${isBelow ? at.bottom + GAP_PX : at.top - GAP_PX - height}px`;
    menu.current.style.left = `${Math.max(GAP_PX, Math.min(at.right - width, innerWidth - width - GAP_PX))}px`;
    menu.current.querySelector<HTMLElement>("button, a, input")?.focus({ preventScroll: true });
  }
  return (
    <>
      <button ref={button} type="button" class={name} popovertarget={id} aria-label={label} aria-haspopup="true">
        {trigger}
      </button>
      <div
        ref={menu}
        id={id}
        popover="auto"
        class="menu"
        onToggle={place}
        onClick={(event) =>
          event.target instanceof Element && event.target.closest("[data-keep]") === null
            ? menu.current?.hidePopover()
            : undefined
        }
      >
        {children}
      </div>
    </>
  );
}
