import type { Generator } from "../../random/generator.js";
import type { TrialSettings } from "./search-types.js";

/** All that `graft tune` searches. Each trial draws one value of each, all of them as probable. */
export const searchSpace = {
  /**
   * The logarithm of the rate, evenly from a quarter of the lower to four times the higher of two rates: the default one, and the
   * one that the range test found. With other batches it moves with the square root of their size, as the default does.
   */
  learningRate: { times: 4 },
  /** How many stages of the network learn, counted from its end; where it has none by name, all of it. */
  stages: [1, 2],
  /** As factors of the default: a round of all views of a photo is 1. */
  epochs: [0.5, 1, 2],
  /** Photos a step. */
  batchSize: [8, 16, 32],
} as const;

/** The fewest steps of an epoch: with larger batches one would hardly be trained. */
const fewestSteps = 4;

/** What a network and its photos make of the space. */
export interface SpaceOptions {
  readonly defaults: TrialSettings;
  /** Layers with which stages of the network begin, the last one first. */
  readonly stages: readonly string[];
  /** A rate that the range test found. */
  readonly found: number | undefined;
  /** Photos that are learned from. */
  readonly photos: number;
}

/**
 * Draws settings from the space.
 *
 * @see https://www.jmlr.org/papers/v13/bergstra12a.html random search: few of the settings matter, and each trial has a new value of them
 */
export function drawSettings({ defaults, stages, found, photos }: SpaceOptions, random: Generator): TrialSettings {
  const draw = <Value>(values: readonly Value[], otherwise: Value): Value =>
    values[random.integer(Math.max(1, values.length))] ?? otherwise;
  const sizes = searchSpace.batchSize.filter((size) => size === defaults.batchSize || size * fewestSteps <= photos);
  const batchSize = draw<number>(sizes, defaults.batchSize);
  const { times } = searchSpace.learningRate;
  const rates = [defaults.learningRate, found ?? defaults.learningRate];
  const [from, to] = [Math.log(Math.min(...rates) / times), Math.log(Math.max(...rates) * times)];
  const rate = Math.exp(random.uniform(from, to)) * Math.sqrt(batchSize / defaults.batchSize);
  const known = searchSpace.stages.flatMap((stage) => stages[stage - 1] ?? []);
  return {
    // In as many digits as anybody would type.
    learningRate: Number(rate.toPrecision(2)),
    unfreeze: draw(known, defaults.unfreeze),
    epochs: Math.max(1, Math.round(defaults.epochs * draw<number>(searchSpace.epochs, 1))),
    batchSize,
  };
}
