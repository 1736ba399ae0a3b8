export {
  type CustomObject,
  type CustomObjects,
  CustomObjectScope,
  getCustomObjects,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable,
  type RegisterOptions,
} from "./custom-objects.js";
export type { Config, SerializedObject } from "../config.js";
