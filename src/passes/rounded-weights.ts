/** Weights of 8 bits. */
export interface RoundedWeights {
  readonly bits: Int8Array;
  /** What one step is worth, for each output channel. */
  readonly scales: Float32Array;
}

/**
 * Rounds weights to 8 bits, with a scale for each output channel. (Loops over indices: networks have hundreds of millions of weights, and
 * `Int8Array.from` takes forty times as long.)
 *
 * @param data weights, output channel by output channel
 * @param outputs number of these
 * @param levels the largest rounded weight
 */
export function roundedWeights(data: Float32Array, outputs: number, levels: number): RoundedWeights {
  const bits = new Int8Array(data.length);
  const scales = new Float32Array(outputs);
  const size = data.length / outputs;
  for (let channel = 0; channel < outputs; channel++) {
    const [start, end] = [channel * size, (channel + 1) * size];
    let largest = 0;
    for (let at = start; at < end; at++) largest = Math.max(largest, Math.abs(data[at] ?? 0));
    const scale = Math.fround(largest / levels) || 1;
    scales[channel] = scale;
    for (let at = start; at < end; at++) bits[at] = Math.round((data[at] ?? 0) / scale);
  }
  return { bits, scales };
}
