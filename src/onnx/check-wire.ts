import { FileError } from "../errors/errors.js";

/** Which fields of a message are messages themselves, by their numbers in onnx.proto; all others hold numbers, text or bytes. */
interface Message {
  readonly [field: number]: Message | undefined;
}

const nothing: Message = {};
const pair = nothing;
const device: Message = { 2: { 1: nothing } };
const tensor: Message = { 3: nothing, 13: pair, 16: pair };
const sparse: Message = { 1: tensor, 2: tensor };
const shape: Message = { 1: nothing };
const type: Record<number, Message> = { 1: { 2: shape }, 8: { 2: shape } };
// Sequences and optional values hold types, maps as their values.
Object.assign(type, { 4: { 1: type }, 9: { 1: type }, 5: { 2: type } });
const value: Message = { 2: type, 4: pair };
const graph: Record<number, Message> = {};
const attribute: Message = { 5: tensor, 6: graph, 10: tensor, 11: graph, 14: type, 15: type, 22: sparse, 23: sparse };
const node: Message = { 5: attribute, 9: pair, 10: device };
Object.assign(graph, { 1: node, 5: tensor, 11: value, 12: value, 13: value, 14: { 2: pair }, 15: sparse, 16: pair });
const opset = nothing;
const model: Message = {
  ...{ 7: graph, 8: opset, 14: pair, 20: { 1: graph, 2: graph, 3: pair, 4: pair } },
  25: { 7: node, 9: opset, 11: attribute, 12: value, 14: pair },
};

/** Messages that lie in each other at most: graphs of branches in graphs take four each. */
const deepest = 200;

/** What is wrong, and at which byte. */
class WireError extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

/**
 * Checks that the parts of an ONNX file lie within each other, which the library that reads it does not: a part that is cut off takes the bytes
 * behind it for its own, and the network would have other weights or nodes than were written.
 *
 * @param bytes the whole file
 * @param file its name, for messages
 * @throws FileError when a part does not end within that in which it lies, or something else lies there than protobuf writes
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function checkWire(bytes: Uint8Array, file: string): void {
  try {
    new Walker(bytes).walk(0, bytes.length, model, 0);
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new FileError(`${file} cannot be read as an ONNX model.`, {
      subject: file,
      expected: "parts that lie within each other, as protobuf writes them",
      received: `${cause.message} at byte ${String(cause.at)}`,
      advice: "Download or copy the file again, or export it again.",
      cause,
    });
  }
}

class Walker {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  walk(start: number, end: number, message: Message, depth: number): void {
    if (depth > deepest) throw new WireError(`more than ${String(deepest)} parts in each other`, start);
    this.at = start;
    while (this.at < end) {
      const begin = this.at;
      const key = this.varint(end);
      const field = Math.floor(key / 8);
      if (field === 0) throw new WireError("a field of number 0", begin);
      const length = this.lengthOf(key % 8, begin, end);
      const next = this.at + length;
      if (next > end)
        throw new WireError(`a part of ${String(length)} bytes where ${String(end - this.at)} are left`, begin);
      const inner = Object.hasOwn(message, field) ? message[field] : undefined;
      if (inner !== undefined && key % 8 !== 2) throw new WireError("a number instead of a part", begin);
      if (inner !== undefined) this.walk(this.at, next, inner, depth + 1);
      this.at = next;
    }
  }

  /** Bytes that a value has from here on; those of its own length are passed over. */
  private lengthOf(kind: number, begin: number, end: number): number {
    switch (kind) {
      case 0:
        this.varint(end);
        return 0;
      case 1:
        return 8;
      case 2:
        return this.varint(end);
      case 5:
        return 4;
      default:
        throw new WireError(`a value of kind ${String(kind)}`, begin);
    }
  }

  private varint(end: number): number {
    const begin = this.at;
    let value = 0;
    for (let factor = 1; this.at < end && this.at < begin + 10; factor *= 128) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new WireError("a number without an end", begin);
  }
}
