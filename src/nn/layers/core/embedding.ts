import { UsageError } from "../../../errors/errors.js";
import { wholeNumber } from "../../../errors/check.js";
import type { Value } from "../../../graph/value.js";
import { less, where } from "../../../ops/comparison.js";
import { scalarLike } from "../../../ops/constants.js";
import { add } from "../../../ops/elementwise.js";
import { gather } from "../../../ops/indexing.js";
import { cast } from "../../../ops/layout.js";
import { toChannelsFirst, toChannelsLast } from "../../channels.js";
import type { Config } from "../../config.js";
import type { ConstraintLike } from "../../constraints/resolve-constraint.js";
import type { CallContext } from "../../context.js";
import type { InitializerLike } from "../../initializers/resolve-initializer.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { byName, type ByPosition } from "../../named.js";
import type { RegularizerLike } from "../../regularizers/resolve-regularizer.js";
import type { Variable } from "../../variable.js";
import { WeightSpec } from "../weight-spec.js";

/** Options of {@link Embedding}. */
export interface EmbeddingOptions extends LayerOptions {
  /** Default `"uniform"`: between −0.05 and 0.05. */
  readonly embeddingsInitializer?: InitializerLike | undefined;
  /** Penalty on the vectors; default none. */
  readonly embeddingsRegularizer?: RegularizerLike | undefined;
  /** What the vectors are kept to; default nothing. */
  readonly embeddingsConstraint?: ConstraintLike | undefined;
  /** `false`: masks are not handed from layer to layer here. */
  readonly maskZero?: boolean | undefined;
}

/** Options that may follow by position, in Keras's order. */
const following = ["embeddingsInitializer", "embeddingsRegularizer", "embeddingsConstraint", "maskZero"] as const;

/**
 * A vector that is learned for each whole number: `[N, …]` → `[N, …, outputDim]`.
 *
 * Weights: `embeddings` `[inputDim, outputDim]`. Fractions are cut off; negative numbers count from the end.
 *
 * @see https://keras.io/api/layers/core_layers/embedding/ – without `maskZero`, `loraRank` and quantization
 *
 * @example
 * ```ts
 * import { layers, Tensor } from "graft-ml";
 *
 * const places = new layers.Embedding(3, 2, { embeddingsInitializer: "ones" });
 * console.log((await places.apply(new Tensor("int32", [0, 2], [1, 2]))).dims); // → [ 1, 2, 2 ]
 * ```
 */
export class Embedding extends UnaryLayer {
  static readonly className: string = "Embedding";
  static readonly positional: readonly string[] = ["inputDim", "outputDim"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = [
    "embeddingsInitializer",
    "embeddingsRegularizer",
    "embeddingsConstraint",
    "maskZero",
  ] satisfies readonly (keyof EmbeddingOptions)[];
  private readonly inputDim: number;
  private readonly outputDim: number;
  private readonly spec: WeightSpec;
  private embeddings: Variable | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      EmbeddingOptions & { readonly inputDim: number; readonly outputDim: number },
      typeof following,
      ["inputDim", "outputDim"]
    >
  );
  /**
   * @param inputDim how many numbers there are: from 0 to `inputDim − 1`
   * @param outputDim the length of each vector
   * @throws UsageError when an option is not usable
   */
  constructor(inputDim: number, outputDim: number, options?: EmbeddingOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: EmbeddingOptions & { readonly inputDim: number; readonly outputDim: number });
  constructor(...given: readonly unknown[]) {
    const { inputDim, outputDim, ...options } = byName<
      EmbeddingOptions & { readonly inputDim: number; readonly outputDim: number }
    >(Embedding, given);
    super(options);
    this.inputDim = wholeNumber("Embedding", "inputDim", inputDim);
    this.outputDim = wholeNumber("Embedding", "outputDim", outputDim);
    this.spec = new WeightSpec(
      options.embeddingsInitializer ?? "uniform",
      options.embeddingsRegularizer,
      options.embeddingsConstraint,
    );
    if (options.maskZero === true) {
      throw new UsageError("Embedding: masks are not handed from layer to layer here.", {
        subject: "maskZero",
        expected: "false",
        received: "true",
        advice: "Give layers that take a mask their mask when they are called: { mask }.",
      });
    }
  }

  protected override createWeights(): void {
    this.embeddings = this.createWeight(
      "embeddings",
      [this.inputDim, this.outputDim],
      this.spec.initializer,
      this.spec,
    );
  }

  protected forward(x: Value, context: CallContext): Value {
    const vectors = this.weightValue(this.embeddings, context);
    const numbers = cast(toChannelsLast(x), "int64");
    const behind = add(numbers, scalarLike(numbers, this.inputDim));
    const places = where(less(numbers, scalarLike(numbers, 0)), behind, numbers);
    return toChannelsFirst(gather(vectors, places, { axis: 0 }));
  }

  getConfig(): Config {
    return {
      activity_regularizer: null,
      ...this.baseConfig(),
      input_dim: this.inputDim,
      output_dim: this.outputDim,
      ...this.spec.toConfig("embeddings"),
      mask_zero: false,
      quantization_config: null,
    };
  }
}
