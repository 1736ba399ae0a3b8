import { ShapeError } from "../errors/errors.js";
import { type Dim, formatShape } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { defineVariadic, type Op } from "./define.js";
import { unsqueeze } from "./layout.js";
import { expandTo } from "./shape-of.js";

/** An equation with a label for each axis: letters, and `…0`, `…1` for the axes of an ellipsis, counted from the last. */
interface Equation {
  readonly terms: readonly (readonly string[])[];
  readonly result: readonly string[];
}

/** The labels of one operand; `rank` tells how many axes an ellipsis stands for. */
function labelsOf(term: string, rank: number): readonly string[] {
  const [before = "", after] = term.split("...");
  if (after === undefined) return Array.from(before);
  const count = rank - before.length - after.length;
  const between = Array.from({ length: Math.max(count, 0) }, (_, axis) => `…${count - 1 - axis}`);
  return [...Array.from(before), ...between, ...Array.from(after)];
}

/** @throws ShapeError for an equation that is none, or does not fit the operands */
function parse(equation: string, inputs: readonly Value[]): Equation {
  const [left = "", right] = equation.replace(/\s/g, "").split("->");
  const written = left.split(",");
  const terms = written.map((term, index) => labelsOf(term, inputs[index]?.rank ?? 0));
  const fits = terms.length === inputs.length && terms.every((labels, index) => labels.length === inputs[index]?.rank);
  if (!fits) {
    throw new ShapeError("Einsum: the equation does not fit the operands.", {
      subject: "Einsum",
      expected: "a term for each operand, with a letter for each of its axes",
      received: `"${equation}" for ${inputs.map(({ shape }) => formatShape(shape)).join(" and ")}`,
    });
  }
  const all = terms.flat();
  const hidden = terms.flatMap((labels) => labels.filter((label) => label.startsWith("…")));
  const widest = new Set(hidden).size;
  if (right !== undefined) {
    const dots = right.includes("...") ? widest : 0;
    return { terms, result: labelsOf(right, right.replace("...", "").length + dots) };
  }
  // Without an arrow the result has what stands once, in the order of the alphabet, behind the ellipsis.
  const once = all.filter((label) => !label.startsWith("…") && all.indexOf(label) === all.lastIndexOf(label)).sort();
  return { terms, result: [...labelsOf("...", widest), ...once] };
}

/** Where an axis of an operand stands in the result of an Einsum; -1 where it is summed. */
export function einsumPlace(equation: string, inputs: readonly Value[], operand: number, axis: number): number {
  const { terms, result } = parse(equation, inputs);
  return result.indexOf(terms[operand]?.[axis] ?? "");
}

/** The equation in letters. */
function format({ terms, result }: Equation): string {
  const labels = [...new Set([...terms.flat(), ...result])];
  const letters = new Map(labels.map((label, index) => [label, String.fromCharCode((index < 26 ? 97 : 39) + index)]));
  const text = (term: readonly string[]): string => term.map((label) => letters.get(label) ?? "").join("");
  return `${terms.map(text).join(",")}->${text(result)}`;
}

/**
 * Sums of products after Einstein's convention: axes with the same letter run together, and those that the result does not have
 * are summed; `"bhid,bhjd->bhij"`. There is no derivative where a letter stands twice in one term.
 * @see https://onnx.ai/onnx/operators/onnx__Einsum.html
 */
export const einsum: Op<"Einsum", [inputs: readonly Value[], attributes: { readonly equation: string }]> =
  defineVariadic("Einsum", {
    since: 12,
    attributes: { equation: "string" },
    infer: ({ inputs, attributes: { equation = "" } }) => {
      const [first] = inputs;
      const { terms, result } = parse(equation, inputs);
      const extents = new Map<string, Dim>();
      terms.forEach((labels, index) => {
        labels.forEach((label, axis) => {
          const dim = inputs[index]?.shape[axis] ?? 1;
          const known = extents.get(label) ?? 1;
          if (known !== 1 && dim !== 1 && known !== dim) {
            throw new ShapeError(`Einsum: the axes "${label}" have different extents.`, {
              subject: "Einsum",
              expected: `${known} in all operands of "${equation}"`,
              received: inputs.map(({ shape }) => formatShape(shape)).join(" and "),
            });
          }
          extents.set(label, dim === 1 ? known : dim);
        });
      });
      return { type: first?.type ?? "float32", shape: result.map((label) => extents.get(label) ?? 1) };
    },
    vjp: ({ inputs, index, dy, attributes: { equation = "" } }) => {
      const { terms, result } = parse(equation, inputs);
      const [own = [], x] = [terms[index], inputs[index]];
      if (x === undefined || new Set(own).size < own.length) {
        throw new ShapeError("Einsum: there is no derivative where a letter stands twice in one term.", {
          subject: "Einsum",
          expected: "different letters",
          received: equation,
          advice: "Freeze the weights behind it.",
        });
      }
      const others = terms.filter((_, at) => at !== index);
      // What is summed in this operand alone gets the same cotangent everywhere.
      const known = new Set([...result, ...others.flat()]);
      const kept = own.filter((label) => known.has(label));
      const values = [dy, ...inputs.filter((_, at) => at !== index)];
      const product = einsum(values, { equation: format({ terms: [result, ...others], result: kept }) });
      const missing = own.flatMap((label, axis) => (known.has(label) ? [] : [axis]));
      return missing.length === 0 ? product : expandTo(unsqueeze(product, missing), x);
    },
  });
