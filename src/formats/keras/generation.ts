/**
 * Which Keras a file speaks: functions and options of the same name differ between them. TensorFlow.js has the functions of
 * Keras 2.
 */
export type Generation = 1 | 2 | 3;

/**
 * The generation of a version that a file says: `"3.15.1"`, `"2.2.4-tf"`, `"tfjs-layers 4.22.0"`.
 *
 * @param unsaid where the file says none: 2 for `.h5` files and TensorFlow.js, since Keras 3 always says it
 */
export function generationOf(version: string | undefined, unsaid: Generation): Generation {
  if (version?.startsWith("tfjs") === true) return 2;
  const major = /^\D*(\d+)\./.exec(version ?? "")?.[1];
  if (major === undefined) return unsaid;
  return Number(major) >= 3 ? 3 : Number(major) === 2 ? 2 : 1;
}
