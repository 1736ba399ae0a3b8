import { byName, type ByPosition } from "../../named.js";
import { UsageError } from "../../../errors/errors.js";
import type { Shape } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { type Config, isSerializedObject, type SerializedObject } from "../../config.js";
import { serializeObject } from "../../serialize-object.js";
import type { CallContext } from "../../context.js";
import { Layer, type LayerOptions } from "../../layer.js";

/** Options that may follow by position, in Keras's order. */
const following = ["name"] as const;

/**
 * Layers one after the other, as one layer.
 *
 * @see https://keras.io/api/layers/preprocessing_layers/ – for layers without weights; those with weights belong into the
 * model, or into a Sequential
 */
export class Pipeline extends Layer {
  static readonly className: string = "Pipeline";
  static readonly positional: readonly string[] = ["layers"];
  static readonly following: readonly string[] = following;

  /** The layers, in order. */
  readonly layers: readonly Layer[];

  /** In Keras's order, as many by position as one likes. */
  constructor(
    ...given: ByPosition<
      Pick<LayerOptions, "name"> & { readonly layers: readonly Layer[] },
      typeof following,
      ["layers"]
    >
  );
  /** @throws UsageError when there is no layer */
  constructor(layers: readonly Layer[], options?: Pick<LayerOptions, "name">);
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: Pick<LayerOptions, "name"> & { readonly layers: readonly Layer[] });
  constructor(...given: readonly unknown[]) {
    const { layers, ...options } = byName<Pick<LayerOptions, "name"> & { readonly layers: readonly Layer[] }>(
      Pipeline,
      given,
    );
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

  /**
   * Makes it from Keras's configuration.
   *
   * @param deserialize makes a layer
   * @throws UsageError when something in it is no layer
   */
  static ofConfig({ layers, name }: Config, deserialize: (layer: SerializedObject) => Layer): Pipeline {
    const parts = (Array.isArray(layers) ? layers : []).map((layer: unknown) => {
      if (isSerializedObject(layer)) return deserialize(layer);
      throw new UsageError("A layer of a Pipeline is none.", {
        subject: "layers",
        expected: "a class and its configuration",
        received: JSON.stringify(layer),
      });
    });
    return new Pipeline(parts, typeof name === "string" ? { name } : {});
  }

  protected override createWeights(shapes: readonly Shape[]): void {
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

  protected override compute(inputs: readonly Value[], context: CallContext): readonly Value[] {
    return this.layers.reduce((values, layer) => layer.callNamed(values, context), inputs);
  }

  override getConfig(): Config {
    return { name: this.name, layers: this.layers.map((layer) => serializeObject("keras.layers", layer)) };
  }
}
