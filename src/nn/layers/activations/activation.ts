import type { Value } from "../../../graph/value.js";
import { type ActivationLike, type NamedActivation, resolveActivation } from "../../activations/resolve-activation.js";
import type { Config } from "../../config.js";
import { type LayerOptions, UnaryLayer } from "../../layer.js";
import { byName } from "../../named.js";

/** An activation function as a layer of its own. @see https://keras.io/api/layers/core_layers/activation/ */
export class Activation extends UnaryLayer {
  static readonly className: string = "Activation";
  static readonly positional: readonly string[] = ["activation"];
  private readonly activation: NamedActivation;

  /**
   * @param activation a function or its name in Keras, such as `"relu"`
   * @throws UsageError when there is none of that name
   */
  constructor(activation: ActivationLike, options?: LayerOptions);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: LayerOptions & { readonly activation: ActivationLike });
  constructor(...given: readonly unknown[]) {
    const { activation, ...options } = byName<LayerOptions & { readonly activation: ActivationLike }>(
      Activation,
      given,
    );
    super(options);
    this.activation = resolveActivation(activation);
  }

  protected forward(x: Value): Value {
    return this.activation.apply(x);
  }

  getConfig(): Config {
    return { ...this.baseConfig(), activation: this.activation.config };
  }
}
