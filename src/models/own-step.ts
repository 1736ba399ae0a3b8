import { BaseModel } from "./base-model.js";

/** Which step a user has written. */
export type OwnStepName = "trainStep" | "testStep";

/** Whether a model's class says itself what a step is. */
export function hasOwnStep(model: Readonly<Record<OwnStepName, unknown>>, name: OwnStepName): boolean {
  return model[name] !== BaseModel.prototype[name];
}
