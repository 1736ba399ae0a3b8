import { expect, test } from "vitest";
import { summariesIn } from "../../../test/support/event-files.js";
import { sessionEnd, sessionStart } from "./hparams.js";
import { frame, wholeRecords } from "./records.js";
import { histogram, image, scalar, type Summary, summaryRecord, text, versionRecord, whatIsIn } from "./summaries.js";

const file = (step: number, summaries: readonly Summary[]): Buffer =>
  Buffer.concat([versionRecord(5), summaryRecord(5.25, step, summaries)]);

test("a record is framed as TensorFlow frames it", () => {
  // tf.io.TFRecordWriter(path).write(b"123456789"), TensorFlow 2.21.
  expect(Buffer.from(frame(Buffer.from("123456789"))).toString("hex")).toBe(
    "0900000000000000" + "37f97139" + "313233343536373839" + "e5b08ac7",
  );
});

test("summaries are what another reader finds", () => {
  const picture = {
    bytes: Uint8Array.of(1, 2, 3),
    width: 300,
    height: 20,
    title: "It",
    description: "what *it* shows",
  };
  const all = [scalar("a/b", -1.5), image("photo", picture), text("words", "größer"), scalar("", Infinity)];
  const [first, second, third, fourth] = summariesIn(file(70000, all));
  expect(first).toMatchObject({ seconds: 5.25, step: 70000, tag: "a/b", plugin: "scalars", numbers: [-1.5] });
  expect(second).toMatchObject({ tag: "photo", plugin: "images", title: "It", description: "what *it* shows" });
  expect(second?.strings.map((bytes) => bytes.toString("latin1"))).toEqual(["300", "20", "\x01\x02\x03"]);
  expect(third).toMatchObject({ plugin: "text", strings: [Buffer.from("größer")] });
  expect(fourth).toMatchObject({ tag: "", numbers: [Infinity] });
});

test("a histogram has a row for each bucket", () => {
  const [found] = summariesIn(file(1, [histogram("weights", Float32Array.of(0, 0.5, 1, NaN), 2)]));
  expect(found).toMatchObject({ plugin: "histograms", numbers: [0, 0.5, 1, 0.5, 1, 2] });
});

test("settings keep their types", () => {
  const settings = { network: "vgg16", epochs: 6, learning_rate: 3e-4, flat: false, deep: true };
  const [start, end] = summariesIn(file(0, [sessionStart(settings, 9), sessionEnd(10)]));
  expect(start).toMatchObject({ tag: "_hparams_/session_start_info", plugin: "hparams", hparams: settings });
  expect(end).toMatchObject({ tag: "_hparams_/session_end_info", plugin: "hparams" });
});

test("records are read up to the first that is cut off or damaged", () => {
  const bytes = new Uint8Array(file(3, [scalar("a", 1), scalar("b", 2)]));
  const { records, length } = wholeRecords(bytes);
  expect(length).toBe(bytes.length);
  expect(records.map(whatIsIn)).toEqual([
    { step: 0, tags: [] },
    { step: 3, tags: ["a", "b"] },
  ]);
  const second = versionRecord(5).length;
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 16;
    expect(wholeRecords(damaged).records).toHaveLength(at < second ? 0 : 1);
    expect(wholeRecords(bytes.subarray(0, at)).records).toHaveLength(at < second ? 0 : 1);
  }
});

test("bytes that are no event are told from one", () => {
  for (const bytes of [[255], [10, 200, 1], [11], [42, 3, 10, 1]])
    expect(whatIsIn(Uint8Array.from(bytes))).toBeUndefined();
});
