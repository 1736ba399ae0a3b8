import { isPlainObject, refuse } from "../errors/check.js";
import { UsageError } from "../errors/errors.js";
import type { Shape } from "../graph/shape.js";
import { channelsLast } from "../nn/channels.js";
import { InputLayer } from "../nn/layers/index.js";
import type { Config } from "../nn/config.js";
import { fromConfigOf } from "../nn/default-from-config.js";
import { inheritedFromConfig } from "../nn/saving/custom-objects.js";
import { platform } from "./platform.js";
import { classNameOf } from "../nn/named.js";
import type { Value } from "../graph/value.js";
import type { Positions } from "../nn/positions.js";
import { type CallContext, inInference } from "../nn/context.js";
import { isLayer, type Layer, type LayerOptions } from "../nn/layer.js";
import { objectsIn } from "../nn/objects-in-fields.js";
import { byName, checkOwnOptions } from "../nn/named.js";
import { Operation } from "../nn/operations/operation.js";
import { type LayerCall, SymbolicTensor } from "../nn/symbolic-tensor.js";
import { BaseModel } from "./base-model.js";
import { hasOwnStep } from "./own-step.js";
import { type LayerOrder, orderLayers } from "./layer-order.js";
import { type CallGraph, serializeCalls } from "./serialize-calls.js";

/** What a functional model is made from. */
export interface ModelOptions extends LayerOptions {
  readonly inputs: SymbolicTensor | readonly SymbolicTensor[];
  readonly outputs: SymbolicTensor | readonly SymbolicTensor[];
}

/** Where data enters a model, and where it leaves. */
interface Ends {
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
}

function list(option: string, given: ModelOptions["inputs"]): readonly SymbolicTensor[] {
  const all: readonly unknown[] = [given].flat();
  const isSymbolic = (one: unknown): one is SymbolicTensor => one instanceof SymbolicTensor;
  if (all.length > 0 && all.every(isSymbolic)) return all;
  return refuse("Model", option, "what layers.Input and layer.apply give, one or a list", given);
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
  static readonly positional: readonly string[] = ["inputs", "outputs"];
  static readonly fixedOptions: readonly string[] = ["inputShape", "activityRegularizer"];
  static override fromConfig: (config: Config) => Model = modelOfConfig;
  /** What a functional model is made of; `undefined` for a model whose `call` is overridden. */
  private readonly graph: (LayerOrder & Ends) | undefined;
  /** Ends of a model whose `call` is overridden, once its inputs are known. */
  private ends: Ends | undefined;

  /** @throws UsageError when the outputs cannot be computed from the inputs, or two layers have the same name */
  constructor(inputs: ModelOptions["inputs"], outputs: ModelOptions["outputs"], options?: LayerOptions);
  /**
   * All of them by name, as Keras's keyword arguments.
   *
   * @param options inputs and outputs; a class that extends `Model` and overrides `call` leaves them away
   */
  constructor(options?: ModelOptions | LayerOptions);
  constructor(...given: readonly unknown[]) {
    const { inputs, outputs, ...options } = byName<Partial<ModelOptions>>(Model, given);
    checkOwnOptions(Model, options);
    super(options);
    if (inputs === undefined && outputs === undefined && (this.hasOwnCall || hasOwnStep(this, "trainStep"))) return;
    if (inputs === undefined || outputs === undefined) throw this.endless(inputs === undefined);
    const ends: Ends = { inputs: list("inputs", inputs), outputs: list("outputs", outputs) };
    this.graph = { ...ends, ...orderLayers(ends.inputs, ends.outputs) };
    checkNames(this.name, this.graph.layers);
  }

  private endless(noInputs: boolean): UsageError {
    return new UsageError(`The model "${this.name}" has no ${noInputs ? "inputs" : "outputs"}.`, {
      subject: noInputs ? "inputs" : "outputs",
      expected: "new Model({ inputs, outputs }), or a class that extends Model and has a method call(x, { training })",
      received: "neither",
    });
  }

  override get className(): string {
    return this.hasOwnCall ? classNameOf(this) : "Functional";
  }

  /** Layers in fields are the model's also where it has no `call`, but a `trainStep` that calls them, as in Keras. */
  override get innerLayers(): readonly Layer[] {
    return this.graph === undefined ? objectsIn(this, isLayer) : super.innerLayers;
  }

  get inputs(): readonly SymbolicTensor[] {
    return this.known().inputs;
  }

  get outputs(): readonly SymbolicTensor[] {
    return this.known().outputs;
  }

  get layers(): readonly Layer[] {
    return this.operations.filter((layer) => !(layer instanceof Operation));
  }

  override get operations(): readonly Layer[] {
    return this.graph?.layers ?? this.innerLayers;
  }

  override get built(): boolean {
    return this.graph !== undefined || this.ends !== undefined;
  }

  /** Creates the weights of a model whose `call` is overridden, for inputs of the given shapes, unless they exist. */
  override ensureBuilt(shapes: readonly Shape[], positions?: Positions): void {
    if (this.built) return;
    super.ensureBuilt(shapes, positions);
    const inputs = shapes.map(
      (shape, index) =>
        new InputLayer({ shape: shape.slice(1), name: `${this.name}_input${index === 0 ? "" : `_${index}`}` }).output,
    );
    const outputs = this.inferOutputs(inputs, { positions }).map(
      ({ shape, type }) => new SymbolicTensor(channelsLast(shape), type, undefined),
    );
    this.ends = { inputs, outputs };
  }

  /** What a functional model is made of; `undefined` for a model whose `call` is overridden. */
  get callGraph(): CallGraph | undefined {
    return this.graph;
  }

  private known(): Ends {
    const ends = this.graph ?? this.ends;
    if (ends !== undefined) return ends;
    throw new UsageError(`The shapes of "${this.name}" are not known yet.`, {
      subject: this.name,
      expected: "a call on data, or model.build([null, 150, 150, 3])",
      received: "none",
    });
  }

  layerShapes(): ReadonlyMap<Layer, Shape> {
    if (this.graph === undefined) {
      return new Map(
        this.layers.flatMap((layer): [Layer, Shape][] => {
          const shape = layer.lastOutputShape;
          return shape === undefined ? [] : [[layer, shape]];
        }),
      );
    }
    const shapes = new Map<Layer, Shape>();
    for (const tensor of [...this.inputs, ...this.graph.calls.flatMap(({ outputs }) => outputs)]) {
      const layer = tensor.call?.().layer;
      if (layer !== undefined && !shapes.has(layer)) shapes.set(layer, tensor.shape);
    }
    return shapes;
  }

  override connections(): ReadonlyMap<Layer, readonly string[]> | undefined {
    const { graph } = this;
    if (graph === undefined || graph.isRow) return undefined;
    const counts = new Map<Layer, number>();
    const numbers = new Map<LayerCall, number>();
    for (const call of graph.calls) {
      const number = counts.get(call.layer) ?? 0;
      counts.set(call.layer, number + 1);
      numbers.set(call, number);
    }
    const connections = new Map<Layer, string[]>();
    for (const { layer, inputs } of graph.calls) {
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
    if (this.graph === undefined) return [];
    const inside = new Set(this.graph.layers);
    return this.graph.calls.flatMap(({ layer, inputs }) =>
      inputs.flatMap(({ call }) => {
        const from = call?.().layer;
        return from === undefined || !inside.has(from) ? [] : [[from, layer] as const];
      }),
    );
  }

  protected override compute(inputs: readonly Value[], context: CallContext): readonly Value[] {
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
    for (const { layer, inputs: from, outputs: to, training, arguments: told } of this.graph?.calls ?? []) {
      const results = layer.callNamed(from.map(valueOf), training === false ? inInference(context) : context, told);
      to.forEach((tensor, index) => {
        const result = results[index];
        if (result !== undefined) values.set(tensor, result);
      });
    }
    return this.outputs.map(valueOf);
  }

  override getConfig(): Record<string, unknown> {
    if (this.graph === undefined) return this.baseConfig();
    return { name: this.name, trainable: this.trainable, ...serializeCalls(this.graph) };
  }
}

/** `Model.fromConfig`, which classes that extend `Model` inherit: what has a `call` of its own is made by its constructor. */
function modelOfConfig(this: unknown, config: Config): Model {
  const isKeras = this === Model && isPlainObject(config) && config["layers"] !== undefined;
  const made = isKeras
    ? platform().files.modelOfConfig({ class_name: "Functional", config }, "the configuration")
    : fromConfigOf(this, config);
  return made instanceof Model ? made : refuse("fromConfig", "config", "that of a Model", config);
}

inheritedFromConfig.add(modelOfConfig);

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
