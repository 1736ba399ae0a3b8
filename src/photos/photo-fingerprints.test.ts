import { expect, test } from "vitest";
import { hashBytes } from "../files/checksum.js";
import { joinFingerprints, photoFingerprint, splitFingerprints } from "./photo-fingerprints.js";

const fingerprints = Array.from({ length: 500 }, (_, index) =>
  photoFingerprint(hashBytes(Uint8Array.of(index & 255, index >> 8), "sha256")),
);

test("photos are told by eight characters each, in whatever order they come", () => {
  const text = joinFingerprints(fingerprints);
  expect(text).toHaveLength(8 * 500);
  expect(joinFingerprints([...fingerprints, ...fingerprints].reverse())).toBe(text);
  expect(splitFingerprints(text)).toEqual(new Set(fingerprints));
  expect(splitFingerprints(joinFingerprints([]))).toEqual(new Set());
});

test.each(["abc", "ab=defgh", `${joinFingerprints(fingerprints)}!`, "a\nbcdefg"])("%j is no list of them", (text) => {
  expect(splitFingerprints(text)).toBeUndefined();
});
