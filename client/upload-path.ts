import { segment } from "./address.ts";

export function uploadPath(id: string): string {
  return `/v1/uploads/${segment(id)}`;
}
