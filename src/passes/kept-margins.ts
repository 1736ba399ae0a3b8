import { type Node, producer, type Value } from "../graph/value.js";
import { integers } from "../ops/constants.js";
import { transpose } from "../ops/layout.js";
import { recreate } from "../ops/table.js";

/**
 * A MaxPool that sees the zeros which a Pad in front of it puts around the picture.
 *
 * ONNX Runtime (1.30) makes such a Pad part of the MaxPool, whose own margins are never the maximum: where all numbers of a window
 * are negative, it then gives another result. It leaves a Pad alone that says which axes it pads.
 *
 * @param node a MaxPool
 * @returns it behind a Pad that names its axes; `undefined` where there is none to change
 */
export function withKeptMargins(node: Node): Node | undefined {
  const [x, ...others] = node.inputs;
  const padded = x && keptMargins(x);
  return padded === undefined ? undefined : recreate(node, [padded, ...others]);
}

/** The same value with the axes of its Pad named, through Transposes, which the runtime moves. */
function keptMargins(value: Value): Value | undefined {
  const node = producer(value);
  const [x] = node?.inputs ?? [];
  if (node === undefined || x === undefined) return undefined;
  const perm = node.attributes["perm"];
  if (node.op === "Transpose" && perm?.type === "ints") {
    const inner = keptMargins(x);
    return inner && transpose(inner, { perm: perm.value });
  }
  const [, amounts, filling, axes] = node.inputs;
  if (node.op !== "Pad" || amounts === undefined || axes !== undefined) return undefined;
  const all = integers(x.shape.map((_, axis) => axis));
  return recreate(node, [x, amounts, filling, all]).outputs[0];
}
