/** Of smaller files, in bytes, most is no weights. */
const smallFile = 1e6;

/** From this share of the size before on, a file is hardly smaller. */
const hardly = 0.6;

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * What is said where 8 bits make a file hardly smaller: weights of products, which most of a transformer's are, stay as they are.
 *
 * @param before bytes of the file in float32
 * @param after bytes of the file in 8 bits
 */
export function sizeNote(before: number, after: number): string | undefined {
  if (before < smallFile || after < hardly * before) return undefined;
  return (
    `It is hardly smaller, ${megabytes(after)} of ${megabytes(before)}: only convolutions are computed in 8 bits, and most weights of this ` +
    "network are others'. --precision float16 makes any half as large."
  );
}
