import { BaseModel, type Pretrained } from "../../models/base-model.js";
import type { BatchSource, Standardization } from "../../models/sources/batch-source.js";
import { greatest } from "../../onnx/extremes.js";

/** Models of which it was said: once each is enough. */
const warned = new WeakSet<BaseModel>();

/** The pretrained network that the samples go into first. */
function entrance(model: BaseModel): Pretrained | undefined {
  if (model.pretrained !== undefined) return model.pretrained;
  const [first] = model.layers;
  return first instanceof BaseModel ? entrance(first) : undefined;
}

/** Differences below this share of a value's own size are rounding. */
const tolerance = 1e-3;

function differ(a: Standardization, b: Standardization): boolean {
  const apart = (x: readonly number[], y: readonly number[], size: number): boolean =>
    x.some((value, channel) => Math.abs(value - (y[channel] ?? 0)) > tolerance * size);
  const largest = greatest(b.scale.map(Math.abs));
  // Offsets count in the units that values of a pixel have after scaling.
  return a.bgr !== b.bgr || apart(a.scale, b.scale, largest) || apart(a.offset, b.offset, 255 * largest);
}

/** `RGB, x · 0.00392 + 0`: a standardization in words. */
function inWords({ bgr, scale, offset }: Standardization): string {
  const one = (values: readonly number[]): string => {
    const rounded = values.map((value) => Number(value.toPrecision(4)));
    return new Set(rounded).size === 1 ? String(rounded[0]) : `(${rounded.join(", ")})`;
  };
  return `${bgr ? "BGR" : "RGB"}, x · ${one(scale)} + ${one(offset)}`;
}

/** Warns, once for each model, when a pretrained network is fed otherwise than it was trained, and says what it costs. */
export function warnOfOtherPreprocessing(model: BaseModel, source: BatchSource, warn: (line: string) => void): void {
  const pretrained = entrance(model);
  if (pretrained === undefined || source.standardization === undefined || warned.has(model)) return;
  if (!differ(source.standardization, pretrained.standardization)) return;
  warned.add(model);
  const { network, advice, cost } = pretrained;
  warn(
    [
      `Warning: ${network} was trained on pixels as "${inWords(pretrained.standardization)}" and is now fed with`,
      `"${inWords(source.standardization)}".`,
      ...(cost === undefined ? [] : [cost]),
      advice,
    ].join(" "),
  );
}
