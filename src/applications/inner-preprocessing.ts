import { nodesInOrder } from "../graph/graph.js";
import { constantData, type Node, type Value } from "../graph/value.js";

/** Operators that may stand between the input and the first layer, and do the same to every pixel. */
const inFront: ReadonlySet<string> = new Set([
  ..."Add BatchNormalization Cast Clip Concat Div Gather Identity Mul Reshape Slice Split Squeeze Sub Transpose".split(
    " ",
  ),
  ..."Unsqueeze Pad Resize Round Flatten".split(" "),
]);

/** A difference or a factor of so much makes sense for pixels up to 255 only, not for those up to 1. */
const large = 20;

/**
 * Whether a network itself does to pixels in [0, 255] what they need: before its first layer they are divided by something large, or
 * something large is taken from them.
 *
 * @param image the network's input
 */
export function beginsWithPreprocessing(image: Value, outputs: readonly Value[]): boolean {
  const before = new Set<Value>([image]);
  for (const node of nodesInOrder(outputs)) {
    if (!inFront.has(node.op)) continue;
    const computed = node.inputs.filter((value) => value?.source.kind === "node" || value === image);
    if (computed.length === 0 || !computed.every((value) => value !== undefined && before.has(value))) continue;
    if (isForLevels(node)) return true;
    node.outputs.forEach((value) => before.add(value));
  }
  return false;
}

function isForLevels({ op, inputs }: Node): boolean {
  const [first, second] = inputs;
  const numbers = (op === "BatchNormalization" ? [inputs[3]] : [first, second]).flatMap((value) => {
    const data = constantData(value)?.data ?? [];
    return Array.from(data as ArrayLike<number | bigint>, (one) => Math.abs(Number(one)));
  });
  if (numbers.length === 0) return false;
  const least = Math.min(...numbers);
  switch (op) {
    case "Add":
    case "Sub":
    case "Div":
    case "BatchNormalization":
      return least >= large;
    case "Mul":
      return least > 0 && Math.max(...numbers) <= 1 / large;
    default:
      return false;
  }
}
