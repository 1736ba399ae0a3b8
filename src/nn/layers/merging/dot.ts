import { ShapeError, UsageError } from "../../../errors/errors.js";
import { dimAt, dimProduct, formatShape, normalizeAxis, type Shape } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { transpose } from "../../../ops/layout.js";
import { matmul } from "../../../ops/matmul.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { toChannelsFirst, toChannelsLast } from "../../channels.js";
import { refuse, wholeNumber } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { Layer, type LayerOptions } from "../../layer.js";
import { unitVectors } from "../../unit-vectors.js";
import { byName, type ByPosition } from "../../named.js";

/** Options of {@link Dot}. */
export interface DotOptions extends LayerOptions {
  /** Whether vectors are scaled to length 1 first, which gives the cosine of their angle; default `false`. */
  readonly normalize?: boolean;
}

/** Options that may follow by position, in Keras's order. */
const following = ["normalize"] as const;

/**
 * Products of two inputs, sample by sample, summed along an axis of each: for `[N, D]` and `[N, D]` it gives `[N, 1]`,
 * otherwise the axes that are left of the first input, then those of the second.
 *
 * @see https://keras.io/api/layers/merging_layers/dot/
 */
export class Dot extends Layer {
  static readonly className: string = "Dot";
  static readonly positional: readonly string[] = ["axes"];
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["normalize"] satisfies readonly (keyof DotOptions)[];
  private readonly axes: number | readonly [number, number];
  private readonly normalize: boolean;

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<DotOptions & { readonly axes: number | readonly number[] }, typeof following, ["axes"]>
  );
  /**
   * @param axes the axis of both inputs, or of each, in Keras's order; not 0, the batch
   * @throws UsageError when an option is not usable
   */
  constructor(axes: number | readonly number[], options?: DotOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: DotOptions & { readonly axes: number | readonly number[] });
  constructor(...given: readonly unknown[]) {
    const { axes, ...options } = byName<DotOptions & { readonly axes: number | readonly number[] }>(Dot, given);
    super(options);
    const both: readonly unknown[] = typeof axes === "number" ? [axes, axes] : Array.isArray(axes) ? axes : [];
    const [first, second] = both.map((axis) => wholeNumber("Dot", "axes", axis as number, -Infinity));
    if (first === undefined || second === undefined || both.length !== 2) {
      refuse("Dot", "axes", "an axis, or two", axes);
    }
    this.axes = typeof axes === "number" ? axes : [first, second];
    this.normalize = options.normalize ?? false;
  }

  protected override compute(inputs: readonly Value[]): readonly Value[] {
    const [a, b, ...others] = inputs.map(toChannelsLast);
    if (a === undefined || b === undefined || others.length > 0) {
      throw new UsageError(`The layer "${this.name}" (Dot) takes two inputs.`, {
        subject: this.name,
        expected: "two inputs",
        received: String(inputs.length),
      });
    }
    const axes = typeof this.axes === "number" ? ([this.axes, this.axes] as const) : this.axes;
    const [along, across] = [normalizeAxis(axes[0], a.rank, "Dot"), normalizeAxis(axes[1], b.rank, "Dot")];
    if (along === 0 || across === 0 || a.shape[along] !== b.shape[across]) {
      throw new ShapeError(`The layer "${this.name}" (Dot) cannot multiply these inputs.`, {
        subject: this.name,
        expected: "axes behind the batch with the same extent",
        received: `${formatShape(a.shape)} along ${along} and ${formatShape(b.shape)} along ${across}`,
      });
    }
    const [x, y] = this.normalize ? [unitVectors(a, [along]), unitVectors(b, [across])] : [a, b];
    const left = rest(x.shape, along);
    const right = rest(y.shape, across);
    const batch = dimAt(x.shape, 0);
    const extent = dimAt(x.shape, along);
    const rows = reshapeTo(withAxis(x, along, x.rank - 1), [batch, dimProduct(left), extent]);
    const columns = reshapeTo(withAxis(y, across, 1), [batch, extent, dimProduct(right)]);
    const shape = [batch, ...left, ...right];
    return [toChannelsFirst(reshapeTo(matmul(rows, columns), shape.length === 1 ? [batch, 1] : shape))];
  }

  override getConfig(): Config {
    return { ...this.baseConfig(), axes: this.axes, normalize: this.normalize };
  }
}

/** The extents but the batch's and one more. */
function rest(shape: Shape, axis: number): Shape {
  return shape.filter((_, index) => index !== 0 && index !== axis);
}

/** Moves an axis to another place; the others keep their order. */
function withAxis(x: Value, axis: number, place: number): Value {
  const others = x.shape.flatMap((_, index) => (index === axis ? [] : [index]));
  const perm = [...others.slice(0, place), axis, ...others.slice(place)];
  return perm.every((from, to) => from === to) ? x : transpose(x, { perm });
}
