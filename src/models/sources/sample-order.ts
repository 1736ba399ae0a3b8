import { UsageError } from "../../errors/errors.js";
import type { Generator, GeneratorState } from "../../random/generator.js";

/** Where in its rounds a {@link SampleOrder} stands, as plain JSON. */
export interface SampleOrderState {
  /** The generator as it was before the present round's order was drawn; `null` where samples keep their own order. */
  readonly round: GeneratorState | null;
  /** The generator now. */
  readonly generator: GeneratorState | null;
  /** How many samples of the round have been given. */
  readonly position: number;
  /** Number of the present round, from 0. */
  readonly number: number;
}

function isState(value: unknown): value is SampleOrderState {
  return (
    typeof value === "object" &&
    value !== null &&
    "round" in value &&
    "generator" in value &&
    "position" in value &&
    "number" in value
  );
}

/** The order in which samples come, round after round without end; it can be saved and restored. */
export class SampleOrder {
  private round: readonly number[] | undefined;
  private position = 0;
  private rounds = 0;
  private before: GeneratorState | null = null;

  /**
   * @param samples how many there are
   * @param shuffled where the order of each round is drawn from; `undefined` keeps the samples' own order
   */
  constructor(
    private readonly samples: number,
    private readonly shuffled: Generator | undefined,
  ) {}

  /** Number of the round, from 0, that the samples given last belong to. */
  get number(): number {
    return Math.max(0, this.rounds - 1);
  }

  /** Numbers of the next `count` samples; fewer at the end of a round. */
  next(count: number): number[] {
    if (this.round === undefined || this.position >= this.round.length) {
      this.before = this.shuffled?.save() ?? null;
      this.round =
        this.shuffled?.permutation(this.samples) ?? Array.from({ length: this.samples }, (_, index) => index);
      this.position = 0;
      this.rounds += 1;
    }
    const keys = this.round.slice(this.position, this.position + count);
    this.position += keys.length;
    return keys;
  }

  /** Begins a new round with the next sample. */
  reset(): void {
    this.round = undefined;
  }

  /** Where the order stands. */
  save(): SampleOrderState {
    // At the end of a round nothing of its order is needed any more.
    const over = this.round === undefined || this.position >= this.round.length;
    const generator = this.shuffled?.save() ?? null;
    return over
      ? { round: generator, generator, position: 0, number: this.rounds }
      : { round: this.before, generator, position: this.position, number: this.rounds - 1 };
  }

  /**
   * Goes on where another order of the same samples stood.
   *
   * @param state what {@link save} gave; it may have been JSON in between
   * @throws UsageError when it is something else, or belongs to an order of the other kind
   */
  restore(state: unknown): void {
    if (!isState(state) || (state.round === null) !== (this.shuffled === undefined)) {
      throw new UsageError("The order of the samples cannot be restored.", {
        subject: "state",
        expected:
          this.shuffled === undefined ? "the state of samples in their own order" : "the state of shuffled samples",
        received: JSON.stringify(state).slice(0, 200),
        advice: "Give fit the same samples and the same `shuffle` as in the run that is to be resumed.",
      });
    }
    this.round = undefined;
    this.position = 0;
    this.rounds = state.number;
    if (state.round !== null) this.shuffled?.restore(state.round);
    if (state.position > 0) this.next(state.position);
    if (state.generator !== null) this.shuffled?.restore(state.generator);
  }
}
