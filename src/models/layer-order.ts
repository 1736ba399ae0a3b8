import { UsageError } from "../errors/errors.js";
import { formatShape } from "../graph/shape.js";
import type { Layer } from "../nn/layer.js";
import { InputLayer } from "../nn/layers/index.js";
import type { LayerCall, SymbolicTensor } from "../nn/symbolic-tensor.js";

/** The calls that lead from inputs to outputs of a functional model, and the order of its layers. */
export interface LayerOrder {
  /** Each after those that it needs; entrances are left out. */
  readonly calls: readonly LayerCall[];
  /** In Keras's order, which decides the order of weights; entrances among them. */
  readonly layers: readonly Layer[];
  /** Whether the layers form one row, each used once. */
  readonly isRow: boolean;
}

interface Walk {
  /** Each after those that it needs. */
  readonly calls: readonly LayerCall[];
  /** When a layer was met first, walking from the outputs. */
  readonly met: ReadonlyMap<Layer, number>;
}

function walkBack(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): Walk {
  const given = new Set(inputs);
  const calls: LayerCall[] = [];
  const met = new Map<Layer, number>();
  const entered = new Set<LayerCall>();
  const visit = (tensor: SymbolicTensor): void => {
    const call = tensor.call?.();
    const isEntrance = call === undefined || call.inputs.length === 0;
    if (isEntrance && !given.has(tensor)) {
      throw new UsageError("The outputs depend on an input that the model does not list.", {
        subject: call?.layer.name ?? "Input",
        expected: "every Input that the outputs need in `inputs`",
        received: `an input of shape ${formatShape(tensor.shape)} that is missing`,
      });
    }
    // The layer in front of an input that is no Input belongs to another model.
    if (call === undefined || entered.has(call) || (given.has(tensor) && !isEntrance)) return;
    entered.add(call);
    if (!met.has(call.layer)) met.set(call.layer, met.size);
    call.inputs.forEach(visit);
    calls.push(call);
  };
  outputs.forEach(visit);
  return { calls, met };
}

/** How many calls lie between each call and the end, at most; a layer that is called twice counts where it is farther. */
function depthsOf(calls: readonly LayerCall[]): {
  readonly ofCalls: ReadonlyMap<LayerCall, number>;
  readonly ofLayers: ReadonlyMap<Layer, number>;
} {
  const inside = new Set(calls);
  const ofCalls = new Map<LayerCall, number>();
  const ofLayers = new Map<Layer, number>();
  for (const call of [...calls].reverse()) {
    const depth = Math.max(ofCalls.get(call) ?? 0, ofLayers.get(call.layer) ?? 0);
    ofCalls.set(call, depth);
    ofLayers.set(call.layer, depth);
    for (const { call: from } of call.inputs) {
      const before = from?.();
      if (before !== undefined && inside.has(before)) {
        ofCalls.set(before, Math.max(depth + 1, ofCalls.get(before) ?? 0));
      }
    }
  }
  return { ofCalls, ofLayers };
}

/**
 * Orders the layers between inputs and outputs as Keras does: the farther from the end, the earlier; among equals the one
 * that is met first from the outputs.
 *
 * @throws UsageError when the outputs need an input that is not listed
 */
export function orderLayers(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): LayerOrder {
  const { calls, met } = walkBack(inputs, outputs);
  const { ofCalls, ofLayers } = depthsOf(calls);
  const unused = inputs.flatMap((tensor) => {
    const layer = tensor.call?.().layer;
    return layer instanceof InputLayer && !met.has(layer) ? [layer] : [];
  });
  const depth = (layer: Layer): number => ofLayers.get(layer) ?? 0;
  const place = (layer: Layer): number => met.get(layer) ?? -1;
  const layers = [...new Set([...unused, ...met.keys()])].sort((a, b) => depth(b) - depth(a) || place(a) - place(b));
  return {
    calls: calls.filter(({ inputs: from }) => from.length > 0),
    layers,
    isRow:
      unused.length === 0 &&
      new Set(ofCalls.values()).size === calls.length &&
      layers.length === calls.length &&
      calls.every(({ inputs: from }) => from.length <= 1),
  };
}
