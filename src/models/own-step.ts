import { BaseModel } from "./base-model.js";

/** Which step a user has written. */
export type OwnStepName = "trainStep" | "testStep";

/** What steps are made of, which a class may say alone. */
const parts = ["computeLoss", "computeMetrics"] as const;

/** Whether a model's class says itself what a step is, or what its loss or its metrics are. */
export function hasOwnStep(
  model: Readonly<Record<OwnStepName | (typeof parts)[number], unknown>>,
  name: OwnStepName,
): boolean {
  return [name, ...parts].some((part) => model[part] !== BaseModel.prototype[part]);
}
