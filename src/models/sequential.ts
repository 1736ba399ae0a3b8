import { isPlainObject, refuse } from "../errors/check.js";
import { refuseFormerMembers } from "../errors/former-members.js";
import { UsageError } from "../errors/errors.js";
import type { Shape } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import type { CallContext } from "../nn/context.js";
import { checkShapes, Layer, type LayerOptions } from "../nn/layer.js";
import { InputLayer } from "../nn/layers/index.js";
import type { Config } from "../nn/config.js";
import { fromConfigOf } from "../nn/default-from-config.js";
import { inheritedFromConfig } from "../nn/saving/custom-objects.js";
import { platform } from "./platform.js";
import { byName, checkOwnOptions } from "../nn/named.js";
import { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { BaseModel } from "./base-model.js";
import { checkNames } from "./model.js";
import { pythonShape } from "./serialize-calls.js";
import { serializeLayer } from "../nn/layers/serialize-layer.js";

/**
 * Layers in a row. Shapes and weights exist once the first layer is an `InputLayer`, an `Input` or a model.
 *
 * @see https://keras.io/api/models/sequential/
 *
 * @example
 * ```ts
 * import { layers, models } from "graft-ml";
 *
 * const model = new models.Sequential([
 *   layers.Input({ shape: [150, 150, 3] }),
 *   new layers.Conv2D(16, 3, { activation: "relu" }),
 *   new layers.GlobalAveragePooling2D(),
 * ]);
 * model.add(new layers.Dense(2, { activation: "softmax" }));
 * console.log(model.outputShape); // → [ 'N', 2 ]
 * ```
 */
export class Sequential extends BaseModel {
  static readonly className: string = "Sequential";
  static readonly positional: readonly string[] = ["layers"];
  static readonly fixedOptions: readonly string[] = ["inputShape", "activityRegularizer"];
  static {
    refuseFormerMembers(this, "A Sequential");
  }

  static override fromConfig: (config: Config) => Sequential = sequentialOfConfig;

  private readonly row: Layer[] = [];
  /** Whether samples said what goes in, rather than a layer. */
  private deferred = false;
  private readonly shapes = new Map<Layer, Shape>();
  private ends: { readonly input: SymbolicTensor; readonly output: SymbolicTensor } | undefined;

  /** @throws UsageError when two layers have the same name */
  constructor(layers?: readonly (Layer | SymbolicTensor)[], options?: LayerOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: LayerOptions & { readonly layers?: readonly (Layer | SymbolicTensor)[] | undefined });
  constructor(...given: readonly unknown[]) {
    const { layers = [], ...options } = byName<
      LayerOptions & { readonly layers?: readonly (Layer | SymbolicTensor)[] | undefined }
    >(Sequential, given);
    checkOwnOptions(Sequential, options);
    super(options);
    const all: unknown = layers;
    if (!Array.isArray(all)) refuse("Sequential", "layers", "a list of layers", all);
    for (const layer of layers) this.add(layer);
  }

  /**
   * Adds a layer, or a model, at the end.
   *
   * @throws UsageError when the name is taken
   * @throws ShapeError when the layer cannot take the shape that comes out of the row
   */
  add(layer: Layer | SymbolicTensor): void {
    if (layer instanceof SymbolicTensor) {
      const entrance = layer.call?.().layer;
      if (!(entrance instanceof InputLayer)) {
        throw new UsageError("Only an Input can be added in the place of a layer.", {
          subject: this.name,
          expected: "a layer, a model or layers.Input({ shape })",
          received: "the output of a layer",
        });
      }
      this.add(entrance);
      return;
    }
    // From JavaScript it may be anything.
    const given: unknown = layer;
    if (!(given instanceof Layer)) refuse("Sequential", "layers", "a layer, a model or layers.Input({ shape })", given);
    checkNames(this.name, [...this.row, layer]);
    if (this.ends !== undefined) this.extend(this.ends.input, layer, this.ends.output);
    else if (this.row.length === 0) this.start(layer);
    this.row.push(layer);
    this.changed();
  }

  /**
   * Removes the last layer, as for another head; one that is added then follows on what is left.
   *
   * @returns the layer
   * @throws UsageError when there is none
   *
   * @example
   * ```ts
   * import { layers, models } from "graft-ml";
   *
   * const model = new models.Sequential([layers.Input({ shape: [4] }), new layers.Dense(3), new layers.Dense(10)]);
   * model.pop();
   * model.add(new layers.Dense(2));
   * console.log(model.outputShape); // → [ 'N', 2 ]
   * ```
   */
  pop(): Layer {
    const layer = this.row.at(-1);
    if (layer === undefined || layer instanceof InputLayer) {
      throw new UsageError(`The model "${this.name}" has no layer to remove.`, {
        subject: this.name,
        expected: "a model with layers",
        received: "none",
      });
    }
    this.row.pop();
    this.shapes.delete(layer);
    const { ends } = this;
    // Without an Input it was the first layer that said what goes in.
    if (this.row.length === 0) {
      this.ends = undefined;
      this.deferred = false;
    } else if (ends !== undefined)
      this.ends = { input: ends.input, output: ends.output.call?.().inputs[0] ?? ends.input };
    this.changed();
    return layer;
  }

  private extend(input: SymbolicTensor, layer: Layer, end: SymbolicTensor): void {
    const output = layer.apply(end);
    this.shapes.set(layer, output.shape);
    this.ends = { input, output };
  }

  /** Begins the row, when the first layer says what goes in. */
  private start(layer: Layer): void {
    if (layer instanceof InputLayer) {
      this.ends = { input: layer.output, output: layer.output };
    } else if (layer instanceof BaseModel && layer.built) {
      const [input] = layer.inputs;
      if (input !== undefined) this.begin(input.shape.slice(1), [layer]);
    } else if (layer.givenInputShape !== undefined) {
      this.begin(layer.givenInputShape, [layer]);
    }
  }

  /** @param shape of a sample, in Keras's order */
  private begin(shape: readonly (number | string | null)[], layers: readonly Layer[]): void {
    const { output: input } = new InputLayer({ shape });
    this.ends = { input, output: input };
    for (const layer of layers) this.extend(input, layer, this.known().output);
  }

  /** Creates the weights for samples of the given shape, unless they exist. */
  override ensureBuilt(shapes: readonly Shape[]): void {
    checkShapes(this.name, shapes);
    const [shape] = shapes;
    if (this.ends !== undefined || shape === undefined) return;
    this.begin(shape.slice(1), this.row);
    this.deferred = true;
  }

  override takesOtherSizes(): boolean {
    return this.deferred;
  }

  layerShapes(): ReadonlyMap<Layer, Shape> {
    return this.shapes;
  }

  /** Keras does not list the entrance of a Sequential among its layers. */
  get layers(): readonly Layer[] {
    return this.row.filter((layer) => !(layer instanceof InputLayer));
  }

  override get built(): boolean {
    return this.ends !== undefined;
  }

  get inputs(): readonly SymbolicTensor[] {
    return [this.known().input];
  }

  get outputs(): readonly SymbolicTensor[] {
    return [this.known().output];
  }

  private known(): NonNullable<typeof this.ends> {
    if (this.ends === undefined) {
      throw new UsageError(`The shapes of "${this.name}" are not known yet.`, {
        subject: this.name,
        expected: "a first layer that says the input's shape",
        received: this.row[0]?.name ?? "no layer",
        advice: "Begin with layers.Input({ shape: [150, 150, 3] }) or with a model.",
      });
    }
    return this.ends;
  }

  protected override compute(inputs: readonly Value[], context: CallContext): readonly Value[] {
    return this.layers.reduce((values, layer) => layer.callNamed(values, context), inputs);
  }

  override getConfig(): Record<string, unknown> {
    const entrance = this.row[0] instanceof InputLayer ? [] : this.ends === undefined ? [] : [this.ends.input];
    const layers = [...entrance.flatMap((input) => input.call?.().layer ?? []), ...this.row];
    return {
      ...this.baseConfig(),
      layers: layers.map(serializeLayer),
      // As in Keras the key is there only where the shape is known.
      ...(this.ends === undefined ? {} : { build_input_shape: pythonShape(this.ends.input.shape) }),
    };
  }
}

/** `Sequential.fromConfig`, which classes that extend `Sequential` inherit. */
function sequentialOfConfig(this: unknown, config: Config): Sequential {
  const isKeras = this === Sequential && isPlainObject(config);
  const made = isKeras
    ? platform().files.modelOfConfig({ class_name: "Sequential", config }, "the configuration")
    : fromConfigOf(this, config);
  return made instanceof Sequential ? made : refuse("fromConfig", "config", "that of a Sequential", config);
}

inheritedFromConfig.add(sequentialOfConfig);
