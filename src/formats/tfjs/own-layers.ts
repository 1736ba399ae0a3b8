import { z } from "zod";
import { UsageError } from "../../errors/errors.js";
import { staticDim } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import type { Config } from "../../nn/config.js";
import { type Layer, UnaryLayer } from "../../nn/layer.js";
import { mixLines } from "../../nn/layers/preprocessing/resize-images.js";
import type { LayerConfig } from "../keras/keras1-layer.js";
import { boxMatrix, type LineOptions, pointMatrix } from "./line-matrices.js";

/** Matrices for rows and columns of pictures of a height and a width. */
type Lines = (high: number, wide: number) => readonly [Float32Array, Float32Array];

/** A layer of TensorFlow.js that mixes rows and columns of pictures as none of Keras's does. */
class TfjsLines extends UnaryLayer {
  static readonly className: string = "TfjsLines";

  constructor(
    private readonly original: string,
    private readonly lines: Lines,
    name: string,
  ) {
    super({ name });
  }

  override get className(): string {
    return this.original;
  }

  protected forward(x: Value): Value {
    return mixLines(x, ...this.lines(staticDim(x.shape, 2, this.original), staticDim(x.shape, 3, this.original)));
  }

  getConfig(): never {
    throw new UsageError(`The layer "${this.name}" (${this.original} of TensorFlow.js) cannot be saved for Keras.`, {
      subject: this.name,
      expected: "layers that Keras has",
      received: "a layer that takes other pixels than Keras's layer of the same name",
      advice: "Save the model by model.export(path), as ONNX, or replace the layer by Keras's.",
    });
  }
}

const sizeSchema = z.looseObject({ name: z.string(), height: z.int().min(1), width: z.int().min(1) });

const resizingSchema = sizeSchema.extend({
  interpolation: z.enum(["bilinear", "nearest"]).nullish(),
  crop_to_aspect_ratio: z.boolean().nullish(),
});

const upSamplingSchema = z.looseObject({
  name: z.string(),
  size: z.tuple([z.int().min(1), z.int().min(1)]),
  data_format: z.string().nullish(),
});

function points(height: (high: number) => number, width: (wide: number) => number, options: LineOptions): Lines {
  return (high, wide) => [pointMatrix(high, height(high), options), pointMatrix(wide, width(wide), options)];
}

/** The middle, or where the picture is smaller in one direction, the whole of it resized. */
function middle(height: number, width: number): Lines {
  return (high, wide) => {
    const top = Math.floor((high - height) / 2);
    // Not what a middle is, but what is computed there: one column more where the widths differ by one.
    const left = wide === width ? 0 : Math.floor((wide - width) / 2) || 1;
    if (top >= 0 && left >= 0) return [boxMatrix(high, height, top), boxMatrix(wide, width, left)];
    const options: LineOptions = { interpolation: "bilinear", alignCorners: false };
    return [pointMatrix(high, height, options), pointMatrix(wide, width, options)];
  };
}

/**
 * A layer that TensorFlow.js (4.22) computes otherwise than Keras, as it is computed there; or its configuration, without what
 * TensorFlow.js takes no notice of; `undefined` for layers that are the same in both.
 *
 * @param layer as TensorFlow.js itself has written it
 * @see https://github.com/tensorflow/tfjs/tree/master/tfjs-layers/src/layers
 */
export function layerOfTfjs({ className, config }: LayerConfig): Layer | LayerConfig | undefined {
  switch (className) {
    case "Resizing": {
      const read = resizingSchema.safeParse(config);
      if (!read.success) return undefined;
      const { name, height, width, interpolation, crop_to_aspect_ratio: crop } = read.data;
      // Its option "cropToAspectRatio" crops nothing: without it, corners are aligned.
      const options: LineOptions = { interpolation: interpolation ?? "bilinear", alignCorners: !(crop ?? false) };
      return new TfjsLines(
        className,
        points(
          () => height,
          () => width,
          options,
        ),
        name,
      );
    }
    case "CenterCrop": {
      const read = sizeSchema.safeParse(config);
      return read.success
        ? new TfjsLines(className, middle(read.data.height, read.data.width), read.data.name)
        : undefined;
    }
    case "UpSampling2D": {
      const read = upSamplingSchema.safeParse(config);
      if (!read.success || config["interpolation"] !== "bilinear" || read.data.data_format === "channels_first") {
        return undefined;
      }
      const [rows, columns] = read.data.size;
      const options: LineOptions = { interpolation: "bilinear", alignCorners: false };
      const lines = points(
        (high) => rows * high,
        (wide) => columns * wide,
        options,
      );
      return new TfjsLines(className, lines, read.data.name);
    }
    case "DepthwiseConv2D":
      // Dilation is kept in the file, and not computed with.
      return { className, config: { ...config, dilation_rate: [1, 1] } satisfies Config };
    default:
      return undefined;
  }
}
