import { checkOptionNames, isWhole, oneOf, refuse } from "../../errors/check.js";
import { NumberError, ShapeError } from "../../errors/errors.js";
import { formatShape } from "../../graph/shape.js";
import { BaseModel } from "../../models/base-model.js";
import { platform } from "../../models/platform.js";
import { checkTensor, Tensor } from "../../runtime/runtime.js";
import { explainableModel } from "./explainable.js";
import { Explainer, type Explanation } from "./explainer.js";
import { type ExplainMethod, explainMethods } from "./methods.js";

/** Options of {@link explain}. */
export interface ExplainOptions {
  /**
   * How what speaks for the class is found.
   *
   * - `"hirescam"`: the last maps of features times their slopes, place by place (Draelos & Carin 2020);
   * - `"grad-cam"`: the maps weighed by the mean of their slopes (Selvaraju et al. 2017);
   * - `"grad-cam++"`: by a mean in which places that speak for the class count more (Chattopadhay et al. 2018);
   * - `"attention-rollout"`: a transformer's attentions multiplied up, the same for all classes (Abnar & Zuidema 2020);
   * - `"occlusion"`: how much less probable the class is where a patch lies over the picture (Zeiler & Fergus 2014): some fifty passes,
   *   and true whatever the network is made of.
   *
   * Default the one of `"hirescam"`, `"grad-cam"` and `"occlusion"` whose hottest fifth, painted over with the picture's mean colour, costs the
   * class most: some sixty passes; `"occlusion"` for networks without maps.
   */
  readonly method?: ExplainMethod | undefined;
  /** Number of the class that is explained. Default the one that the model says. */
  readonly classIndex?: number | undefined;
}

/**
 * Shows where in a picture a model sees what speaks for a class.
 *
 * Maps are taken where the network knows for the last time what is where: before the pooling, or what is flattened; also inside of models
 * that are layers of the model. Slopes are those of the class's log-odds against all others.
 *
 * @param model takes one picture; gives `[N, classes]`, or `[N, 1]` of two classes: the probability of the second one, as a sigmoid gives it,
 * or its log-odds
 * @param image `[H, W, C]` or `[1, H, W, C]` float32, preprocessed as the model takes it
 * @returns the class that is explained, and `heat`, `[rows, columns]` in [0, 1]: 1 where most speaks for it. Rows and columns are those of
 * the network's map, such as 7 × 7: the heat of a row and a column belongs to that part of the picture. `method` is the one that was taken.
 * @throws UsageError for a model that takes or gives something else, and for a method that does not suit it
 * @throws ShapeError when the model does not take a picture of this size
 * @throws NumberError when the picture has NaN or an infinity, or the model says NaN of it
 *
 * @example
 * ```ts
 * import { explain, layers, models, Tensor } from "graft-ml";
 *
 * const model = new models.Sequential([
 *   layers.Input({ shape: [8, 8, 3] }),
 *   new layers.Conv2D(4, 3, { activation: "relu" }),
 *   new layers.GlobalAveragePooling2D(),
 *   new layers.Dense(2, { activation: "softmax" }),
 * ]);
 * const image = new Tensor("float32", new Float32Array(8 * 8 * 3).fill(0.5), [8, 8, 3]);
 * const { heat } = await explain(model, image, { classIndex: 1 });
 * console.log(heat.dims); // → [ 6, 6 ]
 * ```
 */
export async function explain(model: BaseModel, image: Tensor, options: ExplainOptions = {}): Promise<Explanation> {
  if (!(model instanceof BaseModel)) refuse("explain", "model", "a model", model);
  checkTensor("explain", "image", image);
  checkOptionNames("explain", options, ["method", "classIndex"]);
  const { method, classIndex } = options;
  if (method !== undefined) oneOf("explain", "method", method, explainMethods);
  const network = explainableModel(model);
  const classes = Math.max(2, Number(model.outputs[0]?.shape[1]));
  if (classIndex !== undefined && !(isWhole(classIndex, 0) && classIndex < classes))
    refuse("explain", "classIndex", `a whole number from 0 to ${classes - 1}`, classIndex);
  const explainer = new Explainer(platform().runtime, network, method);
  try {
    const [explanation] = await explainer.explain(
      onePicture(image),
      classIndex === undefined ? undefined : [classIndex],
    );
    if (explanation === undefined) throw new TypeError("One picture has one explanation.");
    return explanation;
  } finally {
    await explainer.release();
  }
}

function onePicture(image: Tensor): Tensor {
  const { dims, data, type } = image;
  const isOne = dims.length === 3 || (dims.length === 4 && dims[0] === 1);
  if (!isOne || !(data instanceof Float32Array)) {
    throw new ShapeError("One picture is explained at a time.", {
      subject: "image",
      expected: "[H, W, C] or [1, H, W, C] of float32",
      received: `${formatShape(dims)} of ${type}`,
    });
  }
  const lost = data.findIndex((value) => !Number.isFinite(value));
  if (lost >= 0) {
    throw new NumberError("The picture has a number that nothing can be computed with.", {
      subject: "image",
      expected: "finite numbers",
      received: `${data[lost]}, the number ${lost} of ${data.length}`,
    });
  }
  return new Tensor("float32", data, [1, ...dims.slice(-3)]);
}
