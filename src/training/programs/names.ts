/** Names of the inputs and outputs of programs that every program has. */
export const names = {
  labels: (output: number): string => `labels/${output}`,
  sampleWeight: (output: number): string => `sample_weight/${output}`,
  learningRate: "learning_rate",
  step: "step",
  loss: "loss",
  outputLoss: (output: number): string => `loss/${output}`,
  boundary: (index: number): string => `boundary/${index}`,
  output: (index: number): string => `output/${index}`,
  metric: (index: number, state: string): string => `metric/${index}/${state}`,
  slot: (weight: string, slot: string): string => `slot/${slot}/${weight}`,
  renewed: (name: string): string => `new/${name}`,
} as const;

/** What names of figures begin with. */
export const prefixes = { outputLoss: "loss/", metric: "metric/" } as const;
