import { UsageError } from "../../../errors/errors.js";
import type { Shape } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { reshapeTo } from "../../../ops/reshape.js";
import { toChannelsFirst, toChannelsLast } from "../../channels.js";
import type { Config } from "../../config.js";
import { Layer } from "../../layer.js";
import { greatest } from "../../../onnx/extremes.js";

/** Gives a value more axes, of extent 1 behind the batch, in Keras's order. */
function withRank(x: Value, rank: number): Value {
  if (x.rank === rank) return x;
  const [batch = 1, ...others] = toChannelsLast(x).shape;
  const shape: Shape = [batch, ...Array.from({ length: rank - x.rank }, () => 1), ...others];
  return toChannelsFirst(reshapeTo(toChannelsLast(x), shape));
}

/** What layers have in common that make one value of several by a function of elements, with broadcasting. */
export abstract class BaseMerge extends Layer {
  /** How many inputs the layer takes: at least, and at most. */
  protected readonly arity: readonly [number, number] = [1, Infinity];

  /** Writes the merging of values of the same rank. */
  protected abstract merge(first: Value, others: readonly Value[]): Value;

  protected override compute(inputs: readonly Value[]): readonly Value[] {
    const [least, most] = this.arity;
    const rank = greatest(inputs.map((x) => x.rank));
    const [first, ...others] = inputs.map((x) => withRank(x, rank));
    if (first === undefined || inputs.length < least || inputs.length > most) {
      throw new UsageError(`The layer "${this.name}" (${this.className}) cannot merge ${inputs.length} inputs.`, {
        subject: this.name,
        expected: least === most ? `${least} inputs` : `at least ${least}`,
        received: String(inputs.length),
        advice: "Give apply() a list.",
      });
    }
    return [this.merge(first, others)];
  }

  override getConfig(): Config {
    return this.baseConfig();
  }
}
