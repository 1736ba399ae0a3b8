import { checkOptionNames, show } from "../../../errors/check.js";
import { UsageError } from "../../../errors/errors.js";
import type { Shape } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import type { ElementType } from "../../../onnx/tensor-data.js";
import type { Config } from "../../config.js";
import { Layer } from "../../layer.js";
import { type LayerCall, SymbolicTensor } from "../../symbolic-tensor.js";

/** Options of {@link InputLayer} and `Input`. */
export interface InputOptions {
  /** Shape without the batch, in Keras's order; `null` for extents that vary. */
  readonly shape?: readonly (number | string | null)[] | null | undefined;
  /** Extent of the batch, if it is fixed; default: it varies. */
  readonly batchSize?: number | null | undefined;
  /** In place of `shape` and `batchSize`: the shape with the batch, `null` for extents that vary. */
  readonly batchShape?: readonly (number | null)[] | null | undefined;
  /** Element type; default `"float32"`. */
  readonly dtype?: ElementType;
  /** Default: made from the class, such as `input_layer_1`. */
  readonly name?: string | undefined;
  /** Whether the input may be left out: Graft has only `false`. */
  readonly optional?: false;
}

const inputOptions: readonly string[] = [
  ...(["shape", "batchSize", "batchShape", "dtype", "name", "optional"] satisfies readonly (keyof InputOptions)[]),
  // Keras's others, of which the layer says what it has in their place.
  ...["sparse", "ragged", "tensor", "inputTensor"],
];

/** Names of extents that vary, by axis. */
const axisNames = ["N", "H", "W", "C"];

function extents({ shape, batchSize, batchShape }: InputOptions): Shape {
  // From JavaScript they may be anything.
  const sample: unknown = shape;
  const given = batchShape ?? (shape && Array.isArray(sample) ? [batchSize ?? null, ...shape] : undefined);
  const list: unknown = given;
  const usable =
    Array.isArray(list) &&
    given?.every(
      (extent) => extent === null || typeof extent === "string" || (Number.isSafeInteger(extent) && extent > 0),
    );
  if (given === undefined || given.length === 0 || usable !== true || (shape && batchShape)) {
    throw new UsageError("Input: the shape is not usable.", {
      subject: "shape",
      expected: "positive whole numbers or null, such as [224, 224, 3], in one of shape and batchShape",
      received: show(batchShape ?? shape),
    });
  }
  return given.map((extent, axis) => extent ?? axisNames[axis] ?? `D${axis}`);
}

/** Where data enters a model. @see https://keras.io/api/layers/core_layers/input/ */
export class InputLayer extends Layer {
  static readonly className: string = "InputLayer";
  static override readonly options: readonly string[] = inputOptions;

  private readonly placeholder: SymbolicTensor;

  /** @throws UsageError when the shape is not usable */
  constructor(options: InputOptions) {
    checkOptionNames("Input", options, inputOptions);
    super({ name: options.name });
    // Keras's other options, which scripts may give.
    const others = options as Readonly<Record<string, unknown>>;
    const unusable = ["sparse", "ragged", "optional", "tensor", "inputTensor"].find((option) =>
      Boolean(others[option]),
    );
    if (unusable !== undefined) {
      throw new UsageError(`Input: Graft has no inputs that are "${unusable}".`, {
        subject: unusable,
        expected: "dense tensors, all of which are fed",
        received: unusable,
      });
    }
    this.placeholder = new SymbolicTensor(extents(options), options.dtype ?? "float32", () => call);
    const call: LayerCall = { layer: this, inputs: [], outputs: [this.placeholder] };
  }

  /** The placeholder of the data. */
  override get output(): SymbolicTensor {
    return this.placeholder;
  }

  override get firstTensors(): Pick<LayerCall, "inputs" | "outputs"> {
    return { inputs: [], outputs: [this.placeholder] };
  }

  /** As in Keras there is nothing before an input. */
  override get input(): SymbolicTensor {
    return this.onlyTensor("input", []);
  }

  protected override compute(inputs: readonly Value[]): readonly Value[] {
    return inputs;
  }

  override getConfig(): Config {
    return {
      batch_shape: this.output.shape.map((extent) => (typeof extent === "number" ? extent : null)),
      dtype: this.output.type,
      sparse: false,
      ragged: false,
      optional: false,
      name: this.name,
    };
  }
}
