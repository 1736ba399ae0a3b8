import { UsageError } from "../errors/errors.js";
import type { Shape } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { type CallContext, inInference } from "../nn/context.js";
import type { Layer, LayerOptions } from "../nn/layer.js";
import type { LayerCall, SymbolicTensor } from "../nn/symbolic-tensor.js";
import { BaseModel } from "./base-model.js";
import { orderLayers } from "./layer-order.js";
import { serializeCalls } from "./serialize-calls.js";

/** What a functional model is made from. */
export interface ModelOptions extends LayerOptions {
  readonly inputs: SymbolicTensor | readonly SymbolicTensor[];
  readonly outputs: SymbolicTensor | readonly SymbolicTensor[];
}

function list<T extends object>(one: T | readonly T[]): readonly T[] {
  return Array.isArray(one) ? (one as readonly T[]) : [one as T];
}

/**
 * A network of layers with any number of inputs and outputs.
 *
 * @see https://keras.io/api/models/model/
 *
 * @example
 * ```ts
 * import { layers, models } from "graft-ml";
 *
 * const inputs = layers.Input({ shape: [32, 32, 3] });
 * const narrow = new layers.Conv2D(8, 1).apply(inputs);
 * const wide = new layers.Conv2D(8, 5, { padding: "same" }).apply(inputs);
 * const outputs = new layers.Concatenate().apply([narrow, wide]);
 * const model = new models.Model({ inputs, outputs });
 * console.log(model.outputShape); // → [ 'N', 32, 32, 16 ]
 * ```
 */
export class Model extends BaseModel {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  private readonly ordered: readonly Layer[];
  private readonly calls: readonly LayerCall[];
  private readonly isRow: boolean;

  /** @throws UsageError when the outputs cannot be computed from the inputs, or two layers have the same name */
  constructor({ inputs, outputs, ...options }: ModelOptions) {
    super(options);
    this.inputs = list(inputs);
    this.outputs = list(outputs);
    const { calls, layers, isRow } = orderLayers(this.inputs, this.outputs);
    this.calls = calls;
    this.ordered = layers;
    this.isRow = isRow;
    checkNames(this.name, layers);
  }

  get layers(): readonly Layer[] {
    return [...this.ordered];
  }

  override get className(): string {
    return "Functional";
  }

  override get built(): boolean {
    return true;
  }

  layerShapes(): ReadonlyMap<Layer, Shape> {
    const shapes = new Map<Layer, Shape>();
    for (const tensor of [...this.inputs, ...this.calls.flatMap(({ outputs }) => outputs)]) {
      const layer = tensor.call?.().layer;
      if (layer !== undefined && !shapes.has(layer)) shapes.set(layer, tensor.shape);
    }
    return shapes;
  }

  override connections(): ReadonlyMap<Layer, readonly string[]> | undefined {
    if (this.isRow) return undefined;
    const counts = new Map<Layer, number>();
    const numbers = new Map<LayerCall, number>();
    for (const call of this.calls) {
      const number = counts.get(call.layer) ?? 0;
      counts.set(call.layer, number + 1);
      numbers.set(call, number);
    }
    const connections = new Map<Layer, string[]>();
    for (const { layer, inputs } of this.calls) {
      const sources = inputs.flatMap((tensor) => {
        const from = tensor.call?.();
        if (from === undefined) return [];
        return [`${from.layer.name}[${numbers.get(from) ?? 0}][${from.outputs.indexOf(tensor)}]`];
      });
      connections.set(layer, [...(connections.get(layer) ?? []), ...sources]);
    }
    return connections;
  }

  override edges(): readonly (readonly [from: Layer, to: Layer])[] {
    const inside = new Set(this.ordered);
    return this.calls.flatMap(({ layer, inputs }) =>
      inputs.flatMap(({ call }) => {
        const from = call?.().layer;
        return from === undefined || !inside.has(from) ? [] : [[from, layer] as const];
      }),
    );
  }

  call(inputs: readonly Value[], context: CallContext): readonly Value[] {
    const values = new Map<SymbolicTensor, Value>();
    this.inputs.forEach((tensor, index) => {
      const value = inputs[index];
      if (value !== undefined) values.set(tensor, value);
    });
    const valueOf = (tensor: SymbolicTensor): Value => {
      const value = values.get(tensor);
      if (value !== undefined) return value;
      throw new UsageError(`The model "${this.name}" was called with too few inputs.`, {
        subject: this.name,
        expected: `${this.inputs.length} inputs`,
        received: `${inputs.length}`,
      });
    };
    for (const { layer, inputs: from, outputs: to, training, arguments: told } of this.calls) {
      const results = layer.callNamed(from.map(valueOf), training === false ? inInference(context) : context, told);
      to.forEach((tensor, index) => {
        const result = results[index];
        if (result !== undefined) values.set(tensor, result);
      });
    }
    return this.outputs.map(valueOf);
  }

  getConfig(): Record<string, unknown> {
    return {
      name: this.name,
      trainable: this.trainable,
      ...serializeCalls({ inputs: this.inputs, outputs: this.outputs, layers: this.layers, calls: this.calls }),
    };
  }
}

/** @throws UsageError when two layers have the same name */
export function checkNames(model: string, layers: readonly Layer[]): void {
  const seen = new Set<string>();
  for (const { name } of layers) {
    if (seen.has(name)) {
      throw new UsageError(`Two layers of the model "${model}" are named "${name}".`, {
        subject: name,
        expected: "a name of its own for each layer",
        received: `"${name}" twice`,
      });
    }
    seen.add(name);
  }
}
