import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { namedRecord, ownValue, withName } from "./named-record.js";

const names = [
  "0",
  "1",
  "10",
  "11",
  "2",
  "__proto__",
  "constructor",
  "toString",
  "cat",
  "4294967295",
  "toJSON",
  "then",
];
const entries = names.map((name, index) => [name, index] as const);

describe("namedRecord", () => {
  const record = namedRecord(entries);

  it("has each name, whatever it is", () => {
    for (const [name, index] of entries) {
      expect(record[name]).toBe(index);
      expect(name in record && Object.hasOwn(record, name)).toBe(true);
    }
    expect(ownValue(namedRecord([["cat", 0]]), "constructor")).toBeUndefined();
    expect("constructor" in namedRecord([["cat", 0]])).toBe(false);
    expect("toString" in namedRecord()).toBe(false);
  });

  it("keeps the order in which they were said, however one goes over them", () => {
    expect(Object.keys(record)).toEqual(names);
    expect(Object.entries(record)).toEqual(entries);
    expect(Object.values(record)).toEqual(names.map((_, index) => index));
    const seen: string[] = [];
    for (const name in record) seen.push(name);
    expect(seen).toEqual(names);
    expect(JSON.stringify(record)).toBe(`{${names.map((name, index) => `"${name}":${index}`).join(",")}}`);
    expect("".concat(record as unknown as string)).toBe(JSON.stringify(record));
    // A spread makes a plain object again: it has all, in JavaScript's order, but may be made into a list before.
    expect({
      ...namedRecord([
        ["b", 1],
        ["a", 2],
      ]),
    }).toEqual({ b: 1, a: 2 });
    expect(
      Object.keys({
        ...namedRecord([
          ["b", 1],
          ["a", 2],
        ]),
      }),
    ).toEqual(["b", "a"]);
  });

  it("keeps the order of names that are added by and by", () => {
    let filled = namedRecord<number>();
    for (const [name, index] of entries) filled = withName(filled, name, index);
    expect(Object.entries(filled)).toEqual(entries);
    // Without names that are numbers it can be sent to a thread.
    expect(structuredClone(withName(namedRecord([["loss", 1]]), "acc", 2))).toEqual({ loss: 1, acc: 2 });
  });

  it("is shown in this order", () => {
    expect(
      inspect(
        namedRecord([
          ["10", 0],
          ["2", 1],
          ["cat", 2],
        ]),
      ),
    ).toBe("{ '10': 0, '2': 1, cat: 2 }");
    expect(inspect({ of: namedRecord([["cat", 0]]) })).toBe("{ of: { cat: 0 } }");
    expect(inspect(namedRecord())).toBe("{}");
    expect(inspect(record).split("\n")).toHaveLength(names.length + 2);
  });

  it("can be added to", () => {
    const changed = namedRecord([
      ["10", 0],
      ["2", 1],
    ]);
    changed["__proto__"] = 2;
    changed["1"] = 3;
    delete changed["2"];
    expect(Object.entries(changed)).toEqual([
      ["10", 0],
      ["__proto__", 2],
      ["1", 3],
    ]);
  });

  it("takes the last value of a name that comes twice", () => {
    expect(
      Object.entries(
        namedRecord([
          ["10", 0],
          ["2", 1],
          ["10", 2],
        ]),
      ),
    ).toEqual([
      ["10", 2],
      ["2", 1],
    ]);
  });
});

it("ownValue sees nothing that is inherited", () => {
  expect(ownValue({ a: 1 }, "a")).toBe(1);
  expect(ownValue<unknown>({ a: 1 }, "constructor")).toBeUndefined();
});
