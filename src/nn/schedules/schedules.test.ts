import { describe, expect, it } from "vitest";
import { readGolden } from "../../../test/support/golden.js";
import { UsageError } from "../../errors/errors.js";
import { Adam } from "../optimizers/adam.js";
import { resolveOptimizer } from "../optimizers/resolve-optimizer.js";
import { CosineDecay } from "./cosine-decay.js";
import { CosineDecayRestarts } from "./cosine-decay-restarts.js";
import { ExponentialDecay } from "./exponential-decay.js";
import { InverseTimeDecay } from "./inverse-time-decay.js";
import { LearningRateSchedule } from "./learning-rate-schedule.js";
import { OneCycle } from "./one-cycle.js";
import { PiecewiseConstantDecay } from "./piecewise-constant-decay.js";
import { PolynomialDecay } from "./polynomial-decay.js";
import { resolveSchedule } from "./resolve-schedule.js";

interface GoldenSchedule {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly rates: readonly (readonly [step: number, rate: number])[];
}

const { cases } = await readGolden<{ readonly cases: readonly GoldenSchedule[] }>("nn-schedules.json");

describe("schedules have Keras's rates", () => {
  it.each(cases.map((golden, index) => [`${index} ${golden.class_name}`, golden] as const))("%s", (_, golden) => {
    const schedule = resolveSchedule(golden);
    for (const [step, rate] of golden.rates) {
      expect(Math.abs(schedule.at(step) - rate), `step ${step}`).toBeLessThan(1e-6);
    }
    expect(JSON.parse(JSON.stringify(schedule.getConfig()))).toEqual(golden.config);
  });
});

describe("optimizers", () => {
  it("follow a schedule, by position or as an option", () => {
    const schedule = new ExponentialDecay(0.1, 10, 0.5);
    for (const optimizer of [new Adam(schedule), new Adam({ learningRate: schedule })]) {
      expect(optimizer.learningRate).toBe(0.1);
      expect(optimizer.learningRateAt(11)).toBeCloseTo(0.05, 10);
      expect(optimizer.learningRate).toBeCloseTo(0.05, 10);
      expect(() => {
        optimizer.learningRate = 1;
      }).toThrow(UsageError);
    }
  });

  it("keep a schedule through their configuration", () => {
    const optimizer = new Adam(new CosineDecay(0.1, 100, { warmupTarget: 0.2, warmupSteps: 10 }));
    const again = resolveOptimizer({ class_name: "Adam", config: optimizer.getConfig() });
    expect(again.learningRateAt(6)).toBeCloseTo(0.15, 10);
    expect(again.getConfig()).toEqual(optimizer.getConfig());
  });

  it("without one keep their number", () => {
    const optimizer = new Adam(0.01);
    optimizer.learningRate = 0.02;
    expect(optimizer.learningRateAt(99)).toBe(0.02);
  });
});

it("may begin with 0, as in Keras", () => {
  expect(new ExponentialDecay(0, 10, 0.5).at(3)).toBe(0);
  expect(new InverseTimeDecay(0, 10, 0.5).at(3)).toBe(0);
  expect(new CosineDecayRestarts(0, 10).at(3)).toBe(0);
  expect(new PolynomialDecay(0, 10, { endLearningRate: 0.1 }).at(3)).toBeCloseTo(0.03, 10);
  expect(() => new ExponentialDecay(-1, 10, 0.5)).toThrow(UsageError);
});

it.each([Number.NaN, Infinity, -0.1, undefined, "0.1"])(
  "says when a schedule gives %s, which nothing can be learned with",
  (rate) => {
    class Own extends LearningRateSchedule {
      override at(step: number): number {
        return step < 2 ? 0.1 : (rate as number);
      }
    }
    const optimizer = new Adam(new Own());
    expect(optimizer.learningRateAt(2)).toBe(0.1);
    expect(() => optimizer.learningRateAt(3)).toThrow(/Own gives after 2 steps[^]*from 0/);
  },
);

describe("OneCycle", () => {
  it("begins low, is at its greatest after its rise, and ends nearly at nothing, where it stays", () => {
    const schedule = new OneCycle({ maxLearningRate: 0.1, totalSteps: 100, pctStart: 0.2 });
    const rates = Array.from({ length: 100 }, (_, step) => schedule.at(step));
    expect(rates[0]).toBeCloseTo(0.004, 10);
    expect(rates.indexOf(Math.max(...rates))).toBe(19);
    expect(rates[19]).toBeCloseTo(0.1, 10);
    expect(rates[99]).toBeCloseTo(4e-7, 12);
    expect(schedule.at(1000)).toBe(rates[99]);
  });

  it("may have no rise, no fall, or a single step", () => {
    expect(new OneCycle(1, 10, { pctStart: 0 }).at(0)).toBeGreaterThan(0.97);
    expect(new OneCycle(1, 10, { pctStart: 1 }).at(9)).toBe(1);
    expect(new OneCycle(1, 10, 0.1).at(0)).toBe(1);
    expect(new OneCycle(1, 1).at(0)).toBeCloseTo(4e-6, 12);
  });

  it("refuses what is no cycle", () => {
    expect(() => new OneCycle(1, 0)).toThrow(/totalSteps/);
    expect(() => new OneCycle(1, 10, { pctStart: 1.5 })).toThrow(/pctStart/);
    expect(() => new OneCycle(1, 10, { divFactor: 0 })).toThrow(/divFactor/);
  });
});

it("refuses boundaries without rates", () => {
  expect(() => new PiecewiseConstantDecay([1, 2], [0.1, 0.2])).toThrow(/3 rates/);
});
