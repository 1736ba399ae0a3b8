import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { jobParts } from "../../src/hosts/node/job-parts.js";
import type { JobEvent } from "../../src/jobs/events.js";
import type { JobParts } from "../../src/jobs/parts.js";
import { watch } from "../../src/jobs/watch.js";
import { watchFolder } from "../../src/photos/watch-folder.js";
import type { Classifier } from "../../src/recipe/classifier.js";
import { colourClassifier } from "./colour-classifier.js";
import { events, graft, type Running, startGraft } from "./command.js";
import { writePhoto } from "./photos.js";

let folder = "";
let running: Running | undefined;
let number = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-watch-"));
  await writeFile(join(folder, "model.onnx"), colourClassifier({ distanceThreshold: "0.9" }));
  await writeFile(join(folder, "evil.onnx"), colourClassifier({ labels: '["../red","green","blue"]' }));
  for (const colour of ["red", "green", "blue"] as const) await writePhoto(join(folder, `${colour}.jpg`), colour, 1);
});
afterEach(async () => {
  running?.signal("SIGKILL");
  await running?.outcome;
  running = undefined;
});
afterAll(() => rm(folder, { recursive: true }));

/** A new folder that is watched. */
async function watched(...args: string[]): Promise<{ readonly inbox: string; readonly process: Running }> {
  const inbox = join(folder, `inbox-${number++}`);
  await mkdir(inbox);
  await copyFile(join(folder, "blue.jpg"), join(inbox, "there-already.jpg"));
  const process = startGraft(["watch", "model.onnx", inbox, ...args, "--json"], folder);
  running = process;
  await process.seen('"event":"watching"');
  return { inbox, process };
}

/** Ends the watching as a user does, and gives what was said. */
async function ended(process: Running) {
  process.signal("SIGINT");
  const outcome = await process.outcome;
  expect(outcome.exitCode, outcome.stderr).toBe(0);
  return events(outcome.stdout);
}

const predictions = (all: ReturnType<typeof events>) => all.filter(({ event }) => event === "prediction");

test("names photos as they come, in folders too, and nothing else; Ctrl+C ends it well", async () => {
  const { inbox, process } = await watched();
  await mkdir(join(inbox, "camera"));
  await copyFile(join(folder, "red.jpg"), join(inbox, "new.jpg"));
  await copyFile(join(folder, "green.jpg"), join(inbox, "camera", "new.JPG"));
  await copyFile(join(folder, "red.jpg"), join(inbox, ".hidden.jpg"));
  await writeFile(join(inbox, "notes.txt"), "no photo");
  await process.seen("new.jpg");
  await process.seen("new.JPG");
  const all = await ended(process);
  expect(all[0]).toMatchObject({ event: "watching", directory: inbox, there: 1 });
  expect(
    predictions(all)
      .map(({ path, label }) => [path, label])
      .sort(),
  ).toEqual([
    [join(inbox, "camera", "new.JPG"), "green"],
    [join(inbox, "new.jpg"), "red"],
  ]);
  expect(all.at(-1)).toMatchObject({
    ...{ event: "done", command: "watch", photos: 2, skipped: 0, by_class: { red: 1, green: 1, blue: 0 } },
  });
});

test("misses no photo of folders that come with theirs at once", async () => {
  const inbox = join(folder, "at-once");
  await mkdir(inbox);
  const end = new AbortController();
  const expected = Array.from({ length: 40 }, (_, index) => join(inbox, `card-${index}`, "inner", "one.jpg"));
  const come = new Set<string>();
  const onBegin = (): void => {
    void (async () => {
      for (const path of expected) {
        await mkdir(join(path, ".."), { recursive: true });
        await copyFile(join(folder, "red.jpg"), path);
      }
    })().catch(() => {
      end.abort();
    });
  };
  const options = { all: false, except: [], signal: end.signal, onBegin, onForbidden: () => undefined };
  for await (const paths of watchFolder(inbox, options)) {
    for (const path of paths) come.add(path);
    if (come.size === expected.length) break;
  }
  expect([...come].sort()).toEqual([...expected].sort());
});

test("waits until a photo is completely written; a broken one is named, and looked at again when it is mended", async () => {
  const { inbox, process } = await watched();
  const bytes = await readFile(join(folder, "red.jpg"));
  const file = await open(join(inbox, "slow.jpg"), "w");
  for (let piece = 0; piece < 4; piece++) {
    await file.write(bytes.subarray((piece * bytes.length) >> 2, ((piece + 1) * bytes.length) >> 2));
    await new Promise((done) => setTimeout(done, 400));
  }
  await file.close();
  await process.seen(/"prediction"[^\n]*slow\.jpg/);
  await writeFile(join(inbox, "broken.jpg"), bytes.subarray(0, 300));
  await process.seen(/"skipped"[^\n]*broken\.jpg/);
  await writeFile(join(inbox, "broken.jpg"), bytes);
  await process.seen(/"prediction"[^\n]*broken\.jpg/);
  const all = await ended(process);
  expect(all.filter(({ event }) => event === "skipped").map(({ path }) => path)).toEqual([join(inbox, "broken.jpg")]);
  expect(predictions(all).map(({ path }) => path)).toEqual([join(inbox, "slow.jpg"), join(inbox, "broken.jpg")]);
});

test("--move sorts by class, into a folder in the one that is watched too, and writes over nothing", async () => {
  const { inbox, process } = await watched("--all", "--move", join(folder, `inbox-${number}`, "sorted"));
  await mkdir(join(inbox, "sorted", "red"), { recursive: true });
  await writeFile(join(inbox, "sorted", "red", "cat.jpg"), "mine");
  await copyFile(join(folder, "red.jpg"), join(inbox, "cat.jpg"));
  await process.seen(/"prediction"[^\n]*cat\.jpg/);
  const all = await ended(process);
  expect(await readFile(join(inbox, "sorted", "red", "cat.jpg"), "utf8")).toBe("mine");
  expect(await readFile(join(inbox, "sorted", "red", "cat-2.jpg"))).toEqual(await readFile(join(folder, "red.jpg")));
  expect((await readdir(inbox)).sort()).toEqual(["sorted"]);
  expect(predictions(all).map(({ placed }) => placed)).toEqual([
    join(inbox, "sorted", "blue", "there-already.jpg"),
    join(inbox, "sorted", "red", "cat-2.jpg"),
  ]);
});

test("what is like nothing that was learned from stays where it is", async () => {
  const { inbox, process } = await watched("--move", join(folder, "away"));
  await sharp({ create: { width: 40, height: 40, channels: 3, background: "#020202" } })
    .jpeg()
    .toFile(join(folder, "black.jpg"));
  await copyFile(join(folder, "black.jpg"), join(inbox, "black.jpg"));
  await process.seen(/"prediction"[^\n]*black\.jpg/);
  const [one] = predictions(await ended(process));
  expect(one).toMatchObject({ foreign: true });
  expect(one).not.toHaveProperty("placed");
  expect(await readdir(inbox)).toContain("black.jpg");
});

test("--link leaves photos where they are, and makes no second link to the same one", async () => {
  const { inbox, process } = await watched("--link", join(folder, "links"));
  await copyFile(join(folder, "green.jpg"), join(inbox, "a.jpg"));
  await process.seen(/"prediction"[^\n]*a\.jpg/);
  await ended(process);
  const again = startGraft(["watch", "model.onnx", inbox, "--link", join(folder, "links"), "--all", "--json"], folder);
  running = again;
  await again.seen(/"prediction"[^\n]*a\.jpg/);
  await again.seen(/"prediction"[^\n]*there-already\.jpg/);
  await ended(again);
  expect(await readdir(join(folder, "links", "green"))).toEqual(["a.jpg"]);
  expect((await lstat(join(folder, "links", "green", "a.jpg"))).isSymbolicLink()).toBe(true);
  expect(await readlink(join(folder, "links", "green", "a.jpg"))).toMatch(/^[/\\A-Z].*a\.jpg$/);
  expect(await readFile(join(folder, "links", "green", "a.jpg"))).toEqual(await readFile(join(folder, "green.jpg")));
});

test("a folder that cannot be written to costs no photo, and the watching goes on", async () => {
  await writeFile(join(folder, "a-file"), "mine");
  const { inbox, process } = await watched("--move", join(folder, "a-file"));
  await copyFile(join(folder, "red.jpg"), join(inbox, "one.jpg"));
  await process.seen(/"prediction"[^\n]*one\.jpg/);
  await copyFile(join(folder, "red.jpg"), join(inbox, "two.jpg"));
  await process.seen(/"prediction"[^\n]*two\.jpg/);
  const all = await ended(process);
  expect(all.filter(({ code }) => code === "not-placed")).toHaveLength(2);
  expect((await readdir(inbox)).sort()).toEqual(["one.jpg", "there-already.jpg", "two.jpg"]);
});

test("counts all photos that are there, also where they are named", async () => {
  const inbox = join(folder, `inbox-${number++}`);
  await mkdir(join(inbox, "camera"), { recursive: true });
  for (let index = 0; index < 20; index++)
    await copyFile(join(folder, "red.jpg"), join(inbox, index % 2 === 0 ? "" : "camera", `${index}.jpg`));
  const stop = new AbortController();
  const counts: number[] = [];
  const options = { all: true, except: [], signal: stop.signal, onBegin: (there: number) => counts.push(there) };
  const came: string[] = [];
  for await (const paths of watchFolder(inbox, { ...options, onForbidden: () => undefined })) {
    if (came.push(...paths) === 20) stop.abort();
  }
  expect(counts).toEqual([20]);
});

test("a photo that somebody else takes while it is looked at is said to have gone", async () => {
  const inbox = join(folder, `inbox-${number++}`);
  await mkdir(inbox);
  const photo = join(inbox, "taken.jpg");
  await copyFile(join(folder, "red.jpg"), photo);
  const stop = new AbortController();
  const said: JobEvent[] = [];
  const openClassifier: JobParts["openClassifier"] = async (...asked) => {
    const classifier = await jobParts.openClassifier(...asked);
    const predict: Classifier["predict"] = async (...photos) => {
      await rm(photo);
      return classifier.predict(...photos);
    };
    return { ...classifier, predict, release: () => classifier.release() };
  };
  const emit = (event: JobEvent): void => {
    said.push(event);
    if (event.event === "prediction") stop.abort();
  };
  const sort = { how: "move", to: join(folder, "elsewhere") } as const;
  await watch(
    { model: join(folder, "model.onnx"), directory: inbox, all: true, sort, device: "cpu" },
    { emit, now: () => Date.now(), parts: { ...jobParts, openClassifier }, signal: stop.signal },
  );
  const [warning] = said.filter(({ event }) => event === "warning");
  expect(warning).toMatchObject({
    code: "not-placed",
    message: expect.stringMatching(/taken\.jpg has gone/) as string,
  });
  expect(JSON.stringify(warning)).not.toContain("stays");
});

test.skipIf(process.platform === "win32" || process.getuid?.() === 0)(
  "a folder that may not be looked into is named, and costs no other photo (the administrator may look everywhere)",
  async () => {
    const inbox = join(folder, `inbox-${number++}`);
    await mkdir(join(inbox, "locked"), { recursive: true });
    await chmod(join(inbox, "locked"), 0o000);
    const process = startGraft(["watch", "model.onnx", inbox, "--json"], folder);
    running = process;
    await process.seen('"event":"watching"');
    await copyFile(join(folder, "red.jpg"), join(inbox, "x.jpg"));
    await process.seen(/"prediction"[^\n]*x\.jpg/);
    const all = await ended(process);
    await chmod(join(inbox, "locked"), 0o700);
    expect(all).toContainEqual(expect.objectContaining({ event: "warning", code: "not-watched" }));
  },
);

test("a folder that is a link is watched, and one that goes ends it", async () => {
  const { inbox, process } = await watched();
  process.signal("SIGKILL");
  await process.outcome;
  await symlink(inbox, join(folder, "a-link"));
  const other = startGraft(["watch", "model.onnx", "a-link", "--json"], folder);
  running = other;
  await other.seen('"event":"watching"');
  await copyFile(join(folder, "red.jpg"), join(inbox, "x.jpg"));
  await other.seen(/"prediction"/);
  await rm(inbox, { recursive: true });
  const outcome = await other.outcome;
  expect(outcome.exitCode).toBe(1);
  expect(predictions(events(outcome.stdout))[0]).toMatchObject({ path: join("a-link", "x.jpg") });
  expect(events(outcome.stdout).at(-1)?.["message"]).toMatch(/has gone while it was watched/);
});

test("sorts into the folder around the one that is watched", async () => {
  const around = join(folder, "around");
  await mkdir(join(around, "inbox"), { recursive: true });
  await copyFile(join(folder, "red.jpg"), join(around, "inbox", "x.jpg"));
  const process = startGraft(["watch", "model.onnx", "around/inbox", "--all", "--move", "around", "--json"], folder);
  running = process;
  await process.seen(/"prediction"[^\n]*x\.jpg/);
  await ended(process);
  expect(await readdir(join(around, "red"))).toEqual(["x.jpg"]);
});

test("a folder whose place another one takes ends the watching, for nothing would be heard of it", async () => {
  const { inbox, process } = await watched();
  await rename(inbox, `${inbox}-old`);
  await mkdir(inbox);
  const outcome = await process.outcome;
  expect(outcome.exitCode).toBe(1);
  expect(events(outcome.stdout).at(-1)?.["message"]).toMatch(/has gone while it was watched/);
});

test("photos cannot go to where they come from by another name, or as the folder of a class", async () => {
  await mkdir(join(folder, "place", "red"), { recursive: true });
  await symlink(join(folder, "place"), join(folder, "place-too"));
  for (const args of [
    ["place", "--move", "place-too"],
    ["place/red", "--link", "place-too"],
  ]) {
    const outcome = await graft(["watch", "model.onnx", ...args], folder);
    expect([outcome.exitCode, outcome.stdout]).toEqual([2, ""]);
    expect(outcome.stderr).toMatch(/cannot go to where they come from/);
  }
});

test.each([
  { args: ["model.onnx", "nowhere"], exitCode: 1, says: /nowhere/ },
  { args: ["model.onnx", "red.jpg"], exitCode: 1, says: /is no folder/ },
  { args: ["nowhere.onnx", "."], exitCode: 1, says: /no classifier/ },
  { args: ["model.onnx", ".", "--move", "."], exitCode: 2, says: /cannot go to where they come from/ },
  { args: ["model.onnx", ".", "--move", "a", "--link", "b"], exitCode: 2, says: /--move or --link/ },
  { args: ["evil.onnx", ".", "--move", "a"], exitCode: 2, says: /no names of folders.*\n.*"\.\.\/red"/s },
  { args: ["model.onnx"], exitCode: 2, says: /DIR/ },
])("watch $args is refused, and says why", async ({ args, exitCode, says }) => {
  const outcome = await graft(["watch", ...args], folder);
  expect([outcome.exitCode, outcome.stdout]).toEqual([exitCode, ""]);
  expect(outcome.stderr).toMatch(says);
});
