import { UsageError } from "../../errors/errors.js";
import { requireFiniteNumbers } from "../../graph/lost-numbers.js";
import { rebuild } from "../../graph/rebuild.js";
import { formatShape, type Shape } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { importOnnxGraph } from "../../formats/onnx/import-model.js";
import type { BaseModel } from "../../models/base-model.js";
import { toChannelsFirst } from "../../nn/channels.js";
import type { OnnxModel } from "../../onnx/model.js";
import { answersNothing } from "../classifier.js";
import { cast } from "../../ops/layout.js";
import { inferenceGraph } from "../../training/programs/inference-graph.js";

/** A network that says which class a picture has, as a graph. */
export interface Explainable {
  /** For messages. */
  readonly name: string;
  /** Height, width and channels of a picture; text where they are open. */
  readonly shape: Shape;
  readonly type: "float32" | "uint8";
  /** Whether one graph is for pictures of all sizes, where they are open. */
  readonly takesAnySize: boolean;
  /**
   * What it says, with its weights inside.
   *
   * @param image `[N, H, W, C]`
   * @returns `[N, classes]`, or `[N, 1]` of a sigmoid
   */
  answer(image: Value): Value;
}

/**
 * A model to be explained.
 *
 * @throws UsageError for one that does not take one picture, or does not say which class it has
 */
export function explainableModel(model: BaseModel): Explainable {
  const { name } = model;
  const [picture, ...others] = model.inputs;
  if (picture?.shape.length !== 4 || others.length > 0) {
    throw new UsageError(`The model "${name}" does not take one picture.`, {
      subject: name,
      expected: "one input [N, H, W, C]",
      received: model.inputs.map(({ shape }) => formatShape(shape)).join(" and ") || "none",
      advice: "Explain the part of it that does.",
    });
  }
  const [said, ...more] = model.outputs;
  if (said?.shape.length !== 2 || more.length > 0) {
    throw new UsageError(`The model "${name}" does not say which class a picture has.`, {
      subject: name,
      expected: "one output [N, classes]",
      received: model.outputs.map(({ shape }) => formatShape(shape)).join(" and ") || "none",
      advice:
        more.length > 0
          ? "Explain a model of one of the outputs: new models.Model({ inputs: model.inputs, outputs: model.outputs[0] })."
          : "Put a classifier behind it: maps alone speak for no class.",
    });
  }
  const answer = (image: Value): Value => {
    const [output] = inferenceGraph(model, [toChannelsFirst(image)]).outputs;
    if (output === undefined) throw new TypeError("The model has no output.");
    return output;
  };
  return { name, shape: picture.shape.slice(1), type: "float32", takesAnySize: false, answer };
}

/**
 * A classifier that Graft wrote, to be explained. It takes photos of all sizes.
 *
 * @param model the file as `readModel` gives it
 * @param file its path
 * @throws NumberError when NaN or an infinity is computed with in it
 */
export function explainableClassifier(model: OnnxModel, file: string): Explainable {
  const graph = importOnnxGraph(model, { file, own: true, output: "probabilities" });
  requireFiniteNumbers(graph, answersNothing(file));
  const answer = (image: Value): Value => {
    const [placeholder] = graph.inputs;
    const [output] = graph.outputs;
    if (placeholder === undefined || output === undefined)
      throw new TypeError("The classifier has no input or output.");
    const pixels = toChannelsFirst(cast(image, "float32"));
    return rebuild([output], new Map([[placeholder, pixels]]))(output);
  };
  return { name: file, shape: ["H", "W", 3], type: "uint8", takesAnySize: true, answer };
}
