import { UsageError } from "graft-ml";
import { describe, expect, it } from "vitest";
import { everyClass } from "./support/class-names.js";
import { camelCase } from "../src/errors/former-names.js";
import * as graft from "graft-ml";
import { type PublicClass, optionNames, publicClasses, requiredOptions } from "./support/public-surface.js";

/** The error that something throws or rejects with. */
async function errorOf(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (error) {
    return error;
  }
  return undefined;
}

const classes = publicClasses();

/** What messages call a class. */
function nameOf({ path, Class }: PublicClass): string {
  return Class.className ?? path.slice(path.lastIndexOf(".") + 1);
}

/** Whether an option of a class is one of those that are true or false, as its configuration tells. */
function isSwitch(Class: PublicClass["Class"], options: Readonly<Record<string, unknown>>, name: string): boolean {
  const made = new Class(options) as { getConfig?: () => Readonly<Record<string, unknown>> };
  const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  try {
    return typeof made.getConfig?.()[snake] === "boolean";
  } catch {
    // What is made of a function has no configuration.
    return false;
  }
}

describe("every public class", () => {
  it.each(classes.map((one) => [one.path, one] as const))("%s can be made from options by name", (_, one) => {
    expect(new one.Class(requiredOptions(one))).toBeInstanceOf(one.Class);
  });

  it.each(classes.map((one) => [one.path, one] as const))(
    "%s refuses options that it does not have",
    async (_, one) => {
      const options = requiredOptions(one);
      const unknown = await errorOf(() => new one.Class({ ...options, bogusOption: 1 }));
      expect(unknown).toBeInstanceOf(UsageError);
      expect(String(unknown)).toContain('no option "bogusOption"');
      expect(String(unknown)).toContain(nameOf(one).replace(/^InputLayer$/, "Input"));
      expect(new one.Class({ ...options, bogusOption: undefined })).toBeInstanceOf(one.Class);
    },
  );

  it("takes nothing but true and false where Keras has a switch", async () => {
    /** Names that are a number or a list in other classes, and what users may call theirs: they are as in Keras. */
    const open = /^(center|scale|normalize|invert|learnable|training|autocast|stateful|sparse|ragged|optional)$/;
    const taken: string[] = [];
    for (const one of classes) {
      const options = requiredOptions(one);
      for (const name of optionNames(one.Class)) {
        if (open.test(name) || !isSwitch(one.Class, options, name)) continue;
        for (const value of ["false", 0, null]) {
          const error = await errorOf(() => new one.Class({ ...options, [name]: value }));
          if (!(error instanceof UsageError)) taken.push(`${one.path}: ${name}: ${String(value)}`);
        }
      }
    }
    expect(taken).toEqual([]);
    // These have no configuration.
    const others: readonly (readonly [name: string, make: (options: object) => unknown])[] = [
      ["restoreBestWeights", (options) => new graft.callbacks.EarlyStopping(options)],
      ["saveBestOnly", (options) => new graft.callbacks.ModelCheckpoint("x.keras", options)],
      ["horizontalFlip", (options) => new graft.ImageDataGenerator(options)],
      ["includeTop", (options) => graft.applications.VGG16({ weights: null, ...options })],
      ["shuffle", (options) => graft.imageDatasetFromDirectory("x", options)],
      ["followLinks", (options) => new graft.ImageDataGenerator().flowFromDirectory("x", options)],
    ];
    for (const [name, make] of others) {
      expect(String(await errorOf(() => make({ [name]: "false" })))).toContain("true or false");
    }
    const layer = new graft.layers.Dense(1);
    expect(() => {
      (layer as { trainable: unknown }).trainable = "false";
    }).toThrow(/trainable.*true or false.*"false"/s);
  });

  it.each(
    classes.flatMap((one) => {
      const name = optionNames(one.Class).find((option) => /[A-Z]/.test(option));
      return name === undefined ? [] : [[one.path, name, one] as const];
    }),
  )("%s says that an option in snake_case is called %s", async (_, name, one) => {
    const snake = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    const { [name]: value = 1, ...options } = requiredOptions(one);
    const error = await errorOf(() => new one.Class({ ...options, [snake]: value }));
    expect(error).toBeInstanceOf(UsageError);
    expect(String(error)).toContain(`It is called "${name}" here.`);
  });

  it("takes from a file whatever its configuration says", () => {
    /** Entries that say what is always so here, or what a class sets itself. */
    const fixed =
      /^(dtype|sparse|ragged|lora_rank|quantization_config|loss_scale_factor|data_format|groups|from_sorted_ids|trainable)$/;
    const namespaces = graft as unknown as Readonly<Record<string, Readonly<Record<string, object>>>>;
    const missing = Object.entries(everyClass()).flatMap(([kind, saved]) =>
      Object.entries(saved).flatMap(([key, made]) => {
        const Class = namespaces[kind]?.[key];
        const { config } = (made ?? {}) as { readonly config?: object };
        const known = optionNames(Class as never);
        return Object.keys(config ?? {})
          .filter((name) => !known.includes(camelCase(name)) && !fixed.test(name))
          .map((name) => `${kind}.${key}: ${name}`);
      }),
    );
    expect(missing).toEqual([]);
  });
});
