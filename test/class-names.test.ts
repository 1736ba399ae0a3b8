import { rm } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import {
  callbacks,
  constraints,
  initializers,
  layers,
  losses,
  metrics,
  models,
  optimizers,
  regularizers,
  schedules,
} from "graft-ml";
import { afterAll, describe, expect, it } from "vitest";
import { PhotoError } from "../src/photos/photo-error.js";
import { errorNames, everyClass } from "./support/class-names.js";

// Beside node_modules, so that the bundle finds what it imports.
const bundle = fileURLToPath(new URL("../node_modules/.cache/graft-tests/class-names.mjs", import.meta.url));
afterAll(() => rm(bundle, { force: true }));

/** What has no name in files: classes to extend, and a function that looks like a class, as in Keras. */
const nameless: readonly unknown[] = [
  callbacks.Callback,
  constraints.Constraint,
  initializers.Initializer,
  layers.Input,
  layers.Layer,
  layers.UnaryLayer,
  losses.Loss,
  // Functions.
  ...[losses.KLD, losses.MAE, losses.MAPE, losses.MSE, losses.MSLE],
  metrics.MeanMetric,
  metrics.Metric,
  // Its objects are "Functional", those of classes which extend it too.
  models.Model,
  optimizers.Optimizer,
  regularizers.Regularizer,
];

const lists = {
  callbacks,
  constraints,
  initializers,
  layers,
  losses,
  metrics,
  models: { Sequential: models.Sequential },
  optimizers,
  regularizers,
  schedules,
};

describe("each class says the name under which it is exported", () => {
  it.each(Object.entries(lists))("%s", (_, list: Readonly<Record<string, unknown>>) => {
    const classes = Object.entries(list).filter(([key, value]) => /^[A-Z]/.test(key) && !nameless.includes(value));
    expect(classes.length).toBeGreaterThan(0);
    for (const [key, value] of classes) {
      const own = Object.getOwnPropertyDescriptor(value, "className")?.value as unknown;
      // Keras's other names of a class stand beside its own one.
      expect(list[String(own)], `the className of ${key}`).toBe(value);
    }
  });
});

describe("errors", () => {
  it("call themselves by the names of their classes", () => {
    const names = errorNames();
    expect(names).toEqual(Object.fromEntries(Object.keys(names).map((name) => [name, name])));
    expect(Object.keys(names)).toContain("UsageError");
    expect(new PhotoError("a.png", "it is no photo").name).toBe("PhotoError");
  });
});

describe("names in files", () => {
  it("are the keys of the catalogues", () => {
    for (const [kind, classes] of Object.entries(everyClass())) {
      if (kind === "callbacks") continue;
      for (const [key, saved] of Object.entries(classes)) expect(saved).toMatchObject({ className: key });
    }
  });

  it("stay when a bundler shortens identifiers", async () => {
    await build({
      entryPoints: [fileURLToPath(new URL("support/class-names.ts", import.meta.url))],
      outfile: bundle,
      bundle: true,
      format: "esm",
      platform: "node",
      packages: "external",
      minify: true,
      keepNames: false,
      logLevel: "error",
    });
    const minified = (await import(pathToFileURL(bundle).href)) as {
      everyClass: typeof everyClass;
      errorNames: typeof errorNames;
    };
    // Names of layers are counted: one class's objects are made as often in both.
    const withoutCounts = (text: string): string => text.replaceAll(/("name":"[a-z0-9_]*?)_\d+"/g, '$1"');
    const text = (classes: ReturnType<typeof everyClass>): string => withoutCounts(JSON.stringify(classes));
    expect(JSON.parse(text(minified.everyClass()))).toEqual(JSON.parse(text(everyClass())));
    expect(minified.errorNames()).toEqual(errorNames());
  });

  it("of a class of a user's own are its name in JavaScript, unless it says one", () => {
    class Mine extends layers.Dense {}
    class Said extends layers.Dense {
      static override readonly className: string = "Other";
    }
    expect([new Mine(1).className, new Said(1).className]).toEqual(["Mine", "Other"]);
    expect(new Mine(1).name).toMatch(/^mine/);
    class MyStop extends callbacks.EarlyStopping {}
    expect(new MyStop().className).toBe("MyStop");
  });
});
