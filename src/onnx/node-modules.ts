/*
 * Metadata of nodes, field 9 of NodeProto, which came into ONNX after the generated reader was: PyTorch's newer exporter says there to which
 * module a node belongs. https://protobuf.dev/programming-guides/encoding/
 */

const utf8 = new TextDecoder();

/** A field of a message: its number, and its bytes where it is a message, a text or bytes. */
interface Field {
  readonly number: number;
  readonly bytes: Uint8Array | undefined;
}

/** The fields of a message that is known to be whole. */
function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  // Lengths are below 2⁵³; of greater numbers only the end counts.
  const varint = (): number => {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = message[at++] ?? 0;
      value += (byte & 0x7f) * factor;
      factor *= 128;
      if (byte < 0x80) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const [number, kind] = [Math.floor(key / 8), key % 8];
    const length = kind === 2 ? varint() : kind === 1 ? 8 : kind === 5 ? 4 : 0;
    if (kind === 0) varint();
    yield { number, bytes: kind === 2 ? message.subarray(at, at + length) : undefined };
    at += length;
  }
}

function messages(message: Uint8Array, field: number): Uint8Array[] {
  return [...fieldsOf(message)].flatMap(({ number, bytes }) =>
    number === field && bytes !== undefined ? [bytes] : [],
  );
}

function textOf(message: Uint8Array, field: number): string {
  return utf8.decode(messages(message, field)[0]);
}

/** The module in `['', 'layer4', 'layer4.1', 'layer4.1.conv1', 'conv2d_19']`: the last entry is the call. */
function moduleIn(scopes: string): string | undefined {
  const names = [...scopes.matchAll(/'([^']*)'/g)].map(([, name = ""]) => name);
  return names.slice(0, -1).findLast((name) => name !== "");
}

/**
 * The modules that the nodes of a file belong to, such as `layer4.1.conv1`, in the order of the nodes; `undefined` where the file does not say it.
 *
 * @param bytes a whole ONNX file
 */
export function nodeModules(bytes: Uint8Array): readonly (string | undefined)[] {
  const [graph] = messages(bytes, 7);
  if (graph === undefined) return [];
  return messages(graph, 1).map((node) => {
    const scopes = messages(node, 9).find((entry) => textOf(entry, 1) === "pkg.torch.onnx.name_scopes");
    return scopes && moduleIn(textOf(scopes, 2));
  });
}

/**
 * How many nodes the graph of a file has, without those of graphs inside of nodes.
 *
 * @param bytes a whole ONNX file
 */
export function nodeCount(bytes: Uint8Array): number {
  let count = 0;
  for (const graph of messages(bytes, 7)) for (const { number } of fieldsOf(graph)) if (number === 1) count++;
  return count;
}
