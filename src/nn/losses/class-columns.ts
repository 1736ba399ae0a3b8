import { float32 } from "../../onnx/tensor-data.js";
import { constant, type Value } from "../../graph/value.js";
import { equal } from "../../ops/comparison.js";
import { unsqueeze } from "../../ops/layout.js";

/**
 * Where each class number says "this class": `[N, …]` float32 → `[N, …, classes]` bool. A number that is no class says
 * nowhere.
 */
export function classColumns(numbers: Value, classes: number): Value {
  const all = constant(
    float32(
      Float32Array.from({ length: classes }, (_, index) => index),
      [classes],
    ),
  );
  return equal(unsqueeze(numbers, [numbers.rank]), all);
}
