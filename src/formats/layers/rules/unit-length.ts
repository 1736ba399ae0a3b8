import { constantData, type Node, producer, type Value } from "../../../graph/value.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { identity } from "../affine.js";
import { extent, type LayerBuilder } from "../layer-builder.js";
import { inputOf, outputOf } from "./rule.js";

/**
 * Added to a sum of squares, so that nothing is divided by 0. As little as this, since `UnitNormalization` brings vectors to length 1 that are as
 * short as 10⁻¹²: networks with small weights give such.
 */
const smallestSum = 1e-30;

/** The node behind a value, where it is of this operator. */
function madeBy(value: Value | undefined, op: string): Node | undefined {
  const made = value && producer(value);
  return made?.op === op ? made : undefined;
}

/** The value whose numbers a node divides by their length, `x / √max(Σ x², ε)`; `undefined` where it does something else. */
function dividedByLength(node: Node): Value | undefined {
  const most = madeBy(madeBy(node.inputs[1], "Sqrt")?.inputs[0], "Max");
  const squares = most?.inputs.flatMap((value) => madeBy(value, "ReduceSumSquare") ?? []) ?? [];
  const [sum] = squares;
  const [value] = node.inputs;
  const axes = constantData(sum?.inputs[1])?.data;
  const isOfVector = value?.rank === 2 && axes?.length === 1 && [1n, -1n, 1, -1].includes(axes[0] ?? 0);
  return squares.length === 1 && isOfVector && sum?.inputs[0] === value ? value : undefined;
}

/**
 * Makes layers that bring vectors to length 1. TensorFlow.js has no such layer; but the vector with its opposite behind it has the mean 0
 * and the variance `|x|² / F`, so that a layer normalization of both, whose factors are `1 / √F` and −1 times that, gives the
 * vector twice, and the mean over both is what is wanted.
 *
 * @returns whether the node is such a division
 */
export function unitLength(node: Node, build: LayerBuilder): boolean {
  const value = dividedByLength(node);
  const placed = build.at(value);
  if (value === undefined || placed?.form !== "same") return false;
  const ready = build.ready(placed);
  if (build.dialect === "keras") {
    build.place(outputOf(node), { layer: build.add("UnitNormalization", [ready]), form: "same" });
    return true;
  }
  const features = extent(inputOf(node).shape[1]);
  const { offset, scale } = identity(features);
  const opposite = build.ready({ layer: ready, form: "same", affine: { offset, scale: scale.map(() => -1) } });
  const both = build.add("Reshape", [build.add("Concatenate", [ready, opposite], { axis: -1 })], {
    target_shape: [2, 1, features],
  });
  const factor = 1 / Math.sqrt(features);
  const factors = Float32Array.from({ length: 2 * features }, (_, index) => (index < features ? factor : -factor));
  const normalized = build.add("LayerNormalization", [both], { axis: [1, 2, 3], epsilon: smallestSum / features }, [
    { name: "gamma", tensor: float32(factors, [2, 1, features]) },
    { name: "beta", tensor: float32(new Float32Array(2 * features), [2, 1, features]) },
  ]);
  build.place(outputOf(node), { layer: build.add("GlobalAveragePooling2D", [normalized]), form: "same" });
  return true;
}
