import type { Generator } from "../../random/generator.js";

/**
 * Augmented variants of samples: a fixed number of each, which come in turn. A sample goes through all of its variants before
 * one comes again, each time in another order, so a round is a new mixture, and from then on nothing is new.
 */
export class Variants {
  /**
   * @param count variants of each sample
   * @param generator whose seed decides what the variants are; no number is drawn from it
   * @param nameOf what to know a sample by; samples of one name have the same variants
   */
  constructor(
    readonly count: number,
    private readonly generator: Generator,
    private readonly nameOf: (sample: number) => string,
  ) {}

  /** Number of the variant of a sample that comes in a round, from 0. */
  inRound(sample: number, round: number): number {
    const turn = Math.floor(round / this.count);
    const order = this.generator.fork(`variants/${turn}/${this.nameOf(sample)}`).permutation(this.count);
    return order[round % this.count] ?? 0;
  }

  /** The stream that the parameters of a variant are drawn from. */
  streamOf(sample: number, variant: number): Generator {
    return this.generator.fork(`variant/${variant}/${this.nameOf(sample)}`);
  }

  /** One number for a sample and its variant. */
  keyOf(sample: number, variant: number): number {
    return sample * this.count + variant;
  }

  /** What {@link keyOf} was given. */
  ofKey(key: number): { readonly sample: number; readonly variant: number } {
    return { sample: Math.floor(key / this.count), variant: key % this.count };
  }
}
