import { wholeNumber } from "../../../errors/check.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { snakeCase } from "../../names.js";

/** Options of layers that draw random numbers. */
export interface RandomLayerOptions extends LayerOptions {
  /** Gives the layer random numbers of its own, beside the seed of the run; default: they follow from the order of layers. */
  readonly seed?: number | undefined;
}

/** A layer that draws random numbers while it is trained, and does nothing in inference. */
export abstract class BaseRandom extends UnaryLayer {
  static override readonly options: readonly string[] = ["seed"] satisfies readonly (keyof RandomLayerOptions)[];
  private readonly seed: number | undefined;

  constructor(options: RandomLayerOptions) {
    super(options);
    this.seed = options.seed === undefined ? undefined : wholeNumber(this.className, "seed", options.seed, 0);
  }

  /** Name of the layer's stream of random numbers. */
  protected get stream(): string {
    return this.seed === undefined ? snakeCase(this.className) : `${this.className} of seed ${this.seed}`;
  }

  override getConfig(): Config {
    return { ...this.baseConfig(), seed: this.seed ?? null };
  }
}
