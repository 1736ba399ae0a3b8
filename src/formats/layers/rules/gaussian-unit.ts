import { constantData, type Node, producer, type Value } from "../../../graph/value.js";
import type { LayerBuilder } from "../layer-builder.js";
import { outputOf } from "./rule.js";

/** The only number of a constant. */
function numberOf(value: Value | undefined): number | undefined {
  const data = constantData(value)?.data;
  return data?.length === 1 ? Number(data[0]) : undefined;
}

function isAbout(number: number | undefined, expected: number): boolean {
  return number !== undefined && Math.abs(number - expected) < 1e-5 * expected;
}

/** What a node multiplies, products of products too: a number, and values that are no constants. */
function factorsOf(node: Node): { readonly number: number; readonly values: readonly Value[] } {
  let number = 1;
  const values: Value[] = [];
  for (const value of node.inputs) {
    const constant = numberOf(value);
    const made = value && producer(value);
    if (constant !== undefined) number *= constant;
    else if (made?.op === "Mul" && made.inputs.some((one) => numberOf(one) !== undefined || errorArgument(one))) {
      const inner = factorsOf(made);
      number *= inner.number;
      values.push(...inner.values);
    } else if (value !== undefined) values.push(value);
  }
  return { number, values };
}

/** `x` of `1 + erf(x / √2)`; `undefined` for anything else. */
function errorArgument(value: Value | undefined): Value | undefined {
  const sum = value && producer(value);
  if (sum?.op !== "Add" || !sum.inputs.some((one) => numberOf(one) === 1)) return undefined;
  const [erf] = sum.inputs.flatMap((one) => (one && producer(one)?.op === "Erf" ? [producer(one)] : []));
  const line = erf?.inputs[0] && producer(erf.inputs[0]);
  const [left, right] = line?.inputs ?? [];
  const isRoot =
    (line?.op === "Div" && isAbout(numberOf(right), Math.SQRT2)) ||
    (line?.op === "Mul" && [left, right].some((one) => isAbout(numberOf(one), Math.SQRT1_2)));
  return isRoot ? [left, right].find((one) => numberOf(one) === undefined) : undefined;
}

/** Whether a node is the sum in `1 + erf(…)`, which only {@link gaussianUnit} makes something of. */
export function isOfErf(node: Node): boolean {
  return node.op === "Add" && node.inputs.some((value) => value !== undefined && producer(value)?.op === "Erf");
}

/**
 * Makes a layer of `0.5 · x · (1 + erf(x / √2))`, in whatever order it is multiplied.
 *
 * @returns whether the node is the last product of that
 */
export function gaussianUnit(node: Node, build: LayerBuilder): boolean {
  const { number, values } = factorsOf(node);
  const [a, b] = values;
  const x = [errorArgument(a), errorArgument(b)].find((value) => value !== undefined);
  if (x === undefined || values.length !== 2 || !values.includes(x) || !isAbout(number, 0.5)) {
    // A product on the way there.
    return values.some((value) => errorArgument(value) !== undefined);
  }
  const placed = build.at(x);
  if (placed === undefined) return false;
  const layer = build.add("Activation", [build.ready(placed)], { activation: "gelu" });
  build.place(outputOf(node), { layer, form: placed.form });
  return true;
}
