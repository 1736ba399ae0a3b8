import { framingOperators } from "../applications/own-classifier.js";
import type { OnnxModel, OnnxNode } from "../onnx/model.js";
import type { Framing, FramingInterpolation } from "../photos/framing.js";

/** A classifier without its first part: it takes photos that are framed already, all of one size, and so several at once. */
export interface FramedNetwork {
  /** Input `photos`, `[N, 3, size, size]` uint8, though it says neither size; outputs as the classifier's. */
  readonly model: OnnxModel;
  /** How photos become what it takes. */
  readonly framing: Framing;
}

/** What the file says of its framing; `undefined` where it does not. */
function framingOf({ image_size, crop, keep_proportions, interpolation }: OnnxModel["metadata"]): Framing | undefined {
  const size = Number(image_size);
  const share = Number(crop ?? 1);
  const filter = ["bilinear", "bicubic"].find((name) => name === (interpolation ?? "bilinear"));
  if (!Number.isInteger(size) || size < 1 || !(share > 0 && share <= 1) || filter === undefined) return undefined;
  const keepProportions = keep_proportions === "true";
  return { size, crop: share, keepProportions, interpolation: filter as FramingInterpolation };
}

/** Name of the value that framed photos have in the graph, `[N, 3, size, size]` float32. */
function endOfFraming({ inputs, nodes }: OnnxModel): string | undefined {
  const framed = new Set(inputs.map(({ name }) => name));
  for (const { op, inputs: [x = ""] = [], outputs: [y = ""] = [] } of nodes) {
    if (!framingOperators.has(op) || !framed.has(x)) continue;
    if (op === "Clip") return y;
    framed.add(y);
  }
  return undefined;
}

/** The nodes that outputs need, in their order. */
function needed(nodes: readonly OnnxNode[], outputs: readonly string[]): { nodes: OnnxNode[]; names: Set<string> } {
  const names = new Set(outputs);
  const kept: OnnxNode[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((name) => names.has(name))) continue;
    kept.push(node);
    for (const name of node.inputs) names.add(name);
  }
  return { nodes: kept.reverse(), names };
}

/**
 * The part of a classifier behind the framing of photos, node for node as it is in the file: photos of different sizes have one size
 * only there.
 *
 * @param classifier what `readClassifier` has read
 * @returns `undefined` where the file does not say how photos are framed, or is not made so
 */
export function framedNetwork(classifier: OnnxModel): FramedNetwork | undefined {
  const { metadata, nodes, outputs, constants } = classifier;
  const framing = framingOf(metadata);
  const end = endOfFraming(classifier);
  if (framing === undefined || end === undefined || nodes.some(({ branches }) => branches !== undefined))
    return undefined;
  const taken = new Set([...nodes.flatMap((node) => node.outputs), ...constants.keys()]);
  const photos = freeName("photos", taken);
  const kept = needed(
    nodes.filter((node) => !node.outputs.includes(end)),
    outputs.map(({ name }) => name),
  );
  // What needs photos before their framing cannot do without it.
  if (classifier.inputs.some(({ name }) => kept.names.has(name)) || !kept.names.has(end)) return undefined;
  // No Transpose: the engine would move it on through the network, which then would sum in another order.
  const entrance: OnnxNode = {
    ...{ name: end, op: "Cast", domain: "", inputs: [photos], outputs: [end] },
    attributes: { to: { type: "int", value: 1 } },
  };
  return {
    framing,
    model: {
      ...classifier,
      nodes: [entrance, ...kept.nodes],
      // As open as they are behind the framing: where the engine knows them it takes other kernels, whose last digits are others.
      inputs: [{ name: photos, type: "uint8", shape: ["N", 3, "H", "W"] }],
      constants: new Map([...constants].filter(([name]) => kept.names.has(name))),
    },
  };
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  return taken.has(name) ? freeName(`${name}'`, taken) : name;
}
