import type { TensorData } from "../../onnx/tensor-data.js";

/** `x · scale + offset`, one number for each channel; in double precision, since several of them become one. */
export interface Affine {
  readonly scale: Float64Array;
  readonly offset: Float64Array;
}

/** What changes nothing. */
export function identity(channels: number): Affine {
  return { scale: new Float64Array(channels).fill(1), offset: new Float64Array(channels) };
}

/** One behind another. */
export function followedBy(first: Affine, second: Affine): Affine {
  return {
    scale: first.scale.map((value, channel) => value * (second.scale[channel] ?? 1)),
    offset: first.offset.map((value, channel) => value * (second.scale[channel] ?? 1) + (second.offset[channel] ?? 0)),
  };
}

/** Whether it changes nothing. */
export function isIdentity({ scale, offset }: Affine): boolean {
  return scale.every((value) => value === 1) && offset.every((value) => value === 0);
}

/** A constant as one number a channel; `undefined` where it differs between places, or has another number of channels. */
export function perChannel(
  { type, dims, data }: TensorData,
  { rank, axis, channels }: { readonly rank: number; readonly axis: number; readonly channels: number },
): Float64Array | undefined {
  if (type !== "float32" || dims.length > rank) return undefined;
  const whole = [...Array.from({ length: rank - dims.length }, () => 1), ...dims];
  if (whole.some((extent, index) => extent !== 1 && index !== axis)) return undefined;
  const values = data as Float32Array;
  if (values.length === 1) return new Float64Array(channels).fill(values[0] ?? 0);
  return values.length === channels ? Float64Array.from(values) : undefined;
}
