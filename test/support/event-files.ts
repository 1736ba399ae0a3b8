import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/*
 * A reader of TensorBoard's event files that shares nothing with what writes them.
 *
 * https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto (also summary, tensor, plugin_data)
 */

/** A summary as it stands in a file. */
export interface ReadSummary {
  readonly seconds: number;
  readonly step: number;
  readonly tag: string;
  readonly plugin: string;
  readonly title: string;
  readonly description: string;
  /** Numbers of a tensor of floats or doubles. */
  readonly numbers: readonly number[];
  /** Strings of a tensor of strings. */
  readonly strings: readonly Buffer[];
  /** Settings of a session of the hparams plugin. */
  readonly hparams: Readonly<Record<string, unknown>>;
}

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

function checked(bytes: Buffer, sum: number, what: string): Buffer {
  const crc = crc32c(bytes);
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  if (masked !== sum) throw new Error(`The ${what} has another checksum.`);
  return bytes;
}

/** Data of the records of a TFRecord file; throws where one is cut off or damaged. */
export function recordsOf(file: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(checked(file.subarray(at, at + 8), file.readUInt32LE(at + 8), "length").readBigUInt64LE());
    const data = file.subarray(at + 12, at + 12 + length);
    records.push(checked(data, file.readUInt32LE(at + 12 + length), "data"));
    at += length + 16;
  }
  return records;
}

type Message = Map<number, (number | Buffer)[]>;

/** Fields of a message: integers and doubles as numbers, all others as bytes. */
function message(bytes: Buffer): Message {
  const fields: Message = new Map();
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes.readUInt8(at++);
      value += BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
  };
  while (at < bytes.length) {
    const key = varint();
    let value: number | Buffer;
    if ((key & 7) === 0) value = varint();
    else if ((key & 7) === 1) {
      value = bytes.readDoubleLE(at);
      at += 8;
    } else {
      const length = varint();
      value = bytes.subarray(at, at + length);
      at += length;
    }
    fields.set(key >> 3, [...(fields.get(key >> 3) ?? []), value]);
  }
  return fields;
}

const inner = (fields: Message, number: number): Message => message(bytesAt(fields, number));
const bytesAt = (fields: Message, number: number): Buffer => (fields.get(number)?.[0] ?? Buffer.alloc(0)) as Buffer;
const numberAt = (fields: Message, number: number): number => (fields.get(number)?.[0] ?? 0) as number;

function valueOf(fields: Message): unknown {
  if (fields.has(3)) return bytesAt(fields, 3).toString();
  return fields.has(4) ? numberAt(fields, 4) !== 0 : numberAt(fields, 2);
}

function summaryOf(value: Message, event: Message): ReadSummary {
  const metadata = inner(value, 9);
  const plugin = inner(metadata, 1);
  const tensor = inner(value, 8);
  const content = bytesAt(tensor, 4);
  const size = numberAt(tensor, 1) === 2 ? 8 : 4;
  const session = inner(message(bytesAt(plugin, 2)), 3);
  return {
    seconds: numberAt(event, 1),
    step: numberAt(event, 2),
    tag: bytesAt(value, 1).toString(),
    plugin: bytesAt(plugin, 1).toString(),
    title: bytesAt(metadata, 2).toString(),
    description: bytesAt(metadata, 3).toString(),
    numbers: Array.from({ length: content.length / size }, (_, index) =>
      size === 8 ? content.readDoubleLE(8 * index) : content.readFloatLE(4 * index),
    ),
    strings: (tensor.get(8) ?? []) as Buffer[],
    hparams: Object.fromEntries(
      ((session.get(1) ?? []) as Buffer[]).map((entry) => {
        const fields = message(entry);
        return [bytesAt(fields, 1).toString(), valueOf(inner(fields, 2))];
      }),
    ),
  };
}

/** What an event file holds; its first record says which version it is of. */
export function summariesIn(file: Buffer): ReadSummary[] {
  const [first, ...events] = recordsOf(file).map(message);
  if (first === undefined || bytesAt(first, 3).toString() !== "brain.Event:2") throw new Error("no event file");
  return events.flatMap((event) =>
    ((inner(event, 5).get(1) ?? []) as Buffer[]).map((value) => summaryOf(message(value), event)),
  );
}

/** The summaries of a folder's event files; none where it has no such file. */
export async function summariesOf(folder: string): Promise<ReadSummary[]> {
  const names = await readdir(folder).catch((): string[] => []);
  const files = names.filter((name) => name.startsWith("events.out.tfevents.")).sort();
  const read = await Promise.all(files.map(async (name) => summariesIn(await readFile(join(folder, name)))));
  return read.flat();
}

/** What is the same of the events of runs that are the same: all but the times, pictures by their hashes. */
export async function eventsOfRun(run: string): Promise<readonly string[]> {
  const folders = await Promise.all(["", "train", "validation"].map((name) => summariesOf(join(run, name))));
  return folders.flatMap((summaries, folder) =>
    summaries.map(({ step, tag, title, description, numbers, strings, hparams }) => {
      const hash = createHash("sha256").update(Buffer.concat(strings)).digest("hex").slice(0, 12);
      return JSON.stringify({ folder, step, tag, title, description, numbers, hash, hparams });
    }),
  );
}
