import type { Generator } from "../../random/generator.js";

/** How the first values of a weight are chosen. */
export interface Initializer {
  /** Keras's class name, such as `"GlorotUniform"`. */
  readonly className: string;
  /**
   * @param shape the weight's shape in Keras's order
   * @param stream the random stream of this weight; an initializer with a seed of its own ignores it
   * @returns the values in row-major order
   */
  values(shape: readonly number[], stream: Generator): Float32Array;
  /** Keras's configuration: what the constructor takes, in snake_case. */
  getConfig(): Record<string, unknown>;
}
