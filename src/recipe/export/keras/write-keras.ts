import { quotedList } from "../../../errors/words.js";
import { writeKerasModel } from "../../../formats/keras/model-file.js";
import { modelOfLayers } from "../../../formats/keras/model-of-layers.js";
import { layersOfGraph } from "../../../formats/layers/layers-of-graph.js";
import type { ExportableClassifier } from "../exportable.js";
import { framingNote } from "../framing-note.js";
import type { Exported } from "../target.js";

const fileName = "model.keras";

/**
 * The classifier as a model of Keras: pictures `[N, size, size, 3]`, red, green and blue in [0, 255], become probabilities. What is done to
 * pixels is a layer of it.
 *
 * @throws UsageError for a network that is not made of what layers can do; it names the operator
 */
export async function writeKeras(classifier: ExportableClassifier): Promise<Exported> {
  const { framing, normalized, probabilities, standardization } = classifier.network();
  const { size } = framing;
  const graph = layersOfGraph(
    { picture: normalized, output: probabilities, side: size, before: standardization },
    "keras",
  );
  const bytes = await writeKerasModel(modelOfLayers(graph, "classifier"), fileName);
  return {
    files: new Map([[fileName, bytes]]),
    notes: [
      `The model takes [N, ${size}, ${size}, 3], red, green and blue in [0, 255], and gives a probability for each of ` +
        `${quotedList(classifier.labels)}, in this order. ${framingNote(framing)}`,
    ],
  };
}
