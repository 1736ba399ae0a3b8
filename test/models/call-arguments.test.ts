import { describe, expect, it } from "vitest";
import { goldenTensor, RecordingContext, runGraph } from "../support/nn-graph.js";
import { input } from "../../src/graph/value.js";
import { toChannelsLast } from "../../src/nn/channels.js";
import { Input, MultiHeadAttention, Softmax } from "../../src/nn/layers/index.js";
import { modelFromConfig } from "../../src/formats/keras/from-config.js";
import { Model } from "../../src/models/model.js";
import { serializeLayer } from "../../src/nn/layers/serialize-layer.js";

/** A causal, masked attention that shows its weights, and a masked softmax. */
function attending(): Model {
  const sequence = Input({ shape: [3, 4], name: "sequence" });
  const seen = Input({ shape: [3, 3], name: "seen" });
  const attention = new MultiHeadAttention(2, 2, { name: "attention" });
  const [output, scores] = attention.applyAll([sequence, sequence], {
    attentionMask: seen,
    useCausalMask: true,
    returnAttentionScores: true,
  });
  if (output === undefined || scores === undefined) throw new Error("two outputs were expected");
  const masked = new Softmax(-1, { name: "masked" }).apply(seen, { mask: seen });
  return new Model({ inputs: [sequence, seen], outputs: [output, scores, masked], name: "attending" });
}

async function outputsOf(model: Model): Promise<number[][]> {
  const x = goldenTensor({ shape: [1, 3, 4], data: Array.from({ length: 12 }, (_, index) => Math.sin(index)) });
  const seen = goldenTensor({ shape: [1, 3, 3], data: [1, 0, 1, 1, 1, 0, 0, 1, 1] });
  const values = [input("x", "float32", ["N", 3, 4]), input("seen", "float32", ["N", 3, 3])];
  const outputs = model.callNamed(values, new RecordingContext(false));
  const results = await runGraph(
    Object.fromEntries(outputs.map((value, index) => [`y${index}`, toChannelsLast(value)])),
    { x, seen },
  );
  return outputs.map((_, index) => [...(results[`y${index}`]?.data as Float32Array)]);
}

describe("what layers are told beside their inputs", () => {
  it("holds in the model: nobody sees what is masked or lies behind", async () => {
    const [, scores = [], masked = []] = await outputsOf(attending());
    // Two heads of three places: row 0 sees 0, row 1 sees 0 and 1, row 2 sees 1 and 2.
    const zero = (list: readonly number[]): number[] => list.flatMap((value, index) => (value === 0 ? [index] : []));
    expect(zero(scores)).toEqual([1, 2, 5, 6, 10, 11, 14, 15]);
    expect(scores[0]).toBeCloseTo(1);
    expect(zero(masked)).toEqual([1, 5, 6]);
  });

  it("is saved and read", async () => {
    const model = attending();
    const read = modelFromConfig(JSON.parse(JSON.stringify(serializeLayer(model))), "model.keras", 3);
    expect(read.getConfig()).toEqual(model.getConfig());
    if (!(read instanceof Model)) throw new Error("a functional model was expected");
    read.setWeights(model.getWeights());
    expect(await outputsOf(read)).toEqual(await outputsOf(model));
  });

  it("is refused by layers that do not know it", () => {
    const sequence = Input({ shape: [3, 4] });
    expect(() => new Softmax().apply(sequence, { useCausalMask: true })).toThrow(/use_causal_mask/);
    expect(() => new Softmax().apply(sequence, { training: true as never })).toThrow(/training mode/);
  });
});
