import { rebuild } from "../graph/rebuild.js";
import type { Node, Value } from "../graph/value.js";
import { recreate } from "../ops/table.js";
import { windowOf } from "../ops/window.js";

const windowed: readonly string[] = ["Conv", "MaxPool", "AveragePool"];

/** Whether margins are given that are those of `SAME_UPPER`, which follow from the size of what comes in. */
function hasSameMargins({ op, attributes }: Node, [x, w]: readonly (Value | undefined)[]): boolean {
  const list = (name: string): readonly number[] | undefined => {
    const given = attributes[name];
    return given?.type === "ints" ? given.value.map(Number) : undefined;
  };
  const automatic = attributes["auto_pad"]?.value ?? "NOTSET";
  const kernel = list("kernel_shape") ?? w?.shape.slice(2).map(Number);
  const [strides, dilations, pads] = [list("strides"), list("dilations"), list("pads")];
  if (!windowed.includes(op) || automatic !== "NOTSET" || x === undefined || kernel === undefined) return false;
  const { begins, ends } = windowOf(op, x.shape, kernel, { strides, dilations, auto_pad: "SAME_UPPER" });
  return [...begins, ...ends].every((margin, index) => margin === (pads?.[index] ?? 0));
}

/**
 * Writes margins that are those of `SAME_UPPER` as such, so that a runtime finds them for the size that comes.
 *
 * @param values the graph's outputs, written for known sizes
 */
export function sameMargins(values: readonly Value[]): (value: Value) => Value {
  return rebuild(values, new Map(), (node, inputs) =>
    hasSameMargins(node, inputs)
      ? recreate(node, inputs, { auto_pad: "SAME_UPPER", pads: undefined }).outputs
      : undefined,
  );
}
