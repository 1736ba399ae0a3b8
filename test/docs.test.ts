import { readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { format, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";
import type { DoneEvent, JobEvent, Moment } from "../src/jobs/events.js";
import { optionTable } from "./support/option-table.js";

const root = fileURLToPath(new URL("../", import.meta.url));

async function read(path: string): Promise<string> {
  return (await readFile(join(root, path), "utf8")).replaceAll("\r\n", "\n");
}

/** Files of a folder and the folders in it, with `/`, as paths from the root. */
async function pathsBelow(folder: string): Promise<string[]> {
  const names = await readdir(join(root, folder), { recursive: true });
  return [folder, ...names.map((name) => `${folder}/${name.replaceAll("\\", "/")}`)];
}

const names = (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`);
const pages = new Map(
  await Promise.all(
    ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...names].map(async (name) => [name, await read(name)] as const),
  ),
);
const page = (name: string): string => pages.get(name) ?? "";

/** Text between backticks, outside of fences. */
function codeIn(text: string): string[] {
  const prose = text.replaceAll(/^```.*?^```$/gms, "");
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = ""]) => code);
}

/** The cells of those rows of a table that begin with code, by that code. */
function rowsOf(text: string): Map<string, string[]> {
  const rows = [...text.matchAll(/^\| `(\w+)` +\|(.*)\|$/gm)];
  return new Map(rows.map(([, name = "", cells = ""]) => [name, cells.split("|").map((cell) => cell.trim())]));
}

describe("the options of graft train in docs/command.md", () => {
  it("are those of the one table", async () => {
    const path = "docs/command.md";
    const marks = /(<!-- Options of graft train: .* -->\n).*?(<!-- End of the options\. -->)/s;
    expect(page(path)).toMatch(marks);
    const options = { ...(await resolveConfig(join(root, path))), parser: "markdown" };
    const made = await format(
      page(path).replace(marks, (_, begin: string, end: string) => `${begin}\n${optionTable()}\n\n${end}`),
      options,
    );
    if (process.env["GRAFT_WRITE_DOCS"] === "1") await writeFile(join(root, path), made);
    else expect(page(path)).toBe(made);
  });
});

type ForMachines = Exclude<JobEvent, Moment>;
type Named = Exclude<ForMachines["event"], "done">;

/** The compiler sees to it that each event is here, with all of its fields and no others. */
/** The fields of any of several events of one name. */
type FieldsOf<One> = One extends unknown ? keyof One : never;

const events: {
  readonly [Name in Named]: Record<Exclude<FieldsOf<Extract<ForMachines, { event: Name }>>, "event">, true>;
} = {
  start: { run: true, network: true, classes: true, photos: true, device: true },
  resumed: { run: true, saved: true },
  progress: {
    ...{ stage: true, unit: true, done: true, total: true, what: true },
    ...{ epoch: true, epochs: true, loss: true, accuracy: true, trial: true, seconds_left: true },
    photos_per_second: true,
  },
  trial: {
    ...{ trial: true, learning_rate: true, unfreeze: true, epochs: true, batch_size: true, loss: true, accuracy: true },
    ...{ seconds: true, better: true, seconds_left: true },
  },
  epoch: {
    ...{ phase: true, epoch: true, epochs: true, loss: true, accuracy: true, val_loss: true, val_accuracy: true },
    ...{ learning_rate: true, seconds: true },
  },
  stage: { stage: true, seconds_left: true },
  model: { path: true, phase: true, epoch: true, val_loss: true, val_accuracy: true },
  weighting: { kind: true, asked: true, smallest: true, largest: true, weights: true },
  warning: { code: true, message: true },
  skipped: { path: true, reason: true },
  prediction: {
    ...{ path: true, label: true, probability: true, labels: true, probabilities: true },
    ...{ top: true, distance: true, foreign: true, placed: true },
  },
  watching: { directory: true, there: true },
  explanation: { path: true, label: true, probability: true, method: true, picture: true, heat: true },
  network: {
    ...{ name: true, description: true, licence: true, preprocess: true, image_size: true, format: true, inputs: true },
    ...{ outputs: true, crop: true, keep_proportions: true, interpolation: true, framing_source: true },
    ...{ preprocess_source: true, labels: true, layers: true, parameters: true, cut: true, stages: true },
    ...{ last_block: true, trouble: true, missing: true },
    ...{ megabytes: true, accuracy: true, accuracy_by: true, accuracy_source: true, milliseconds: true },
  },
  serving: { url: true, models: true, device: true },
  request: {
    ...{ method: true, route: true, status: true, photos: true, refused: true, bytes: true, milliseconds: true },
    ...{ model: true },
  },
  reloaded: { model: true, sha256: true, version: true },
  stopping: { requests: true },
  kept: { name: true, model: true, photos: true, bytes: true, last_used: true },
  error: { code: true, message: true },
};

type FieldsOfEnd<Command extends DoneEvent["command"]> = Record<
  Exclude<keyof Extract<DoneEvent, { command: Command }>, "event" | "command">,
  true
>;

const endOfTraining: FieldsOfEnd<"train"> = {
  ...{
    run: true,
    model: true,
    report: true,
    epochs: true,
    best_epoch: true,
    loss: true,
    accuracy: true,
    val_loss: true,
  },
  ...{ val_accuracy: true, val_accuracy_interval: true, val_balanced_accuracy: true, val_calibration_error: true },
  ...{ seconds: true, test_loss: true, test_accuracy: true, test_accuracy_interval: true },
  ...{ test_balanced_accuracy: true, learning_curve: true, trunk: true, repeated: true },
};

/** The same for the ends of commands. */
const ends: { readonly [Command in DoneEvent["command"]]: FieldsOfEnd<Command> } = {
  train: endOfTraining,
  tune: { ...endOfTraining, trials: true, chosen: true },
  evaluate: {
    ...{ photos: true, loss: true, accuracy: true, accuracy_interval: true },
    ...{ balanced_accuracy: true, calibration_error: true },
    ...{ foreign: true, per_class: true, confusion: true, device: true },
  },
  predict: { photos: true, skipped: true, by_class: true, foreign: true, device: true },
  watch: { photos: true, skipped: true, by_class: true, foreign: true, device: true },
  explain: { photos: true, skipped: true, device: true },
  export: {
    ...{ target: true, path: true, files: true, bytes: true, notes: true, photos: true, accuracy_before: true },
    ...{ accuracy_after: true, difference: true, other_labels: true, float32: true, device: true },
  },
  report: { report: true, photos: true, accuracy: true, accuracy_interval: true },
  serve: { requests: true, photos: true, seconds: true },
  networks: { networks: true },
  inspect: { usable: true },
  cache: { folder: true, bytes: true, cleared: true },
};

describe("docs/events.md", () => {
  const rows = rowsOf(page("docs/events.md"));

  it("lists all events that are for machines, and all commands", () => {
    expect([...rows.keys()].sort()).toEqual([...Object.keys(events), ...Object.keys(ends)].sort());
  });

  it.each(Object.entries({ ...events, ...ends }))("says which fields %s has", (name, fields) => {
    const [cell = ""] = rows.get(name) ?? [];
    expect(codeIn(cell).sort()).toEqual(Object.keys(fields).sort());
  });

  it("says how it ends", () => {
    expect(page("docs/events.md")).toContain("The last line is `done` or `error`.");
  });
});

describe("paths", () => {
  it.each([...pages.keys()])("in %s exist", async (name) => {
    const folders = ["src", "test", "docs", "scripts", "bench", "examples"];
    const known = new Set((await Promise.all(folders.map(pathsBelow))).flat());
    const inFolder = new RegExp(`^(${folders.join("|")})/`);
    const named = codeIn(page(name))
      .flatMap((code) => code.split(" "))
      .filter((word) => !/[<>…*]/.test(word))
      .map((word) => word.replace(/[/.,;]$/, ""))
      // Source files are named from `src/` on.
      .filter((word) => inFolder.test(word) || /^[\w-]+\/\S+\.ts$/.test(word));
    expect(named.filter((path) => !known.has(path) && !known.has(`src/${path}`))).toEqual([]);
  });

  it.each([...pages.keys()])("that %s links to exist", async (name) => {
    const links = [...page(name).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, path = ""]) => path);
    for (const link of links) {
      const path = posix.join(dirname(name), link);
      await expect(readFile(join(root, path)), path).resolves.toBeDefined();
    }
  });
});

describe("the library's page", () => {
  it("shows code that stands in an example, where it is type-checked", async () => {
    const examples = await Promise.all(
      (await readdir(join(root, "examples")))
        .filter((name) => name.endsWith(".ts"))
        .map((name) => read(`examples/${name}`)),
    );
    const shown = [...page("docs/library.md").matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code);
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.filter((code) => !examples.some((example) => example.includes(code)))).toEqual([]);
  });
});
