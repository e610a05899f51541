// The scripted model, which reads the words in a WAV, with a delay of three seconds.
import ScriptedAi from "../../test/scripted-ai.ts";

const MODEL_MS = 3000;

export default class SlowSpeech extends ScriptedAi {
  override async run(
    model: string,
    inputs: Record<string, unknown>,
    options: { signal?: AbortSignal },
  ): Promise<Response> {
    await new Promise((resolve) => setTimeout(resolve, MODEL_MS));
    return super.run(model, inputs, options);
  }
}
