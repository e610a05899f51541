export function uploadPath(id: string): string {
  return `/v1/uploads/${encodeURIComponent(id)}`;
}
