import { expect, test } from "vitest";
import { photoExtensions, photoFormat, photoFormats, readableFormats, whyUnreadable } from "./photo-format.js";

/** The first bytes of a file of each format, a character each. */
const samples: Record<string, readonly string[]> = {
  JPEG: ["\xff\xd8\xff\xe0"],
  PNG: ["\x89PNG\r\n\x1a\n"],
  WebP: ["RIFF\0\0\0\0WEBP"],
  GIF: ["GIF87a", "GIF89a"],
  TIFF: ["II*\0", "MM\0*", "II+\0", "MM\0+"],
  AVIF: ["\0\0\0\x18ftypavif\0\0\0\0mif1", "\0\0\0\x18ftypmif1\0\0\0\0avif"],
  BMP: ["BM\0\0"],
  PPM: ["P6 1 1 255\n", "P3\n"],
  HEIC: ["\0\0\0\x18ftypheic\0\0\0\0mif1", "\0\0\0\x18ftypmif1\0\0\0\0heix"],
  "JPEG XL": ["\xff\x0a", "\0\0\0\x0cJXL "],
  "JPEG 2000": ["\0\0\0\x0cjP  "],
  // A box of 16 bytes ends before what looks like a brand.
  video: ["\0\0\0\x18ftypisom\0\0\0\0mp42", "\0\0\0\x10ftypqt  \0\0\0\0avif"],
  Photoshop: ["8BPS"],
  PDF: ["%PDF-1.7"],
  ZIP: ["PK\x03\x04"],
  HTML: ["\xef\xbb\xbf\n<!DOCTYPE html>", "<html>"],
  SVG: ["<svg>", '<?xml version="1.0"?><svg>'],
};

const bytesOf = (characters: string) => Uint8Array.from(characters, (character) => character.charCodeAt(0));

test("every format has a sample, and is told by its first bytes", () => {
  expect(Object.keys(samples)).toEqual(photoFormats.map(({ name }) => name));
  for (const [name, starts] of Object.entries(samples)) {
    expect(starts.map((start) => photoFormat(bytesOf(start))?.name)).toEqual(starts.map(() => name));
  }
  expect(["", "\xff\xd8", "not a photo", "\0\0\0\x18free"].map((start) => photoFormat(bytesOf(start)))).toEqual(
    Array(4).fill(undefined),
  );
});

test("files of every format that may be read are listed, each extension once", () => {
  expect(new Set(photoExtensions).size).toBe(photoExtensions.length);
  expect([...photoExtensions].sort()).toEqual(
    ["avif", "bmp", "gif", "heic", "heif", "jfif", "jpe", "jpeg", "jpg", "png", "ppm", "tif", "tiff", "webp"].sort(),
  );
});

test("messages say what is read, and what to do with other files", () => {
  expect(readableFormats).toBe("JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP or PPM");
  expect(whyUnreadable(undefined)).toBe(`it is not a ${readableFormats}`);
  expect(whyUnreadable(photoFormat(bytesOf("%PDF")))).toBe(`it is a PDF document, not a ${readableFormats}`);
  expect(whyUnreadable(photoFormat(bytesOf("\0\0\0\x0cJXL ")))).toMatch(
    /which cannot be read here; convert it to JPEG or PNG$/,
  );
});
