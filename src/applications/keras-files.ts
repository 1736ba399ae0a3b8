import type { Checksum } from "../files/checksum.js";
import type { PublishedWeights } from "./pretrained-weights.js";

/** Where Keras publishes the weights of its applications. */
const server = "https://storage.googleapis.com/tensorflow/keras-applications/";

/** What is known of a file that Keras publishes. */
export interface KerasFile {
  /** MD5 or SHA-256, hexadecimal, as Keras gives it; `undefined` where it gives none. */
  readonly hash?: string | undefined;
  /** Size in bytes, where it is known. */
  readonly bytes?: number;
  /** Under which name Keras keeps it; default that on the server. */
  readonly file?: string;
}

/**
 * A file of Keras's server.
 *
 * @param path such as `vgg16/vgg16_weights_tf_dim_ordering_tf_kernels.h5`
 */
export function kerasFile(path: string, { hash, bytes, file }: KerasFile): PublishedWeights {
  return { url: server + path, file: file ?? path.slice(path.lastIndexOf("/") + 1), checksum: checksum(hash), bytes };
}

/** As in Keras its length says which kind it is. */
function checksum(hash: string | undefined): Checksum | undefined {
  return hash === undefined ? undefined : { algorithm: hash.length === 64 ? "sha256" : "md5", hex: hash };
}

/**
 * The two files of most networks, of which one ends in `_notop`.
 *
 * @param stem path on the server without that and `.h5`
 * @returns which of them a call asks for
 */
export function kerasFiles(
  stem: string,
  { top, noTop }: { readonly top: KerasFile; readonly noTop: KerasFile },
): (plan: { readonly includeTop: boolean }) => PublishedWeights {
  return ({ includeTop }) => (includeTop ? kerasFile(`${stem}.h5`, top) : kerasFile(`${stem}_notop.h5`, noTop));
}
