import { normalizeAxis } from "../../graph/shape.js";
import { constantData, type Value } from "../../graph/value.js";
import type { OnnxNode } from "../../onnx/model.js";
import { concat } from "../../ops/joining.js";
import { split } from "../../ops/joining.js";
import { squeeze, unsqueeze } from "../../ops/layout.js";

/*
 * Sequences of tensors, as older exporters write `chunk` and `unbind`: which ones they hold is known when the file is read, so that they need
 * no operator.
 */

type Inputs = readonly (Value | undefined)[];

function numberOf(node: OnnxNode, attribute: string, fallback: number): number {
  return Number(node.attributes[attribute]?.value ?? fallback);
}

function integersOf(value: Value | undefined): readonly number[] | undefined {
  const data = constantData(value);
  return data && Array.from(data.data as ArrayLike<number | bigint>, Number);
}

/** The parts of a tensor; `undefined` where their extents are not known. */
function parts(node: OnnxNode, [x, given]: Inputs): readonly Value[] | undefined {
  if (x === undefined) return undefined;
  const axis = normalizeAxis(numberOf(node, "axis", 0), x.rank, node.op);
  const extent = x.shape[axis];
  if (typeof extent !== "number") return undefined;
  const sizes = given === undefined ? [1] : integersOf(given);
  if (sizes === undefined) return undefined;
  // One number is the extent of all parts but the last.
  const [each = 1] = sizes;
  const equal = given === undefined || given.rank === 0;
  const extents = equal
    ? Array.from({ length: Math.ceil(extent / each) }, (_, index) => Math.min(each, extent - index * each))
    : sizes;
  const all = split(x, extents, { axis });
  const drops = given === undefined && numberOf(node, "keepdims", 1) === 0;
  return drops ? all.map((value) => squeeze(value, [axis])) : all;
}

/** The sequences of a file, by name. */
export class Sequences {
  private readonly found = new Map<string, readonly Value[]>();

  /** Whether a node makes a sequence, or takes something out of one. */
  handles({ op, inputs }: OnnxNode): boolean {
    return op === "SplitToSequence" || op === "SequenceConstruct" || inputs.some((name) => this.found.has(name));
  }

  /** How many inputs of a node are sequences. */
  isSequence(name: string): boolean {
    return this.found.has(name);
  }

  /**
   * What a node gives, if that is a tensor; a sequence is kept.
   *
   * @returns `undefined` where it is not known which tensors there are
   */
  import(node: OnnxNode, inputs: Inputs): readonly Value[] | undefined {
    const [name = ""] = node.outputs;
    const sequence = this.found.get(node.inputs[0] ?? "") ?? [];
    switch (node.op) {
      case "SplitToSequence":
      case "SequenceConstruct": {
        const made =
          node.op === "SplitToSequence"
            ? parts(node, inputs)
            : inputs.flatMap((value) => (value === undefined ? [] : [value]));
        if (made === undefined) return undefined;
        this.found.set(name, made);
        return [];
      }
      case "SequenceAt": {
        const [place] = integersOf(inputs[1]) ?? [];
        const value = place === undefined ? undefined : sequence.at(place);
        return value === undefined ? undefined : [value];
      }
      case "ConcatFromSequence": {
        const [first] = sequence;
        if (first === undefined) return undefined;
        const isNew = numberOf(node, "new_axis", 0) === 1;
        const axis = normalizeAxis(numberOf(node, "axis", 0), first.rank + Number(isNew), node.op);
        return [concat(isNew ? sequence.map((value) => unsqueeze(value, [axis])) : sequence, { axis })];
      }
      default:
        return undefined;
    }
  }
}
