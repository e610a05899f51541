/** The logo: a lamp in a dark room. */
export function Brand() {
  return (
    <span class="brand">
      <svg width="22" height="22" viewBox="0 0 32 32" aria-hidden="true">
        <rect class="brand-room" width="32" height="32" rx="8" />
        <circle class="brand-ring" cx="16" cy="16" r="8.5" />
        <circle class="brand-lamp" cx="16" cy="16" r="3.4" />
      </svg>
      Darkroom
    </span>
  );
}
