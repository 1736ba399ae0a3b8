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

/** Length and its checksum in front of the data, … */
const before = 12;
/** … and the checksum of the data behind it. */
const behind = 4;

/**
 * A record as it stands in a TFRecord file: length, its checksum, data, their checksum.
 *
 * @see https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
 */
export function frame(data: Uint8Array): Uint8Array {
  const framed = new Uint8Array(before + data.length + behind);
  const view = new DataView(framed.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, masked(framed.subarray(0, 8)), true);
  framed.set(data, before);
  view.setUint32(before + data.length, masked(data), true);
  return framed;
}

/** The whole records at the beginning of a file. */
export interface WholeRecords {
  /** The data of each. */
  readonly records: readonly Uint8Array[];
  /** Bytes that they take; what is behind them is the part of a record, or damaged. */
  readonly length: number;
}

/** Reads records up to the first that is cut off or has another checksum. */
export function wholeRecords(bytes: Uint8Array): WholeRecords {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  let offset = 0;
  while (offset + before + behind <= bytes.length) {
    if (view.getUint32(offset + 8, true) !== masked(bytes.subarray(offset, offset + 8))) break;
    const length = Number(view.getBigUint64(offset, true));
    const end = offset + before + length;
    if (end + behind > bytes.length) break;
    const data = bytes.subarray(offset + before, end);
    if (view.getUint32(end, true) !== masked(data)) break;
    records.push(data);
    offset = end + behind;
  }
  return { records, length: offset };
}
