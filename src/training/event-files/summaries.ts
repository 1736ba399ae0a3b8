/*
 * What TensorBoard reads: records, each with an Event in protobuf, as TensorFlow 2 writes them.
 *
 * https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto (also summary, tensor)
 */
import {
  bytesField,
  doubleField,
  type Field,
  fieldsOf,
  integerField,
  joined,
  messageField,
  textField,
} from "./protobuf-fields.js";
import { frame } from "./records.js";

/** Values of DataType. */
const dataTypes = { float: 1, double: 2, string: 7 } as const;

/** Values of DataClass: what TensorBoard keeps of many steps. */
const dataClasses = { scalar: 1, tensor: 2, blobs: 3 } as const;

/** A tensor with its name, as TensorFlow 2 writes summaries. */
export interface Summary {
  readonly tag: string;
  /** Fields of its Summary.Value. */
  readonly fields: readonly Field[];
}

/** What a summary is made of. */
interface Parts {
  /** Which part of TensorBoard shows it. */
  readonly plugin: string;
  /** What that part wants to know beside the tensor. */
  readonly content?: Uint8Array | undefined;
  /** What it is called where it is shown; default its tag. */
  readonly title?: string | undefined;
  /** What it says about itself, in Markdown. */
  readonly description?: string | undefined;
  readonly dataClass: keyof typeof dataClasses;
  /** Fields of its TensorProto. */
  readonly tensor: readonly Field[];
}

/** Makes a summary for one of TensorBoard's parts. */
export function summary(tag: string, { plugin, content, title, description, dataClass, tensor }: Parts): Summary {
  const data = [textField(1, plugin), ...(content === undefined ? [] : [bytesField(2, content)])];
  const metadata = [
    messageField(1, data),
    ...(title === undefined ? [] : [textField(2, title)]),
    ...(description === undefined ? [] : [textField(3, description)]),
    integerField(4, dataClasses[dataClass]),
  ];
  return { tag, fields: [textField(1, tag), messageField(9, metadata), messageField(8, tensor)] };
}

/** The beginning of a TensorProto. */
function tensorOf(type: keyof typeof dataTypes, shape: readonly number[]): Field[] {
  const sizes = shape.map((size) => messageField(2, [integerField(1, size)]));
  return [integerField(1, dataTypes[type]), messageField(2, sizes)];
}

/** A float32 tensor. */
export function floatTensor(shape: readonly number[], values: readonly number[]): Field[] {
  return [...tensorOf("float", shape), bytesField(4, new Uint8Array(Float32Array.from(values).buffer))];
}

/** A number of a step. */
export function scalar(tag: string, value: number): Summary {
  return summary(tag, { plugin: "scalars", dataClass: "scalar", tensor: floatTensor([], [value]) });
}

/** A picture. */
export interface Picture {
  /** A PNG or JPEG. */
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** What it is called where it is shown; default its tag. */
  readonly title?: string | undefined;
  /** What it shows, in Markdown. */
  readonly description?: string | undefined;
}

/** A picture of a step. */
export function image(tag: string, { bytes, width, height, title, description }: Picture): Summary {
  // TensorFlow's own: sides as text, then the pictures.
  const tensor = [
    ...tensorOf("string", [3]),
    textField(8, String(width)),
    textField(8, String(height)),
    bytesField(8, bytes),
  ];
  return summary(tag, { plugin: "images", title, description, dataClass: "blobs", tensor });
}

/** A text of a step, in Markdown. */
export function text(tag: string, words: string): Summary {
  return summary(tag, {
    plugin: "text",
    dataClass: "tensor",
    tensor: [...tensorOf("string", []), textField(8, words)],
  });
}

/** A histogram of some values in equal buckets between the smallest and the largest. */
export function histogram(tag: string, values: Float32Array, buckets = 30): Summary {
  const rows = histogramRows(values, buckets);
  const content = new Uint8Array(Float64Array.from(rows).buffer);
  const tensor = [...tensorOf("double", [rows.length / 3, 3]), bytesField(4, content)];
  return summary(tag, { plugin: "histograms", dataClass: "tensor", tensor });
}

/** `[buckets, 3]`: left edge, right edge and count. */
function histogramRows(values: Float32Array, buckets: number): readonly number[] {
  const finite = values.filter(Number.isFinite);
  let low = Infinity;
  let high = -Infinity;
  for (const value of finite) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (finite.length === 0) return [];
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
  return counts.flatMap((count, index) => [
    edges.from + index * edges.width,
    edges.from + (index + 1) * edges.width,
    count,
  ]);
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
  const values = summaries.map(({ fields }) => messageField(1, fields));
  return frame(joined([doubleField(1, seconds), integerField(2, step), messageField(5, values)]));
}

const decoder = new TextDecoder();

/**
 * Which summaries a record has.
 *
 * @param data of the record
 * @returns its step and tags; `undefined` where it is no Event
 */
export function whatIsIn(data: Uint8Array): { readonly step: number; readonly tags: readonly string[] } | undefined {
  const fields = fieldsOf(data);
  if (fields === undefined) return undefined;
  const step = fields.find(({ number }) => number === 2)?.value ?? 0;
  const inner = (bytes: number | Uint8Array, wanted: number): (number | Uint8Array)[] =>
    typeof bytes === "number"
      ? []
      : (fieldsOf(bytes) ?? []).flatMap(({ number, value }) => (number === wanted ? [value] : []));
  const values = fields.filter(({ number }) => number === 5).flatMap(({ value }) => inner(value, 1));
  const tags = values.flatMap((value) => inner(value, 1).slice(0, 1));
  return {
    step: typeof step === "number" ? step : 0,
    tags: tags.flatMap((tag) => (typeof tag === "number" ? [] : [decoder.decode(tag)])),
  };
}
