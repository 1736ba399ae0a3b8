import type { TensorData } from "../../onnx/tensor-data.js";
import { type Choice, choose } from "../choose.js";
import { type Part, partsTogether } from "../part.js";
import { rowsTogether } from "../rows.js";

/**
 * How many parts of the photos may be asked whether a training is better. (A training without each fifth of trash, where training
 * lowers the loss from 0.41 to 0.32, half-way: −0.2, 2.1, 1.9, −0.3 and 3.0 standard errors, all photos counting alike. By the weights of
 * classes six of ten pairs are above 1, and seven of ten triples, which would cost a training more.)
 */
const mostParts = 2;

/**
 * So many standard errors are clear at once, and nobody else is asked: in the end one is enough to be better (`evidence.ts`), but who looks
 * twice, and stops when he likes what he sees, is lucky more often.
 */
const clear = { better: 2, worse: -1 } as const;

/** What a training says of the photos of a part, which it has not learned from: logits `[photos, classes]`, several to choose among. */
export type Said = readonly TensorData<"float32">[];

/** What photos that were held out say of a training. */
export interface Judged {
  /** Of the best classifier so far, which is candidate 0, and what there is to choose among of the training. */
  readonly choice: Choice;
  /** Of the photos that were asked. */
  readonly asked: Pick<Part, "held" | "labels" | "weights">;
  /** What the training says of each part that was asked. */
  readonly said: readonly Said[];
}

/**
 * Lets photos that were held out judge a training: those of the first part and, where they are not clear, those of another one too.
 *
 * @param parts who may be asked, in this order
 * @param best what the best classifier so far says of each part, of as many as may be asked
 * @param first what the training says of the first part
 * @param more does the training once more without a part, and gives what that says of it; `undefined` where it cannot be done
 */
export async function judge(
  parts: readonly [Part, ...Part[]],
  best: readonly TensorData<"float32">[],
  first: Said,
  more: (part: Part) => Promise<Said | undefined>,
): Promise<Judged> {
  const [own, ...others] = parts;
  const said = [first];
  for (;;) {
    const { held, labels, weights, folds } = partsTogether([own, ...others.slice(0, said.length - 1)]);
    const trained = first.map((_, index) => rowsTogether(said.flatMap((logits) => logits[index] ?? [])));
    const choice = choose([rowsTogether(best.slice(0, said.length)), ...trained], labels, folds, weights);
    const judged = { choice, asked: { held, labels, weights }, said };
    const part = said.length < Math.min(mostParts, best.length) ? others[said.length - 1] : undefined;
    if (part === undefined || choice.errors >= clear.better || choice.errors <= clear.worse) return judged;
    const next = await more(part);
    if (next === undefined) return judged;
    said.push(next);
  }
}
