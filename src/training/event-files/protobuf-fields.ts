/*
 * Fields of protobuf messages, written by hand: event files have four kinds of messages with two dozen fields, and generated code for all of
 * TensorFlow's would be a hundred times as long.
 *
 * https://protobuf.dev/programming-guides/encoding/
 */

const encoder = new TextEncoder();

/** A field of a message: its number, how it is written, and its bytes. */
export type Field = Uint8Array;

/** Bytes one behind the other: fields become a message. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return Uint8Array.from([...bytes, Number(rest)]);
}

/** An integer, an enum or a bool. */
export const integerField = (number: number, value: number): Field => joined([varint(number << 3), varint(value)]);

/** Bytes, or a message that is encoded already. */
export const bytesField = (number: number, value: Uint8Array): Field =>
  joined([varint((number << 3) | 2), varint(value.length), value]);

/** A string. */
export const textField = (number: number, value: string): Field => bytesField(number, encoder.encode(value));

/** A message in a message. */
export const messageField = (number: number, fields: readonly Field[]): Field => bytesField(number, joined(fields));

/** A double. */
export function doubleField(number: number, value: number): Field {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return joined([varint((number << 3) | 1), bytes]);
}

/** A field as it is read: the number of an integer, or the bytes of anything else. */
export interface ReadField {
  readonly number: number;
  readonly value: number | Uint8Array;
}

/**
 * The fields of a message, in their order.
 *
 * @returns `undefined` where the bytes are no message
 */
export function fieldsOf(message: Uint8Array): readonly ReadField[] | undefined {
  const fields: ReadField[] = [];
  let offset = 0;
  const readVarint = (): number | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[offset++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
    return undefined;
  };
  while (offset < message.length) {
    const key = readVarint();
    if (key === undefined) return undefined;
    const number = key >>> 3;
    const kind = key & 7;
    if (kind === 0) {
      const value = readVarint();
      if (value === undefined) return undefined;
      fields.push({ number, value });
      continue;
    }
    const length = kind === 1 ? 8 : kind === 5 ? 4 : kind === 2 ? readVarint() : undefined;
    if (length === undefined || length < 0 || offset + length > message.length) return undefined;
    fields.push({ number, value: message.subarray(offset, offset + length) });
    offset += length;
  }
  return fields;
}
