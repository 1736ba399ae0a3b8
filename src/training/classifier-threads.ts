import { PhotoThreads } from "../data/photo-threads.js";

/** What a thread is told. */
export interface ClassifierThreadData {
  /** Path of the `model.onnx`. */
  readonly file: string;
  /** Cores that the engine may use for one photo. */
  readonly cores: number;
}

/** Copies of a classifier may take this much memory for their weights, in bytes. */
const mostBytes = 2 ** 29;

/** More copies are not needed to keep all cores busy: each has some of them. */
const mostCopies = 16;

/**
 * How many threads look at photos, and with how many cores each. One photo does not keep several cores busy all the time: each
 * operator ends when the last core has done its part, the more so where these cores decode photos too. A copy of the network for
 * each core has none of this waiting.
 *
 * @param bytes size of the classifier's file
 * @param cores of the process
 */
export function divideCores(bytes: number, cores: number): { readonly copies: number; readonly cores: number } {
  const copies = Math.max(1, Math.min(cores, mostCopies, Math.floor(mostBytes / bytes)));
  return { copies, cores: Math.floor(cores / copies) };
}

/** Copies of a classifier on threads of their own, each of which decodes photos and looks at them. */
export class ClassifierThreads {
  private readonly threads: PhotoThreads<string, Float32Array>;

  /**
   * @param copies how many
   * @param data which classifier, and what each may use
   */
  constructor(copies: number, data: ClassifierThreadData) {
    this.threads = new PhotoThreads(new URL("./classifier-worker", import.meta.url), copies, data);
  }

  /**
   * Looks at one photo.
   *
   * @param path of its file
   * @returns the probability of each class
   * @throws PhotoError when the file cannot be used
   */
  async look(path: string): Promise<Float32Array> {
    return this.threads.run(path);
  }

  /** Ends the threads. */
  async end(): Promise<void> {
    await this.threads.end();
  }
}
