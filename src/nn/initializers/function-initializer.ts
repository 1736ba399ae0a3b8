import { Initializer, type OwnValues } from "./initializer.js";

/** A function of a user's own as first values of a weight. */
export class FunctionInitializer extends Initializer {
  static readonly className: string = "FunctionInitializer";

  constructor(private readonly own: (shape: readonly number[]) => OwnValues) {
    super();
  }

  override call(shape: readonly number[]): OwnValues {
    return this.own(shape);
  }

  override getConfig(): Record<string, unknown> {
    // Writing it into a file is refused there.
    return { function: this.own };
  }
}
