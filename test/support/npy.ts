/** An array as NumPy's `np.save` writes it, right or wrong. */
export function npy(
  kind: string,
  shape: string,
  numbers: Uint8Array,
  { version = 1, fortran = false }: { readonly version?: number; readonly fortran?: boolean } = {},
): Uint8Array {
  const length = version === 1 ? 2 : 4;
  const dictionary = `{'descr': '${kind}', 'fortran_order': ${fortran ? "True" : "False"}, 'shape': ${shape}, }`;
  const start = Math.ceil((8 + length + dictionary.length + 1) / 64) * 64;
  const header = Buffer.alloc(start, " ");
  header.write("\x93NUMPY", "latin1");
  header.set([version, 0], 6);
  header.writeUIntLE(start - 8 - length, 8, length);
  header.write(dictionary, 8 + length);
  header.write("\n", start - 1);
  return Buffer.concat([header, numbers]);
}
