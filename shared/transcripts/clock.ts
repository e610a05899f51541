/** Write a place in a recording as players do: 02:05, 1:02:05. */
export function clock(timeMs: number): string {
  const seconds = Math.floor(timeMs / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}:` : ""}${two(minutes)}:${two(seconds % 60)}`;
}

const two = (value: number) => String(value).padStart(2, "0");
