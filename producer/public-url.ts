/**
 * Why an address that a client gave is not one to call; null if it is. Names that lead to private addresses are the
 * platform's to stop (`global_fetch_strictly_public`): this refuses what is plainly wrong before anything is done.
 */
export function refusePublicUrl(text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null) return "is not an address";
  if (text.length > 2048) return "has more than 2048 characters";
  if (url.protocol !== "https:") return "must begin with https://";
  if (url.username !== "" || url.password !== "") return "must not carry a user or a password";
  const host = url.hostname;
  const isLiteral = host.startsWith("[") || /^[\d.]+$/.test(host);
  if (isLiteral || !host.includes(".") || /\.(localhost|local|internal)\.?$/.test(host))
    return "must name a public host";
  return null;
}
