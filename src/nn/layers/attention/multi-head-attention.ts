import { ShapeError, UsageError } from "../../../errors/errors.js";
import {
  type Dim,
  dimAt,
  dimProduct,
  formatShape,
  normalizeAxis,
  type Shape,
  staticDim,
} from "../../../graph/shape.js";
import { constant, type Value } from "../../../graph/value.js";
import { and, greaterOrEqual, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { sigmoid } from "../../../ops/activations.js";
import { add, mul } from "../../../ops/elementwise.js";
import { transpose } from "../../../ops/layout.js";
import { matmul } from "../../../ops/matmul.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { softmax } from "../../../ops/softmax.js";
import { toChannelsFirst, toChannelsLast } from "../../channels.js";
import { wholeNumber, wholeOrList, numberInside } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { serializeObject } from "../../serialize-object.js";
import type { ConstraintLike } from "../../constraints/resolve-constraint.js";
import type { CallContext } from "../../context.js";
import type { InitializerLike } from "../../initializers/resolve-initializer.js";
import { Layer, type LayerOptions } from "../../layer.js";
import { notMasked } from "../../mask.js";
import type { RegularizerLike } from "../../regularizers/resolve-regularizer.js";
import type { CallArguments } from "../../symbolic-tensor.js";
import type { Variable } from "../../variable.js";
import { WeightSpec } from "../weight-spec.js";
import { byName, type ByPosition } from "../../named.js";
import { snakeCase } from "../../names.js";

/** Options of {@link MultiHeadAttention}. */
export interface MultiHeadAttentionOptions extends LayerOptions {
  /** Extent of each head's values; default `keyDim`. */
  readonly valueDim?: number | undefined;
  /** Share of the attention weights that is dropped in training; default 0. */
  readonly dropout?: number;
  /** Whether the projections have biases; default `true`. */
  readonly useBias?: boolean;
  /** Extent of the outputs, or several; default: that of the queries. */
  readonly outputShape?: number | readonly number[] | undefined;
  /** Axes of the places that see each other, in Keras's order; default: all between the batch and the channels. */
  readonly attentionAxes?: number | readonly number[] | undefined;
  /** A place sees those nearer than this many places; default all. */
  readonly slidingWindow?: number | undefined;
  /** Without effect: the runtime chooses how attention is computed. */
  readonly flashAttention?: boolean | undefined;
  /** Whether the result is multiplied by a sigmoid of the queries before the last projection; default `false`. */
  readonly useGate?: boolean;
  /** Default `"glorot_uniform"`. */
  readonly kernelInitializer?: InitializerLike;
  /** Default `"zeros"`. */
  readonly biasInitializer?: InitializerLike;
  /** Penalty on the kernels; default none. */
  readonly kernelRegularizer?: RegularizerLike;
  /** Penalty on the biases; default none. */
  readonly biasRegularizer?: RegularizerLike;
  /** What the kernels are kept to; default nothing. */
  readonly kernelConstraint?: ConstraintLike;
  /** What the biases are kept to; default nothing. */
  readonly biasConstraint?: ConstraintLike;
  /** Gives the layer random numbers of its own; default: they follow from the order of layers. */
  readonly seed?: number | undefined;
}

interface Projection {
  readonly kernel: Variable;
  readonly bias: Variable | undefined;
}

type Part = "query" | "key" | "value" | "output";

/** Options that may follow by position, in Keras's order. */
const following = [
  "valueDim",
  "dropout",
  "useBias",
  "outputShape",
  "attentionAxes",
  "slidingWindow",
  "flashAttention",
  "kernelInitializer",
  "biasInitializer",
  "kernelRegularizer",
  "biasRegularizer",
  "activityRegularizer",
  "kernelConstraint",
  "biasConstraint",
  "useGate",
  "seed",
] as const;

/**
 * `softmax(Q Kᵀ / √keyDim) V` in several heads, between projections.
 *
 * Inputs: `apply(query, value, key)`, the same in a list, or by name; the key may be left away; each `[N, T, C]` or with several axes of places; output
 * `[N, T of the query, outputShape]`. `apply` takes `attentionMask`, `useCausalMask` and `returnAttentionScores`, too.
 *
 * Weights: `query/kernel` `[C, heads, keyDim]`, `query/bias` `[heads, keyDim]`, the same for `key`, `value` and, where there
 * is one, `gate`; `attention_output/kernel` `[heads, valueDim, outputShape]`, `attention_output/bias`.
 *
 * @see https://arxiv.org/abs/1706.03762
 * @see https://keras.io/api/layers/attention_layers/multi_head_attention/
 */
export class MultiHeadAttention extends Layer {
  static readonly className: string = "MultiHeadAttention";
  static readonly positional: readonly string[] = ["numHeads", "keyDim"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "valueDim",
    "dropout",
    "useBias",
    "outputShape",
    "attentionAxes",
    "slidingWindow",
    "flashAttention",
    "useGate",
    "kernelInitializer",
    "biasInitializer",
    "kernelRegularizer",
    "biasRegularizer",
    "kernelConstraint",
    "biasConstraint",
    "seed",
  ] satisfies readonly (keyof MultiHeadAttentionOptions)[];
  private readonly numHeads: number;
  private readonly keyDim: number;
  private readonly valueDim: number;
  private readonly dropout: number;
  private readonly useBias: boolean;
  private readonly useGate: boolean;
  private readonly givenOutputShape: readonly number[] | undefined;
  private readonly slidingWindow: number | undefined;
  private readonly flashAttention: boolean | undefined;
  private attentionAxes: readonly number[] | undefined;
  private readonly kernelSpec: WeightSpec;
  private readonly biasSpec: WeightSpec;
  private readonly seed: number | undefined;
  private projections: (Readonly<Record<Part, Projection>> & { readonly gate: Projection | undefined }) | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      MultiHeadAttentionOptions & { readonly numHeads: number; readonly keyDim: number },
      typeof following,
      ["numHeads", "keyDim"]
    >
  );
  /**
   * @param numHeads number of heads
   * @param keyDim extent of each head's queries and keys
   * @throws UsageError when an option is not usable
   */
  constructor(numHeads: number, keyDim: number, options?: MultiHeadAttentionOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(numHeads: number, options: MultiHeadAttentionOptions & { readonly keyDim: number });
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: MultiHeadAttentionOptions & { readonly numHeads: number; readonly keyDim: number });
  constructor(...given: readonly unknown[]) {
    const { numHeads, keyDim, ...options } = byName<
      MultiHeadAttentionOptions & { readonly numHeads: number; readonly keyDim: number }
    >(MultiHeadAttention, given);
    super(options);
    const owner = "MultiHeadAttention";
    this.numHeads = wholeNumber(owner, "numHeads", numHeads);
    this.keyDim = wholeNumber(owner, "keyDim", keyDim);
    this.valueDim = wholeNumber(owner, "valueDim", options.valueDim ?? keyDim);
    this.dropout = numberInside(owner, "dropout", options.dropout ?? 0, { from: 0, below: 1 });
    this.useBias = options.useBias ?? true;
    this.useGate = options.useGate ?? false;
    const { outputShape, attentionAxes, slidingWindow } = options;
    this.givenOutputShape =
      outputShape === undefined
        ? undefined
        : wholeOrList(owner, "outputShape", outputShape).map((extent) => wholeNumber(owner, "outputShape", extent));
    this.attentionAxes =
      attentionAxes === undefined
        ? undefined
        : wholeOrList(owner, "attentionAxes", attentionAxes).map((axis) =>
            wholeNumber(owner, "attentionAxes", axis, -Infinity),
          );
    this.slidingWindow = slidingWindow === undefined ? undefined : wholeNumber(owner, "slidingWindow", slidingWindow);
    this.flashAttention = options.flashAttention;
    if (this.flashAttention === true && this.dropout > 0) {
      throw new UsageError(`${owner}: flash attention has no dropout.`, {
        subject: "dropout",
        expected: "0 with flashAttention",
        received: String(this.dropout),
      });
    }
    this.kernelSpec = new WeightSpec(
      options.kernelInitializer ?? "glorot_uniform",
      options.kernelRegularizer,
      options.kernelConstraint,
    );
    this.biasSpec = new WeightSpec(options.biasInitializer ?? "zeros", options.biasRegularizer, options.biasConstraint);
    this.seed = options.seed;
  }

  protected override createWeights([query = [], value = [], key = value]: readonly Shape[]): void {
    const fits = [query, value, key].every((shape) => shape.length === query.length && shape.length >= 3);
    if (!fits) {
      throw new ShapeError(`MultiHeadAttention "${this.name}" cannot take these inputs.`, {
        subject: this.name,
        expected: "[query, value] or [query, value, key], each [batch, places…, channels] with as many axes",
        received: [query, value, key].map(formatShape).join(", "),
      });
    }
    const places = Array.from({ length: query.length - 2 }, (_, index) => index + 1);
    this.attentionAxes = (this.attentionAxes ?? places).map((axis) =>
      normalizeAxis(axis, query.length, this.className),
    );
    if (this.attentionAxes.some((axis) => !places.includes(axis))) {
      throw new ShapeError(`MultiHeadAttention "${this.name}" cannot attend to these axes.`, {
        subject: "attentionAxes",
        expected: `axes among ${places.join(", ")}`,
        received: this.attentionAxes.join(", "),
      });
    }
    const projection = (name: string, kernel: readonly number[], bias: readonly number[]): Projection => ({
      kernel: this.createWeight(`${name}/kernel`, kernel, this.kernelSpec.initializer, this.kernelSpec),
      bias: this.useBias
        ? this.createWeight(`${name}/bias`, bias, this.biasSpec.initializer, this.biasSpec)
        : undefined,
    });
    const into = (name: string, shape: Shape, extent: number): Projection =>
      projection(
        name,
        [staticDim(shape, shape.length - 1, this.className), this.numHeads, extent],
        [this.numHeads, extent],
      );
    const output = this.givenOutputShape ?? [staticDim(query, query.length - 1, this.className)];
    // In the order in which Keras makes them.
    const [forQuery, forKey] = [into("query", query, this.keyDim), into("key", key, this.keyDim)];
    const gate = this.useGate ? into("gate", query, this.valueDim) : undefined;
    this.projections = {
      query: forQuery,
      key: forKey,
      gate,
      value: into("value", value, this.valueDim),
      output: projection("attention_output", [this.numHeads, this.valueDim, ...output], output),
    };
  }

  protected override get inputArguments(): readonly string[] {
    return ["query", "value", "key"];
  }

  protected override get callArguments(): readonly string[] {
    return ["attentionMask", "useCausalMask", "returnAttentionScores"];
  }

  /** `[N, places…, C]` → `[N, places…, heads, extent]`; Keras puts the penalty on the outputs on each projection. */
  private heads(x: Value, { kernel, bias }: Projection, context: CallContext): Value {
    const [channels = 1, heads = 1, extent = 1] = kernel.shape;
    const product = matmul(x, reshapeTo(context.weight(kernel), [channels, heads * extent]));
    const sum = bias === undefined ? product : add(product, reshapeTo(context.weight(bias), [heads * extent]));
    return reshapeTo(sum, [...x.shape.slice(0, -1), heads, extent]);
  }

  /** {@link heads} with the penalty on them. */
  private penalized(x: Value, projection: Projection, context: CallContext): Value {
    const projected = this.heads(x, projection, context);
    if (this.activityRegularizer !== undefined) context.addLoss(this.activityRegularizer.penalty(projected));
    return projected;
  }

  protected override compute(
    inputs: readonly Value[],
    context: CallContext,
    told: CallArguments = {},
  ): readonly Value[] {
    const masked = (told.masks ?? []).length;
    const [query, value, key = value] = inputs.slice(0, inputs.length - masked).map(toChannelsLast);
    const { projections, attentionAxes } = this;
    if (query === undefined || value === undefined || key === undefined || inputs.length > 3 + masked) {
      throw new UsageError(`The layer "${this.name}" (MultiHeadAttention) takes two or three inputs.`, {
        subject: this.name,
        expected: "[query, value] or [query, value, key]",
        received: `${inputs.length} inputs`,
      });
    }
    if (projections === undefined || attentionAxes === undefined) throw new TypeError("The layer has not been built.");
    const q = this.penalized(query, projections.query, context);
    const k = this.penalized(key, projections.key, context);
    const v = this.penalized(value, projections.value, context);
    // [N, axes beside attention…, heads, places, extent]
    const rank = query.rank;
    const beside = Array.from({ length: rank - 2 }, (_, index) => index + 1).filter(
      (axis) => !attentionAxes.includes(axis),
    );
    const perm = [0, ...beside, rank - 1, ...attentionAxes, rank];
    const grouped = (x: Value): { value: Value; places: readonly Dim[]; front: readonly Dim[] } => {
      const moved = transpose(x, { perm });
      const front = moved.shape.slice(0, beside.length + 2);
      const places = moved.shape.slice(front.length, -1);
      return { value: reshapeTo(moved, [...front, dimProduct(places), dimAt(x.shape, rank)]), places, front };
    };
    const [grouping, keys, values] = [grouped(q), grouped(k), grouped(v)];
    const scaled = mul(grouping.value, scalarLike(q, 1 / Math.sqrt(this.keyDim)));
    const last = keys.value.rank;
    const swapped = keys.value.shape.map((_, axis) =>
      axis === last - 1 ? last - 2 : axis === last - 2 ? last - 1 : axis,
    );
    const products = matmul(scaled, transpose(keys.value, { perm: swapped }));
    const full = [...grouping.front, ...grouping.places, ...keys.places];
    const mask = this.mask(query, value, full.length, inputs.at(-1), told);
    const scores = this.masked(products, full, mask, rank === 3);
    const mixed = matmul(this.dropped(scores, context), values.value);
    const apart = reshapeTo(mixed, [...grouping.front, ...grouping.places, this.valueDim]);
    const restored = transpose(apart, { perm: perm.map((_, axis) => perm.indexOf(axis)) });
    const gate = projections.gate && sigmoid(this.heads(query, projections.gate, context));
    if (gate !== undefined && this.activityRegularizer !== undefined) {
      context.addLoss(this.activityRegularizer.penalty(gate));
    }
    const output = this.projected(gate === undefined ? restored : mul(restored, gate), projections.output, context);
    return told.returnAttentionScores === true ? [output, toChannelsFirst(reshapeTo(scores, full))] : [output];
  }

  /** `[N, places…, heads, valueDim]` → `[N, places…, outputShape…]`. */
  private projected(x: Value, { kernel, bias }: Projection, context: CallContext): Value {
    const [heads = 1, extent = 1, ...output] = kernel.shape;
    const channels = output.reduce((product, dim) => product * dim, 1);
    const places = x.shape.slice(0, -2);
    const joined = reshapeTo(x, [...places, heads * extent]);
    const product = matmul(joined, reshapeTo(context.weight(kernel), [heads * extent, channels]));
    const sum = bias === undefined ? product : add(product, reshapeTo(context.weight(bias), [channels]));
    return toChannelsFirst(reshapeTo(sum, [...places, ...output]));
  }

  /** Which places may be seen, of the rank of the scores; `undefined`: all. */
  private mask(
    query: Value,
    value: Value,
    rank: number,
    last: Value | undefined,
    { masks = [], useCausalMask }: CallArguments,
  ): Value | undefined {
    const axes = this.attentionAxes?.length ?? 1;
    const spread = (mask: Value): Value => {
      const behind = mask.shape.slice(mask.rank - 2 * axes);
      const before = mask.shape.slice(0, mask.rank - 2 * axes);
      return reshapeTo(mask, [...before, ...Array.from({ length: rank - mask.rank }, () => 1), ...behind]);
    };
    const rows = (): readonly [number, number] => [
      staticDim(query.shape, 1, "MultiHeadAttention"),
      staticDim(value.shape, 1, "MultiHeadAttention"),
    ];
    const made = (seen: (from: number, to: number) => boolean): Value => {
      const [from, to] = rows();
      const data = Uint8Array.from({ length: from * to }, (_, index) =>
        Number(seen(Math.floor(index / to), index % to)),
      );
      return constant({ type: "bool", dims: [1, from, to], data });
    };
    const { slidingWindow } = this;
    const all = [
      ...(masks.includes("attention_mask") && last !== undefined ? [notMasked(toChannelsLast(last))] : []),
      ...(useCausalMask === true ? [made((from, to) => from >= to)] : []),
      ...(slidingWindow === undefined ? [] : [made((from, to) => Math.abs(from - to) < slidingWindow)]),
    ].map(spread);
    return all.reduce<Value | undefined>((both, mask) => (both === undefined ? mask : and(both, mask)), undefined);
  }

  /** The weights of attention, from the products: `[…, places of the query, places of the value]`. */
  private masked(products: Value, full: Shape, mask: Value | undefined, isSequence: boolean): Value {
    if (mask === undefined) return softmax(products, { axis: products.rank - 1 });
    const wide = reshapeTo(products, full);
    // Two ways of Keras, which differ where a place sees nothing: all alike, or 0.
    const flat = where(mask, wide, scalarLike(wide, isSequence && this.dropout === 0 ? -2.3e38 : -1e9));
    const weights = softmax(reshapeTo(flat, products.shape), { axis: products.rank - 1 });
    if (isSequence && this.dropout === 0) return weights;
    return reshapeTo(where(mask, reshapeTo(weights, full), scalarLike(wide, 0)), products.shape);
  }

  private dropped(scores: Value, context: CallContext): Value {
    if (!context.training || this.dropout === 0) return scores;
    const stream = this.seed === undefined ? snakeCase(this.className) : `MultiHeadAttention of seed ${this.seed}`;
    const kept = greaterOrEqual(context.random(stream, "uniform", scores.shape), scalarLike(scores, this.dropout));
    return mul(scores, where(kept, scalarLike(scores, 1 / (1 - this.dropout)), scalarLike(scores, 0)));
  }

  override getConfig(): Config {
    return {
      ...this.baseConfig(),
      num_heads: this.numHeads,
      key_dim: this.keyDim,
      value_dim: this.valueDim,
      dropout: this.dropout,
      use_bias: this.useBias,
      use_gate: this.useGate,
      output_shape: this.givenOutputShape ?? null,
      attention_axes: this.attentionAxes ?? null,
      sliding_window: this.slidingWindow ?? null,
      ...this.kernelSpec.toConfig("kernel"),
      ...this.biasSpec.toConfig("bias"),
      activity_regularizer: serializeObject("keras.regularizers", this.activityRegularizer),
      seed: this.seed ?? null,
      // Keras keeps it nowhere, and takes it: the key is there only where it was given.
      ...(this.flashAttention === undefined ? {} : { flash_attention: this.flashAttention }),
    };
  }
}
