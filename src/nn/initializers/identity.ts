import { ShapeError } from "../../errors/errors.js";
import { formatShape } from "../../graph/shape.js";
import { numberWithin } from "../../errors/check.js";
import type { Config } from "../config.js";
import { Initializer } from "./initializer.js";
import { type ByPosition, byName } from "../named.js";

/** Options of {@link Identity}. */
export interface IdentityOptions {
  /** Value on the diagonal; default 1. */
  readonly gain?: number;
}

/** Options that may follow by position, in Keras's order. */
const following = ["gain"] as const;

/** The identity matrix times `gain`; for weights of rank 2. @see https://keras.io/api/layers/initializers/ */
export class Identity extends Initializer {
  static readonly className: string = "Identity";
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = ["gain"] satisfies readonly (keyof IdentityOptions)[];
  private readonly gain: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<IdentityOptions, typeof following>);
  /** @throws UsageError when the gain is not a number */
  constructor(options?: IdentityOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<IdentityOptions>(Identity, given);
    super(options);
    const { gain = 1 } = options;
    this.gain = numberWithin("Identity", "gain", gain);
  }

  override values(shape: readonly number[]): Float32Array {
    const [rows = 0, columns = 0] = shape;
    if (shape.length !== 2) {
      throw new ShapeError("The initializer Identity is for weights of rank 2.", {
        subject: "Identity",
        expected: "[rows, columns]",
        received: formatShape(shape),
      });
    }
    const data = new Float32Array(rows * columns);
    for (let row = 0; row < Math.min(rows, columns); row++) data[row * columns + row] = this.gain;
    return data;
  }

  override getConfig(): Config {
    return { gain: this.gain };
  }
}
