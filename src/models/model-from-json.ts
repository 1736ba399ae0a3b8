import { text } from "../errors/check.js";
import { CustomObjectScope } from "../nn/saving/custom-objects.js";
import type { BaseModel } from "./base-model.js";
import type { ModelFromJsonOptions } from "./config-options.js";
import { checkMethodOptions } from "./option-names.js";
import { platform } from "./platform.js";

/**
 * Makes a model of what `model.toJson()` gives, of Graft or of Keras; its weights are new.
 *
 * @throws FileError when this is no JSON of a model
 * @throws UsageError for a layer or an option that Graft does not have
 * @see https://keras.io/api/models/model_saving_apis/model_config_serialization/#modelfromjson-function
 *
 * @example
 * ```ts
 * import { layers, models } from "graft-ml";
 *
 * const model = new models.Sequential([layers.Input({ shape: [4] }), new layers.Dense(2)]);
 * const same = models.modelFromJson(model.toJson());
 * same.setWeights(model.getWeights());
 * ```
 */
export function modelFromJson(json: string, options: ModelFromJsonOptions = {}): BaseModel {
  checkMethodOptions("modelFromJson", options);
  const given = text("modelFromJson", "json", json);
  return new CustomObjectScope(options.customObjects ?? {}).runNow(() => platform().files.modelOfJson(given));
}
