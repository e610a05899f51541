/** A picture that is not read here. Another attempt would find the same. */
export class UnreadablePicture extends Error {
  override readonly name = "UnreadablePicture";
  readonly code: "undecodable_input" | "image_too_large";

  constructor(message: string, code: UnreadablePicture["code"] = "undecodable_input") {
    super(message);
    this.code = code;
  }
}

/** Return the error for a variant of a format: what it is, and the command that makes it readable. */
export function unreadVariant(format: "BMP" | "TIFF", variant: string): UnreadablePicture {
  return new UnreadablePicture(`The ${format} picture ${variant}, which is not read here. ${remedy(format)}`);
}

export function damagedPicture(format: "BMP" | "TIFF", what: string): UnreadablePicture {
  return new UnreadablePicture(
    `The ${format} picture is damaged: ${what}. Its upload may have been interrupted: send it again. If that fails, open it in a picture editor and save it again.`,
  );
}

function remedy(format: "BMP" | "TIFF"): string {
  return `Convert it to JPEG or PNG: magick picture.${format.toLowerCase()} picture.jpg`;
}
