import { createHash } from "node:crypto";
import type { Backbone } from "../applications/backbone.js";
import { input, type Value } from "../graph/value.js";
import { graphBytes } from "../runtime/session.js";
import { type Trace, traceModel } from "../training/programs/trace.js";

/**
 * What a network computes, in training and in inference, whatever its weights are: SHA-256 over both graphs. Two networks may have weights of
 * the same names, shapes and values, and differ in an activation, a stride, or a rate of dropout.
 */
export function architectureDigest({ model, imageSize }: Pick<Backbone, "model" | "imageSize">): string {
  const hash = createHash("sha256");
  const fed = model.inputs.map(({ dtype }, index) => input(`data/${index}`, dtype, ["N", 3, imageSize, imageSize]));
  const { training, inference } = traceModel(model, fed);
  for (const one of [training, inference]) hash.update(traceBytes(one));
  return hash.digest("hex");
}

function traceBytes({ outputs, randoms, updates, penalties }: Trace): Uint8Array {
  const named = (name: string, values: readonly Value[]) =>
    values.map((value, index) => [`${name}/${index}`, value] as const);
  const all = [...named("output", outputs), ...named("update", [...updates.values()]), ...named("penalty", penalties)];
  const drawn = randoms.map(({ stream, distribution }) => [
    stream,
    typeof distribution === "string" ? distribution : "sampler",
  ]);
  return graphBytes(Object.fromEntries(all), { metadata: { drawn: JSON.stringify(drawn) } });
}
