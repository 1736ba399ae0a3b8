import { isPlainObject, show } from "../errors/check.js";
import { UsageError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";
import { readRegularText } from "../files/regular-file.js";
import type { ClassWeightsSetting } from "../recipe/class-weights.js";

/** Values of `--class-weights` that are no files. */
const words = ["none", "balanced"] as const;

/**
 * What `--class-weights` asks for. Whether a file has a number for each class is checked where the classes are known.
 *
 * @param asked `none`, `balanced`, or the path of a JSON file: an object with a number for each class
 * @throws UsageError when there is no such file, or no such object in it
 * @throws FileError when the file cannot be read
 */
export async function readClassWeights(asked: string | undefined): Promise<ClassWeightsSetting | undefined> {
  const word = words.find((known) => known === asked);
  if (asked === undefined || word !== undefined) return word;
  const given: unknown = parse(await textOf(asked), asked);
  if (isPlainObject(given)) return given as Readonly<Record<string, number>>;
  throw unusable(asked, `${show(given)}, which is no object`);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readRegularText(file, { most: 2 ** 24 });
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") throw unusable(file, `${file}, which does not exist`, didYouMean(file, words));
    throw fileSystemError(cause, file, "read");
  }
}

function parse(text: string, file: string): unknown {
  try {
    // Some editors begin files with a mark of the byte order.
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw unusable(file, `no JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function unusable(file: string, received: string, advice?: string): UsageError {
  return new UsageError("The option --class-weights is not usable.", {
    subject: file,
    expected: 'none, balanced, or a JSON file such as {"cat": 1, "dog": 2.5}',
    received,
    advice,
  });
}
