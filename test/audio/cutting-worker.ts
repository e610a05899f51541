import { r2Source } from "../../shared/audio/reading/byte-source.ts";
import { callLimits } from "../../shared/audio/chunks/limits.ts";
import { extractChunk } from "../../shared/audio/extract.ts";
import { planAudio } from "../../shared/audio/plan.ts";

/** Plans the requested object and returns one of its chunks. */
export default {
  async fetch(request, env) {
    const { searchParams } = new URL(request.url);
    const source = r2Source(env.MEDIA, {
      key: searchParams.get("key") ?? "",
      etag: searchParams.get("etag") ?? "",
      sizeBytes: Number(searchParams.get("size")),
    });
    try {
      const plan = await planAudio(source, callLimits("accurate"));
      const chunk = plan.type === "chunks" ? plan.chunks[Number(searchParams.get("index"))] : undefined;
      if (plan.type !== "chunks" || chunk === undefined) return Response.json(plan, { status: 422 });
      const file = await extractChunk(source, chunk);
      return new Response(file.bytes, {
        headers: { "content-type": file.contentType, "x-plan": JSON.stringify(plan) },
      });
    } catch (error) {
      return new Response(error instanceof Error ? `${error.name}: ${error.message}` : "?", { status: 500 });
    }
  },
} satisfies ExportedHandler<{ readonly MEDIA: R2Bucket }>;
