/**
 * Widens IEEE 754 half-precision numbers; exact, subnormals, infinities and NaN included.
 *
 * @param bits raw float16 bits, one `uint16` an element
 * @returns the same numbers as float32
 * @see https://en.wikipedia.org/wiki/Half-precision_floating-point_format
 */
export function halfToFloat32(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) out[i] = widen(bits[i] ?? 0);
  return out;
}

function widen(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Narrows numbers to half precision: to the nearest, ties to even. What is larger than 65504 becomes that: an infinity would spoil all that is
 * computed with it.
 *
 * @returns raw float16 bits, one `uint16` an element
 */
export function float32ToHalf(numbers: Float32Array): Uint16Array {
  const out = new Uint16Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) out[i] = narrow(numbers[i] ?? 0);
  return out;
}

/** The largest number of half precision. */
const largestHalf = 65504;

/** Below it the steps between numbers are all 2⁻²⁴. */
const smallestNormal = 2 ** -14;

function narrow(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.min(Math.abs(value), largestHalf);
  if (size < smallestNormal) return sign | toEven(size * 2 ** 24);
  // The exponent of a float32 is exact in float64, where log2 may round up just below a power of two.
  let exponent = Math.floor(Math.log2(size));
  if (2 ** exponent > size) exponent--;
  // A fraction that rounds up to 1024 carries over into the exponent, as it should; 65504 itself has the largest one.
  return sign | (((exponent + 15) << 10) + toEven((size / 2 ** exponent - 1) * 1024));
}

function toEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
