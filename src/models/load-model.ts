import { text } from "../errors/check.js";
import type { BaseModel } from "./base-model.js";
import { CustomObjectScope } from "../nn/saving/custom-objects.js";
import { checkMethodOptions } from "./option-names.js";
import { type LoadModelOptions, platform } from "./platform.js";

/**
 * Loads a model from a file. Which kind of file it is, the content says: a `.keras` archive, an `.h5` file with a whole model
 * (of Keras 2 or 3), a TensorFlow.js layers or graph model (`model.json`, or the folder with it), an ONNX network that takes
 * images.
 *
 * @param path the file
 * @param asked `compile: false` leaves out what the model was compiled with; `customObjects: { Scale }` says classes and
 * functions of one's own that the file names
 * @returns the model, compiled as in the file; training goes on where it stopped. A variable of type `Model` or `Sequential` takes
 * it where the file holds one
 * @throws FileError when the file cannot be read, is damaged, or of another kind
 * @throws UsageError when it holds a layer or an option that Graft does not have; the message names both
 * @see https://keras.io/api/models/model_saving_apis/model_saving_and_loading/
 *
 * @example
 * ```ts
 * import { layers, models } from "graft-ml";
 *
 * const model = new models.Sequential([layers.Input({ shape: [4] }), new layers.Dense(1)]);
 * await model.save("model.keras");
 * const same = await models.loadModel("model.keras");
 * console.log(same.outputShape); // → [ 'N', 1 ]
 * ```
 */
export async function loadModel<Loaded extends BaseModel = BaseModel>(
  path: string,
  asked: LoadModelOptions = {},
): Promise<Loaded> {
  const options = checkMethodOptions("loadModel", asked);
  const { customObjects = {} } = options;
  const file = text("loadModel", "path", path);
  const load = (): Promise<BaseModel> => platform().files.loadModel(file, options);
  return (await new CustomObjectScope(customObjects).run(load)) as Loaded;
}
