import { checkOptionNames, isWhole, refuseOption } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { Tensor } from "../../runtime/runtime.js";
import { flat, type Numbers } from "./numbers.js";
import { greatest } from "../../onnx/extremes.js";

/**
 * Numbers of classes as one-hot rows.
 *
 * @param x whole numbers from 0, of any shape; an axis of extent 1 at the end is left out
 * @param options `numClasses`, or that number alone; default one more than the largest
 * @returns the shape of `x` with `numClasses` behind, float32
 * @throws UsageError for a number that is no class (Keras cuts fractions off, and counts negative ones from the end)
 * @see https://keras.io/api/utils/python_utils/#tocategorical-function
 */
export function toCategorical(
  x: Numbers,
  options: { readonly numClasses?: number | null | undefined } | number | null = {},
): Tensor {
  const owner = "toCategorical";
  const given = typeof options === "number" || options === null ? { numClasses: options } : options;
  checkOptionNames(owner, given, ["numClasses"]);
  const { values: labels, dims } = flat(x, owner);
  const values = Array.from(labels);
  const shape = dims.length > 1 && dims.at(-1) === 1 ? dims.slice(0, -1) : dims;
  const asked = given.numClasses ?? undefined;
  if (asked !== undefined && !isWhole(asked, 1)) refuseOption(owner, "numClasses", "a whole number from 1", asked);
  const wrong = values.findIndex((value) => !isWhole(value, 0) || (asked !== undefined && value >= asked));
  if (wrong >= 0 || (asked === undefined && values.length === 0)) {
    throw new UsageError("A label is no class.", {
      subject: "x",
      expected:
        asked === undefined
          ? "whole numbers from 0"
          : `whole numbers from 0 to ${asked - 1}, for there are ${asked} classes`,
      received: wrong < 0 ? "no labels, and no numClasses" : `${values[wrong] ?? ""} as number ${wrong}`,
    });
  }
  const classes = asked ?? values.reduce((most, value) => Math.max(most, value), 0) + 1;
  const rows = new Float32Array(values.length * classes);
  values.forEach((value, row) => {
    rows[row * classes + value] = 1;
  });
  return new Tensor("float32", rows, [...shape, classes]);
}

/**
 * Numbers divided by their norm along an axis; where it is 0 they stay.
 *
 * @param options `axis`: default -1, the last one; `order`: of the norm, default 2
 * @returns the same shape, float32
 * @see https://keras.io/api/utils/python_utils/#normalize-function
 */
export function normalize(
  x: Numbers,
  options: { readonly axis?: number | undefined; readonly order?: number | undefined } = {},
): Tensor {
  const owner = "normalize";
  checkOptionNames(owner, options, ["axis", "order"]);
  const { axis = -1, order = 2 } = options;
  const { values, dims } = flat(x, owner);
  const place = axis < 0 ? axis + dims.length : axis;
  if (!isWhole(place, 0) || place >= dims.length) {
    refuseOption(owner, "axis", `an axis of [${dims.join(", ")}]`, axis);
  }
  if (typeof order !== "number" || !(order > 0)) refuseOption(owner, "order", "a number above 0", order);
  const extent = dims[place] ?? 1;
  const stride = dims.slice(place + 1).reduce((product, one) => product * one, 1);
  const result = new Float32Array(values.length);
  const places = Array.from({ length: extent }, (_, step) => step * stride);
  for (let begin = 0; begin < values.length; begin++) {
    // Only where a row along the axis begins.
    if (Math.floor(begin / stride) % extent !== 0) continue;
    const sizes = places.map((step) => Math.abs(values[begin + step] ?? 0));
    const norm =
      order === Infinity ? greatest(sizes) : sizes.reduce((sum, size) => sum + size ** order, 0) ** (1 / order);
    for (const step of places) result[begin + step] = (values[begin + step] ?? 0) / (norm === 0 ? 1 : norm);
  }
  return new Tensor("float32", result, dims);
}
