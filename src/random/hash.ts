/** Mixes the bits of a 32-bit word so that every input bit moves every output bit. */
function finalMix(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
  return word ^ (word >>> 16);
}

function rotateLeft(word: number, count: number): number {
  return (word << count) | (word >>> (32 - count));
}

/** Four 32-bit words, each in [0, 2³²). */
export type Words = readonly [number, number, number, number];

/**
 * A 128-bit hash of some bytes, good at telling inputs apart and of no use against somebody who wants a collision.
 *
 * It turns seeds and names of streams into states of a {@link Generator}. Content of files is hashed with SHA-256 instead.
 *
 * @param bytes the message, of any length
 * @returns four unsigned 32-bit words
 * @see https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp (MurmurHash3_x86_128, public domain), with seed 0
 */
export function hash128(bytes: Uint8Array): Words {
  const c1 = 0x239b961b;
  const c2 = 0xab0e9789;
  const c3 = 0x38b34ae5;
  const c4 = 0xa1e38b93;
  const whole = bytes.length - (bytes.length % 16);
  // The last, incomplete block enters as if it were filled up with zeros, which change nothing.
  const padded = new Uint8Array(whole + 16);
  padded.set(bytes);
  const view = new DataView(padded.buffer);

  let h1 = 0;
  let h2 = 0;
  let h3 = 0;
  let h4 = 0;
  const mix1 = (word: number) => Math.imul(rotateLeft(Math.imul(word, c1), 15), c2);
  const mix2 = (word: number) => Math.imul(rotateLeft(Math.imul(word, c2), 16), c3);
  const mix3 = (word: number) => Math.imul(rotateLeft(Math.imul(word, c3), 17), c4);
  const mix4 = (word: number) => Math.imul(rotateLeft(Math.imul(word, c4), 18), c1);

  for (let at = 0; at < whole; at += 16) {
    h1 ^= mix1(view.getUint32(at, true));
    h1 = (Math.imul(rotateLeft(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 ^= mix2(view.getUint32(at + 4, true));
    h2 = (Math.imul(rotateLeft(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 ^= mix3(view.getUint32(at + 8, true));
    h3 = (Math.imul(rotateLeft(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 ^= mix4(view.getUint32(at + 12, true));
    h4 = (Math.imul(rotateLeft(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
  }
  h1 ^= mix1(view.getUint32(whole, true));
  h2 ^= mix2(view.getUint32(whole + 4, true));
  h3 ^= mix3(view.getUint32(whole + 8, true));
  h4 ^= mix4(view.getUint32(whole + 12, true));

  h1 ^= bytes.length;
  h2 ^= bytes.length;
  h3 ^= bytes.length;
  h4 ^= bytes.length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = finalMix(h1);
  h2 = finalMix(h2);
  h3 = finalMix(h3);
  h4 = finalMix(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  return [h1 >>> 0, h2 >>> 0, h3 >>> 0, h4 >>> 0];
}
