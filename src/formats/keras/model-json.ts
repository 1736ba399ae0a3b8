import { restoreMultipliers } from "../../models/learning-rate-multipliers.js";
import { graftKey } from "../../models/graft-key.js";
import type { BaseModel } from "../../models/base-model.js";
import { compileFromConfig } from "./deserialize-compile.js";
import { modelFromConfig } from "./from-config.js";
import { generationOf } from "./generation.js";
import { kerasJson, parseKerasJson } from "./json.js";
import { modelConfig } from "./serialize-model.js";

const json = "the JSON of a model";

/** What files say of a model, without its weights, as JSON that Keras's `model_from_json` reads. */
export function jsonOfModel(model: BaseModel): string {
  return kerasJson(modelConfig(model));
}

/**
 * Makes a model of JSON that {@link jsonOfModel} or Keras wrote; its weights are new. As in Keras it is compiled where the JSON
 * says how.
 *
 * @param warn where to say what is computed otherwise than in the framework that wrote it
 * @throws FileError when this is no JSON of a model
 * @throws UsageError for a layer or an option that Graft does not have
 */
export function modelOfJson(text: string, warn: (line: string) => void): BaseModel {
  const config = parseKerasJson(text, json, "it");
  const {
    keras_version: version,
    compile_config: compiled,
    [graftKey]: own,
  } = Object(config) as Record<string, unknown>;
  const model = modelFromConfig(config, json, generationOf(typeof version === "string" ? version : undefined, 3), {
    warn,
  });
  restoreMultipliers(model, own, json);
  const options = compileFromConfig(compiled, json);
  if (options !== undefined) model.compile(options);
  return model;
}
