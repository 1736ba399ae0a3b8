import { UsageError } from "../../../errors/errors.js";
import type { Shape } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { type Config, serializeObject } from "../../config.js";
import type { CallContext } from "../../context.js";
import { Layer, type LayerOptions } from "../../layer.js";

/**
 * Layers one after the other, as one layer.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/ – for layers without weights; those with weights belong into the
 * model, or into a Sequential
 */
export class Pipeline extends Layer {
  /** The layers, in order. */
  readonly layers: readonly Layer[];

  /** @throws UsageError when there is no layer */
  constructor(layers: readonly Layer[], options: Pick<LayerOptions, "name"> = {}) {
    super(options);
    if (!Array.isArray(layers) || layers.length === 0 || layers.some((layer) => !(layer instanceof Layer))) {
      throw new UsageError("Pipeline takes a list of layers.", {
        subject: "layers",
        expected: "one layer or more",
        received: Array.isArray(layers) ? `${layers.length} entries` : typeof layers,
      });
    }
    this.layers = layers;
  }

  protected override build(shapes: readonly Shape[]): void {
    this.layers.reduce((inputs: readonly Shape[], layer) => {
      const outputs = layer.computeOutputShapes(inputs);
      if (layer.weights.length > 0) {
        throw new UsageError(`The layer "${layer.name}" (${layer.className}) in a Pipeline has weights.`, {
          subject: layer.name,
          expected: "layers without weights",
          received: layer.weights.map(({ name }) => name).join(", "),
          advice: "Put the layers into the model itself, or into a Sequential.",
        });
      }
      return outputs;
    }, shapes);
  }

  call(inputs: readonly Value[], context: CallContext): readonly Value[] {
    return this.layers.reduce((values, layer) => layer.callNamed(values, context), inputs);
  }

  getConfig(): Config {
    return { name: this.name, layers: this.layers.map((layer) => serializeObject("keras.layers", layer)) };
  }
}
