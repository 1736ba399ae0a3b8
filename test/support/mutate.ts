import { Generator } from "../../src/random/generator.js";

/*
 * Damage of the kinds that disks, networks and attackers do: bits and bytes that flip, ends that are missing, pieces that are taken out, put
 * in or repeated, and numbers that say something else, be they binary or in digits. fast-check draws values of a structure, and shrinks
 * them; here files that are almost right are wanted, by the hundred thousand and from a number alone.
 */

/** What a mutation is made of. */
interface Damage {
  readonly bytes: Uint8Array;
  readonly random: Generator;
  /** Intact files of the kind, to take pieces of. */
  readonly seeds: readonly Uint8Array[];
}

const bytesOfInterest = [0, 1, 0x7f, 0x80, 0xfe, 0xff];
const numbersOfInterest = [
  0n,
  1n,
  -1n,
  -2n,
  255n,
  65_535n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 40n,
  2n ** 62n,
];
const digitsOfInterest = [
  "0",
  "-1",
  "1",
  "2",
  "3.5",
  "999999999",
  "4294967296",
  "9007199254740993",
  "1e308",
  "1e999",
  "null",
  '"7"',
];

function pick<T>(list: readonly T[], random: Generator): T {
  const item = list[random.integer(list.length)];
  if (item === undefined) throw new Error("There is nothing to pick.");
  return item;
}

/** Bytes with a piece put into the place of another. */
function replaced(bytes: Uint8Array, start: number, end: number, piece: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length - (end - start) + piece.length);
  result.set(bytes.subarray(0, start));
  result.set(piece, start);
  result.set(bytes.subarray(end), start + piece.length);
  return result;
}

/** Where a piece begins and ends; most are short. */
function piece(length: number, random: Generator): readonly [start: number, end: number] {
  const most = Math.max(1, Math.min(length, random.integer(4) === 0 ? length : 64));
  const start = random.integer(Math.max(1, length));
  return [start, Math.min(length, start + 1 + random.integer(most))];
}

const kinds: readonly ((damage: Damage) => Uint8Array)[] = [
  function flipBit({ bytes, random }) {
    const at = random.integer(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(8));
    return bytes;
  },
  function setByte({ bytes, random }) {
    bytes[random.integer(bytes.length)] = pick(bytesOfInterest, random);
    return bytes;
  },
  function changeByteALittle({ bytes, random }) {
    const at = random.integer(bytes.length);
    bytes[at] = (bytes[at] ?? 0) + random.integer(9) - 4;
    return bytes;
  },
  function setNumber({ bytes, random }) {
    const size = pick([2, 4, 8], random);
    if (bytes.length < size) return bytes;
    const view = new DataView(bytes.buffer);
    // Formats align their numbers more often than not.
    const at = random.integer(bytes.length - size + 1);
    const place = random.integer(2) === 0 ? at : at - (at % size);
    const value = pick(numbersOfInterest, random);
    const little = random.integer(4) > 0;
    if (size === 2) view.setUint16(place, Number(BigInt.asUintN(16, value)), little);
    else if (size === 4) view.setUint32(place, Number(BigInt.asUintN(32, value)), little);
    else view.setBigUint64(place, BigInt.asUintN(64, value), little);
    return bytes;
  },
  function setFloat({ bytes, random }) {
    if (bytes.length < 4) return bytes;
    const at = random.integer(bytes.length - 3);
    new DataView(bytes.buffer).setFloat32(
      at - (at % 4),
      pick([NaN, Infinity, -Infinity, 3e38, 1e-45, -0], random),
      true,
    );
    return bytes;
  },
  function setDigits({ bytes, random }) {
    const isDigit = (at: number): boolean => (bytes[at] ?? 0) >= 0x30 && (bytes[at] ?? 0) <= 0x39;
    let start = random.integer(bytes.length);
    while (start < bytes.length && !isDigit(start)) start++;
    let end = start;
    while (isDigit(end)) end++;
    return start === end
      ? bytes
      : replaced(bytes, start, end, new TextEncoder().encode(pick(digitsOfInterest, random)));
  },
  function cutOff({ bytes, random }) {
    return bytes.slice(0, random.integer(bytes.length));
  },
  function takeOut({ bytes, random }) {
    const [start, end] = piece(bytes.length, random);
    return replaced(bytes, start, end, new Uint8Array(0));
  },
  function repeat({ bytes, random }) {
    const [start, end] = piece(bytes.length, random);
    const part = bytes.slice(start, end);
    const times = random.integer(8) === 0 ? 1 + Math.floor(65_536 / part.length) : 1 + random.integer(3);
    const copies = new Uint8Array(part.length * times);
    for (let copy = 0; copy < times; copy++) copies.set(part, copy * part.length);
    return replaced(bytes, end, end, copies);
  },
  function putElsewhere({ bytes, random }) {
    const [start, end] = piece(bytes.length, random);
    bytes.copyWithin(random.integer(bytes.length), start, end);
    return bytes;
  },
  function takeFromAnother({ bytes, random, seeds }) {
    const other = pick(seeds, random);
    const [from, to] = piece(other.length, random);
    const [start, end] = piece(bytes.length, random);
    return replaced(bytes, start, random.integer(2) === 0 ? end : start, other.slice(from, to));
  },
];

/**
 * A damaged file.
 *
 * @param seeds intact files
 * @param number which one: the same number gives the same file
 */
export function mutated(seeds: readonly Uint8Array[], number: number): Uint8Array {
  const random = new Generator(number);
  let bytes: Uint8Array = Uint8Array.from(pick(seeds, random));
  for (let left = 1 + random.integer(random.integer(2) === 0 ? 2 : 8); left > 0 && bytes.length > 0; left--) {
    bytes = Uint8Array.from(pick(kinds, random)({ bytes, random, seeds }));
  }
  return bytes;
}
