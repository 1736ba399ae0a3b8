import { ShapeError, UsageError } from "../../errors/errors.js";
import { dimAt, formatShape, type Shape, staticDim } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { greaterOrEqual, where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { add, mul } from "../../ops/elementwise.js";
import { transpose } from "../../ops/layout.js";
import { matmul } from "../../ops/matmul.js";
import { reshapeTo } from "../../ops/shape-of.js";
import { softmax } from "../../ops/softmax.js";
import { numberWithin, wholeNumber } from "../check.js";
import { type Config, serializeObject } from "../config.js";
import type { ConstraintLike } from "../constraints/resolve-constraint.js";
import type { CallContext } from "../context.js";
import type { InitializerLike } from "../initializers/resolve-initializer.js";
import { Layer, type LayerOptions } from "../layer.js";
import type { RegularizerLike } from "../regularizers/resolve-regularizer.js";
import type { Variable } from "../variable.js";
import { WeightSpec } from "./weight-spec.js";

/** Options of {@link MultiHeadAttention}. */
export interface MultiHeadAttentionOptions extends LayerOptions {
  /** Extent of each head's values; default `keyDim`. */
  readonly valueDim?: number | undefined;
  /** Share of the attention weights that is dropped in training; default 0. */
  readonly dropout?: number;
  /** Whether the projections have biases; default `true`. */
  readonly useBias?: boolean;
  /** Extent of the outputs; default: that of the queries. */
  readonly outputShape?: number | undefined;
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
  /** Gives the layer random numbers of its own; default: they follow from the layer's name. */
  readonly seed?: number | undefined;
}

interface Projection {
  readonly kernel: Variable;
  readonly bias: Variable | undefined;
}

/**
 * `softmax(Q Kᵀ / √keyDim) V` in several heads, between projections.
 *
 * Inputs: `[query, value]` or `[query, value, key]`, each `[N, T, C]`; output `[N, T of the query, outputShape]`. Weights:
 * `query/kernel` `[C, heads, keyDim]`, `query/bias` `[heads, keyDim]`, the same for `key` and `value`,
 * `attention_output/kernel` `[heads, valueDim, outputShape]`, `attention_output/bias`.
 *
 * @see https://arxiv.org/abs/1706.03762
 * @see https://keras.io/api/layers/attention_layers/multi_head_attention/ – for sequences of rank 3, without masks,
 * gates, sliding windows and attention axes
 */
export class MultiHeadAttention extends Layer {
  private readonly numHeads: number;
  private readonly keyDim: number;
  private readonly valueDim: number;
  private readonly dropout: number;
  private readonly useBias: boolean;
  private readonly outputShape: number | undefined;
  private readonly kernelSpec: WeightSpec;
  private readonly biasSpec: WeightSpec;
  private readonly seed: number | undefined;
  private projections: Readonly<Record<"query" | "key" | "value" | "output", Projection>> | undefined;

  /**
   * @param numHeads number of heads
   * @param keyDim extent of each head's queries and keys
   * @throws UsageError when an option is not usable
   */
  constructor(numHeads: number, keyDim: number, options: MultiHeadAttentionOptions = {}) {
    super(options);
    const owner = "MultiHeadAttention";
    this.numHeads = wholeNumber(owner, "numHeads", numHeads);
    this.keyDim = wholeNumber(owner, "keyDim", keyDim);
    this.valueDim = wholeNumber(owner, "valueDim", options.valueDim ?? keyDim);
    this.dropout = numberWithin(owner, "dropout", options.dropout ?? 0, 0, 1 - Number.EPSILON);
    this.useBias = options.useBias ?? true;
    // Keras's files hold one extent as a list.
    const given: unknown = Array.isArray(options.outputShape) ? options.outputShape[0] : options.outputShape;
    this.outputShape = given === undefined ? undefined : wholeNumber(owner, "outputShape", Number(given));
    this.kernelSpec = new WeightSpec(
      options.kernelInitializer ?? "glorot_uniform",
      options.kernelRegularizer,
      options.kernelConstraint,
    );
    this.biasSpec = new WeightSpec(options.biasInitializer ?? "zeros", options.biasRegularizer, options.biasConstraint);
    this.seed = options.seed;
    const { useGate, slidingWindow, attentionAxes } = options as Readonly<Record<string, unknown>>;
    if (useGate === true || slidingWindow !== undefined || JSON.stringify(attentionAxes ?? [1]) !== "[1]") {
      throw new UsageError("MultiHeadAttention: Graft has no gates, sliding windows or attention axes.", {
        subject: owner,
        expected: "none of useGate, slidingWindow and attentionAxes",
        received: JSON.stringify({ useGate, slidingWindow, attentionAxes }),
      });
    }
  }

  protected override build([query = [], value = [], key = value]: readonly Shape[]): void {
    for (const shape of [query, value, key]) {
      if (shape.length !== 3) {
        throw new ShapeError(`MultiHeadAttention "${this.name}" cannot take these inputs.`, {
          subject: this.name,
          expected: "[query, value] or [query, value, key], each [batch, length, channels]",
          received: [query, value, key].map(formatShape).join(", "),
        });
      }
    }
    const projection = (name: string, kernel: readonly number[], bias: readonly number[]): Projection => ({
      kernel: this.addWeight(`${name}/kernel`, kernel, this.kernelSpec.initializer, this.kernelSpec),
      bias: this.useBias ? this.addWeight(`${name}/bias`, bias, this.biasSpec.initializer, this.biasSpec) : undefined,
    });
    const into = (name: string, shape: Shape, extent: number): Projection =>
      projection(name, [staticDim(shape, 2, this.className), this.numHeads, extent], [this.numHeads, extent]);
    const output = this.outputShape ?? staticDim(query, 2, this.className);
    this.projections = {
      query: into("query", query, this.keyDim),
      key: into("key", key, this.keyDim),
      value: into("value", value, this.valueDim),
      output: projection("attention_output", [this.numHeads, this.valueDim, output], [output]),
    };
  }

  /** `[N, T, C]` → `[N, heads, T, extent]`. */
  private heads(x: Value, { kernel, bias }: Projection, context: CallContext): Value {
    const [channels = 1, heads = 1, extent = 1] = kernel.shape;
    const product = matmul(x, reshapeTo(context.weight(kernel), [channels, heads * extent]));
    const sum = bias === undefined ? product : add(product, reshapeTo(context.weight(bias), [heads * extent]));
    const apart = reshapeTo(sum, [dimAt(x.shape, 0), dimAt(x.shape, 1), heads, extent]);
    return transpose(apart, { perm: [0, 2, 1, 3] });
  }

  call(inputs: readonly Value[], context: CallContext): readonly Value[] {
    const [query, value, key = value] = inputs;
    const { projections } = this;
    if (query === undefined || value === undefined || key === undefined || inputs.length > 3 || !projections) {
      throw new UsageError(`The layer "${this.name}" (MultiHeadAttention) takes two or three inputs.`, {
        subject: this.name,
        expected: "[query, value] or [query, value, key]",
        received: `${inputs.length} inputs`,
      });
    }
    const q = this.heads(query, projections.query, context);
    const k = this.heads(key, projections.key, context);
    const v = this.heads(value, projections.value, context);
    const scaled = mul(q, scalarLike(q, 1 / Math.sqrt(this.keyDim)));
    const scores = softmax(matmul(scaled, transpose(k, { perm: [0, 1, 3, 2] })), { axis: 3 });
    const mixed = transpose(matmul(this.dropped(scores, context), v), { perm: [0, 2, 1, 3] });
    const { kernel, bias } = projections.output;
    const [heads = 1, extent = 1, output = 1] = kernel.shape;
    const joined = reshapeTo(mixed, [dimAt(query.shape, 0), dimAt(query.shape, 1), heads * extent]);
    const product = matmul(joined, reshapeTo(context.weight(kernel), [heads * extent, output]));
    return [bias === undefined ? product : add(product, context.weight(bias))];
  }

  private dropped(scores: Value, context: CallContext): Value {
    if (!context.training || this.dropout === 0) return scores;
    const stream = this.seed === undefined ? this.name : `MultiHeadAttention of seed ${this.seed}`;
    const kept = greaterOrEqual(context.random(stream, "uniform", scores.shape), scalarLike(scores, this.dropout));
    return mul(scores, where(kept, scalarLike(scores, 1 / (1 - this.dropout)), scalarLike(scores, 0)));
  }

  getConfig(): Config {
    return {
      ...this.baseConfig(),
      num_heads: this.numHeads,
      key_dim: this.keyDim,
      value_dim: this.valueDim,
      dropout: this.dropout,
      use_bias: this.useBias,
      use_gate: false,
      output_shape: this.outputShape === undefined ? null : [this.outputShape],
      attention_axes: this.built ? [1] : null,
      sliding_window: null,
      ...this.kernelSpec.toConfig("kernel"),
      ...this.biasSpec.toConfig("bias"),
      activity_regularizer: serializeObject("keras.regularizers", this.activityRegularizer),
      seed: this.seed ?? null,
    };
  }
}
