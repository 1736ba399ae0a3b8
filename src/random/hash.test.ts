import { describe, expect, test } from "vitest";
import { hash128 } from "./hash.js";

const hex = (text: string) =>
  hash128(new TextEncoder().encode(text))
    .map((word) => word.toString(16).padStart(8, "0"))
    .join("");

describe("hash128", () => {
  test("gives the published values of MurmurHash3_x86_128", () => {
    expect(hex("")).toBe("00000000000000000000000000000000");
    expect(hex("I will not buy this record, it is scratched.")).toBe("a0a9683b25ac5e40d9af2895890dddf5");
    expect(hex("The quick brown fox jumps over the lazy dog")).toBe("2f1583c3ecee2c675d7bf66ce5e91d2c");
  });

  test("tells apart messages that differ in one bit or in trailing zeros", () => {
    const messages = [[1], [1, 0], [1, 0, 0], [3], Array<number>(16).fill(1), Array<number>(17).fill(1)];
    const hashes = messages.map((bytes) => hash128(Uint8Array.from(bytes)).join());
    expect(new Set(hashes).size).toBe(messages.length);
  });
});
