import { rebuild } from "../graph/rebuild.js";
import { isStatic } from "../graph/shape.js";
import type { Node, Value } from "../graph/value.js";
import { recreate } from "../ops/table.js";
import { windowOf } from "../ops/window.js";

const windowed: ReadonlySet<string> = new Set(["Conv", "QLinearConv", "MaxPool", "AveragePool"]);

/** The margins that a node has by the name of a rule, as numbers; `undefined` where they are numbers, or follow from a size that is open. */
function marginsOf({ op, attributes }: Node, x: Value | undefined): readonly number[] | undefined {
  const list = (name: string): readonly number[] | undefined => {
    const given = attributes[name];
    return given?.type === "ints" ? given.value : undefined;
  };
  const automatic = attributes["auto_pad"];
  const rounding = attributes["ceil_mode"];
  const kernel = list("kernel_shape");
  if (!windowed.has(op) || automatic?.type !== "string" || automatic.value === "NOTSET") return undefined;
  if (x === undefined || kernel === undefined || !isStatic(x.shape.slice(1))) return undefined;
  if (rounding?.type === "int" && rounding.value === 1) return undefined;
  const moves = { strides: list("strides"), dilations: list("dilations"), auto_pad: automatic.value };
  const { begins, ends } = windowOf(op, x.shape, kernel, moves);
  return [...begins, ...ends];
}

/**
 * Writes margins as numbers where a rule such as `SAME_UPPER` stands for them: ONNX has deprecated these, and OpenCV's dnn puts the odd pixel
 * of `SAME_UPPER` at the wrong end.
 *
 * @param values the graph's outputs
 * @returns the new value of each that they reach
 */
export function explicitMargins(values: readonly Value[]): (value: Value) => Value {
  return rebuild(values, new Map(), (node, inputs) => {
    const pads = marginsOf(node, inputs[0]);
    return pads === undefined ? undefined : recreate(node, inputs, { auto_pad: undefined, pads }).outputs;
  });
}
