export {
  type CustomObject,
  type CustomObjects,
  CustomObjectScope,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable,
  type RegisterOptions,
} from "./custom-objects.js";
export type { Config, SerializedObject } from "../config.js";
