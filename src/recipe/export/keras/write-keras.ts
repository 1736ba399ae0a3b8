import { quotedList } from "../../../errors/words.js";
import { writeKerasModel } from "../../../formats/keras/model-file.js";
import { modelOfLayers } from "../../../formats/keras/model-of-layers.js";
import { checkedLayers } from "../checked-layers.js";
import type { ExportableClassifier } from "../exportable.js";
import { framingNote } from "../framing-note.js";
import type { Exported, ExportRequest } from "../target.js";

const fileName = "model.keras";

/**
 * The classifier as a model of Keras: pictures `[N, size, size, 3]`, red, green and blue in [0, 255], become probabilities. What is done to
 * pixels is a layer of it.
 *
 * @throws UsageError for a network that is not made of what layers can do; it names the operator
 * @throws EngineError when the layers do not say what the classifier says
 */
export async function writeKeras(
  classifier: ExportableClassifier,
  { runtime }: Pick<ExportRequest, "runtime">,
): Promise<Exported> {
  const network = classifier.network();
  const { framing, standardization } = network;
  const { size } = framing;
  const fed = { scale: 1, offset: 0 };
  const graph = await checkedLayers(runtime, network, { before: standardization, fed }, "keras");
  const bytes = await writeKerasModel(modelOfLayers(graph, "classifier"), fileName);
  return {
    files: new Map([[fileName, bytes]]),
    notes: [
      `The model takes [N, ${size}, ${size}, 3], red, green and blue in [0, 255], and gives a probability for each of ` +
        // All of them: the file has no place for their names.
        `${quotedList(classifier.labels, classifier.labels.length)}, in this order. ${framingNote(framing)}`,
    ],
  };
}
