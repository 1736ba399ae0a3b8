import { UsageError } from "../../errors/errors.js";
import { usesOf } from "../../graph/graph.js";
import { constantData, type Node, producer, type Value } from "../../graph/value.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { type Affine, followedBy, identity, isIdentity } from "./affine.js";
import type { Dialect, LayerSpec, LayerWeight } from "./layer-spec.js";

/**
 * How a layer's output holds a value of the graph.
 *
 * - `"channels-last"`: the value is `[N, C, H, W]`, the layer gives `[N, H, W, C]`.
 * - `"pooled"`: the value is `[N, C, 1, 1]`, the layer gives `[N, C]`.
 * - `"same"`: both have the same order of axes.
 */
export type Form = "channels-last" | "pooled" | "same";

/** Where a value of the graph is among the layers. */
export interface Placed {
  readonly layer: string;
  readonly form: Form;
  /** What is still to be done to its last axis; default nothing. */
  readonly affine?: Affine | undefined;
}

/** Layers whose last axis is made by weights, so that what follows can go into these. */
const foldable: ReadonlySet<string> = new Set(["Conv2D", "DepthwiseConv2D", "Dense"]);

/** Makes layers of the nodes of a graph, one after the other. */
export class LayerBuilder {
  private readonly specs = new Map<string, LayerSpec>();
  private readonly numbers = new Map<string, number>();
  private readonly placed = new Map<Value, Placed>();
  private readonly uses: ReadonlyMap<Value, number>;

  /**
   * @param outputs of the graph
   * @param dialect whose layers they are to be
   */
  constructor(
    outputs: readonly Value[],
    readonly dialect: Dialect,
  ) {
    this.uses = usesOf(outputs);
  }

  /** All layers so far. */
  get layers(): readonly LayerSpec[] {
    return [...this.specs.values()];
  }

  /**
   * Adds a layer.
   *
   * @returns its name
   */
  add(
    className: string,
    inputs: readonly string[],
    config: Readonly<Record<string, unknown>> = {},
    weights: readonly LayerWeight[] = [],
  ): string {
    const stem = snakeCase(className);
    const number = this.numbers.get(stem) ?? 0;
    this.numbers.set(stem, number + 1);
    const name = number === 0 ? stem : `${stem}_${number}`;
    this.specs.set(name, { name, className, config, inputs: this.different(inputs), weights });
    return name;
  }

  /**
   * Layers that a layer takes, each of them once: TensorFlow.js counts a layer that is taken twice as if two others had taken it, and throws
   * what it gave away before the next one sees it.
   */
  private different(inputs: readonly string[]): readonly string[] {
    if (this.dialect === "keras" || new Set(inputs).size === inputs.length) return inputs;
    return inputs.map((input, index) =>
      inputs.indexOf(input) === index ? input : this.add("Activation", [input], { activation: "linear" }),
    );
  }

  /** Says where a value is. */
  place(value: Value, placed: Placed): void {
    this.placed.set(value, placed);
  }

  /** Whether something takes a value: a layer of which nobody takes anything is no part of a model. */
  isUsed(value: Value): boolean {
    return (this.uses.get(value) ?? 0) > 0;
  }

  /** Where a value is; `undefined` for constants. */
  at(value: Value | undefined): Placed | undefined {
    return value && this.placed.get(value);
  }

  /** Where an input of a node is; the node is refused where that is a constant. */
  input(node: Node, index = 0): Placed {
    const value = node.inputs[index];
    const placed = this.at(value);
    if (placed !== undefined) return placed;
    // What is a part of something that layers have was passed over, in the hope that it would be.
    const made = value && producer(value);
    throw made === undefined
      ? this.refusal(node, "a constant where layers take what others give")
      : this.refusal(made, `the operator ${made.op}`);
  }

  /** A float32 constant that a node takes. */
  weight(node: Node, index: number): TensorData<"float32"> {
    const tensor = constantData(node.inputs[index]);
    if (tensor?.type === "float32") return tensor as TensorData<"float32">;
    throw this.refusal(node, "weights that are computed");
  }

  /** A float32 constant that a node may take. */
  optionalWeight(node: Node, index: number): TensorData<"float32"> | undefined {
    return node.inputs[index] === undefined ? undefined : this.weight(node, index);
  }

  /** The layer that gives a value as it is: what is still to be done to its channels becomes a layer. */
  ready({ layer, affine }: Placed): string {
    if (affine === undefined || isIdentity(affine)) return layer;
    const { scale, offset } = affine;
    const channels = scale.length;
    const weight = (name: string, values: ArrayLike<number>): LayerWeight => ({
      name,
      tensor: float32(Float32Array.from(values), [channels]),
    });
    return this.add("BatchNormalization", [layer], { epsilon: 0 }, [
      weight("gamma", scale),
      weight("beta", offset),
      weight("moving_mean", new Float32Array(channels)),
      weight("moving_variance", new Float32Array(channels).fill(1)),
    ]);
  }

  /**
   * The layer that gives a value with its four axes, channels last.
   *
   * @param placed where it is
   */
  picture(node: Node, value: Value, placed: Placed): string {
    const ready = this.ready(placed);
    if (placed.form === "channels-last") return ready;
    if (placed.form === "pooled") return this.add("Reshape", [ready], { target_shape: [1, 1, extent(value.shape[1])] });
    if (value.rank === 4) return this.add("Permute", [ready], { dims: [2, 3, 1] });
    throw this.refusal(node, "what has other axes than a picture");
  }

  /**
   * Does something to the channels of a value: at once to the weights of the layer that makes them, where nobody else sees what that gives, or later.
   *
   * @param source the value that it is done to
   * @param result the value that comes out
   */
  apply(source: Value, placed: Placed, affine: Affine, result: Value): void {
    const before = placed.affine ?? identity(affine.scale.length);
    const spec = this.specs.get(placed.layer);
    if (spec !== undefined && foldable.has(spec.className) && isIdentity(before) && !this.isShared(placed.layer)) {
      this.specs.set(spec.name, folded(spec, affine));
      this.place(result, { ...placed, affine: undefined });
    } else this.place(result, { ...placed, affine: followedBy(before, affine) });
  }

  /** Whether several see what a layer gives, under whatever shape or order of axes. */
  private isShared(layer: string): boolean {
    return [...this.placed].some(([value, placed]) => placed.layer === layer && (this.uses.get(value) ?? 0) > 1);
  }

  /** Why a node cannot become layers. */
  refusal(node: Node, received: string): UsageError {
    const whose = this.dialect === "keras" ? "Keras" : "TensorFlow.js";
    return new UsageError(`${node.op} of this network cannot be written as layers of ${whose}.`, {
      subject: node.op,
      expected: "a network of convolutions, pooling, dense layers and what stands between them",
      received,
      advice:
        "Export it with --to onnx, which onnxruntime runs everywhere, onnxruntime-web in browsers too, or --to transformersjs.",
    });
  }
}

/** As Keras names layers: `Conv2D` is `conv2d`, and `GlobalAveragePooling2D` is `global_average_pooling2d`. */
function snakeCase(className: string): string {
  return className
    .replace(/(.)([A-Z][a-z\d]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** An extent that must be known. */
export function extent(dim: number | string | undefined): number {
  if (typeof dim === "number") return dim;
  throw new TypeError("An extent of a network with a fixed picture is known.");
}

/** A layer whose weights do what would be done to its channels. */
function folded(spec: LayerSpec, { scale, offset }: Affine): LayerSpec {
  const channels = scale.length;
  const [kernel, bias] = spec.weights;
  if (kernel === undefined) throw new TypeError("A layer of weights has some.");
  const scaled = Float32Array.from(kernel.tensor.data, (value, index) => value * (scale[index % channels] ?? 1));
  const summed = Float32Array.from(scale, (factor, channel) => {
    return (bias?.tensor.data[channel] ?? 0) * factor + (offset[channel] ?? 0);
  });
  return {
    ...spec,
    config: { ...spec.config, use_bias: true },
    weights: [
      { ...kernel, tensor: float32(scaled, kernel.tensor.dims) },
      { name: "bias", tensor: float32(summed, [channels]) },
    ],
  };
}
