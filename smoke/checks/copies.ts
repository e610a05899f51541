import { put, smallText, unlessUnsigned } from "../bucket.ts";
import { type Check, type Finding, Failure, pass, type Smoke } from "../check.ts";
import type { UploadTicket } from "../../client/index.ts";

const source = smallText();
const target = smallText();
const part = smallText();

/** A presigned PUT with an additional, unsigned copy header must not copy another object of the bucket. */
export const copies: Check = {
  name: "copies",
  work: [source, target, part],
  run: (smoke) => unlessUnsigned(() => attempt(smoke)),
};

async function attempt(smoke: Smoke): Promise<Finding> {
  const body = source.file(smoke.media);
  const own = await smoke.announce(source, { method: "single" });
  const stored = await put(smoke, own.url ?? "", { body, headers: own.headers });
  if (!stored.ok)
    return { result: "skipped", means: "There is no object to copy.", todo: "See the check 'presigned'." };
  const headers = { "x-amz-copy-source": pathOf(own) };

  const single = await smoke.announce(target, { method: "single" });
  const multi = await smoke.announce(part, { method: "multipart" });
  const codes: string[] = [];
  for (const [what, url, signed] of [
    ["a PUT", single.url ?? "", single.headers],
    ["a part", multi.parts?.[0]?.url ?? "", multi.headers],
  ] as const) {
    const copied = await put(smoke, url, { body, headers: { ...signed, ...headers } });
    if (copied.ok) {
      const means = `DANGER: the bucket copies an object through ${what} whose URL was signed for something else. A client can read the files of other owners.`;
      const todo =
        "x-amz-copy-source-if-match" in signed
          ? "Delete the secret R2_ACCESS_KEY_ID, which turns presigned URLs off, and report the fault."
          : "Remove the var R2_COPY_CONDITION and deploy. If the bucket then refuses PUTs, delete the secret R2_ACCESS_KEY_ID, which turns presigned URLs off.";
      throw new Failure(means, todo);
    }
    codes.push(`${copied.status} ${copied.code}`);
  }
  return pass(
    `The bucket refuses to copy an object through a presigned URL: a PUT with ${codes[0]}, a part with ${codes[1]}.`,
  );
}

/** Bucket and key in S3's form: the last segments of the URL, after any prefix of the endpoint. */
function pathOf({ url, key }: UploadTicket): string {
  const segments = key.split("/").length + 1;
  return new URL(url ?? "").pathname.split("/").slice(-segments).join("/");
}
