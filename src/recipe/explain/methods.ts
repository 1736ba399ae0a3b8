/** Ways to weigh a map of features by what a class makes of it. */
export type MapMethod = "grad-cam" | "grad-cam++" | "hirescam";

/** Ways to explain what a network says of a picture. */
export type ExplainMethod = MapMethod | "attention-rollout" | "occlusion";

/** All of them. */
export const explainMethods = [
  "hirescam",
  "grad-cam",
  "grad-cam++",
  "attention-rollout",
  "occlusion",
] as const satisfies readonly ExplainMethod[];
