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
