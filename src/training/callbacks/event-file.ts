/*
 * The files that TensorBoard reads: TFRecord frames, each with an Event in protobuf. Three kinds of messages with a dozen
 * fields are written by hand here, so that no generated code for all of TensorFlow's comes along.
 *
 * https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto (also summary, tensor)
 */

const encoder = new TextEncoder();

/** Castagnoli's polynomial, its bits in reverse order. */
const polynomial = 0x82f63b78;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? polynomial : 0);
  return remainder;
});

/** CRC-32C of bytes, in [0, 2³²). */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}

/** A checksum changed so that checksums of data with checksums in them stay good ones. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/**
 * A record as it stands in the file: length, its checksum, data, their checksum.
 *
 * @see https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
 */
export function frame(data: Uint8Array): Uint8Array {
  const framed = new Uint8Array(data.length + 16);
  const view = new DataView(framed.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(framed.subarray(0, 8)), true);
  framed.set(data, 12);
  view.setUint32(12 + data.length, masked(data), true);
  return framed;
}

/** A field of a message: its number, how it is written, and its bytes. */
type Field = Uint8Array;

function joined(parts: readonly Uint8Array[]): Uint8Array {
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

const integerField = (number: number, value: number): Field => joined([varint(number << 3), varint(value)]);
const bytesField = (number: number, value: Uint8Array): Field =>
  joined([varint((number << 3) | 2), varint(value.length), value]);
const textField = (number: number, value: string): Field => bytesField(number, encoder.encode(value));
const messageField = (number: number, fields: readonly Field[]): Field => bytesField(number, joined(fields));

function doubleField(number: number, value: number): Field {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return joined([varint((number << 3) | 1), bytes]);
}

/** What a tensor of a summary is shown as. */
type Kind = "scalars" | "histograms";

/** A tensor with its name, as TensorFlow 2 writes summaries. */
export interface Summary {
  readonly tag: string;
  readonly kind: Kind;
  /** `[]` for a scalar, `[buckets, 3]` with left edge, right edge and count for a histogram. */
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Values of DataType. */
const floatType = 1;
const doubleType = 2;

function summaryFields({ tag, kind, shape, values }: Summary): readonly Field[] {
  const scalar = kind === "scalars";
  const content = scalar ? Float32Array.from(values) : Float64Array.from(values);
  const tensor = [
    integerField(1, scalar ? floatType : doubleType),
    messageField(
      2,
      shape.map((size) => messageField(2, [integerField(1, size)])),
    ),
    bytesField(4, new Uint8Array(content.buffer)),
  ];
  // The class of data: 1 scalar, 2 tensor.
  const metadata = [messageField(1, [textField(1, kind)]), integerField(4, scalar ? 1 : 2)];
  return [textField(1, tag), messageField(9, metadata), messageField(8, tensor)];
}

/** The first record of a file. */
export function versionRecord(seconds: number): Uint8Array {
  return frame(joined([doubleField(1, seconds), textField(3, "brain.Event:2")]));
}

/**
 * A record of summaries.
 *
 * @param seconds since 1970
 * @param step the number that they belong to
 */
export function summaryRecord(seconds: number, step: number, summaries: readonly Summary[]): Uint8Array {
  const values = summaries.map((summary) => messageField(1, summaryFields(summary)));
  return frame(joined([doubleField(1, seconds), integerField(2, step), messageField(5, values)]));
}

/** A histogram of some values in equal buckets between the smallest and the largest. */
export function histogram(tag: string, values: Float32Array, buckets = 30): Summary {
  const finite = values.filter(Number.isFinite);
  let low = Infinity;
  let high = -Infinity;
  for (const value of finite) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (finite.length === 0) return { tag, kind: "histograms", shape: [0, 3], values: [] };
  // Equal values make one bucket around them, as in TensorBoard's own writer.
  const edges =
    low === high
      ? { from: low - 0.5, width: 1, count: 1 }
      : { from: low, width: (high - low) / buckets, count: buckets };
  const counts = new Array<number>(edges.count).fill(0);
  for (const value of finite) {
    const bucket = Math.min(edges.count - 1, Math.floor((value - edges.from) / edges.width));
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  const rows = counts.flatMap((count, index) => [
    edges.from + index * edges.width,
    edges.from + (index + 1) * edges.width,
    count,
  ]);
  return { tag, kind: "histograms", shape: [edges.count, 3], values: rows };
}
