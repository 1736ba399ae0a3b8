import type { IncomingMessage } from "node:http";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { ServeLimits } from "../jobs/serve.js";
import { tooLarge } from "./body-budget.js";
import { Refusal } from "./refusal.js";

/** A photo of a request. */
export interface SentPhoto {
  /** What its file holds, or why that cannot be had. */
  readonly bytes: Uint8Array | Refusal;
  /** The file's name, where the client has given one: it goes back to it, and is used for nothing. */
  readonly path?: string | undefined;
}

/** What a request brings. */
export interface SentPhotos {
  readonly photos: readonly SentPhoto[];
  /** Whether it is a list, in which each photo has its own error. */
  readonly isList: boolean;
  readonly top: number | undefined;
}

/** The most labels that can be asked for: more than any classifier has. */
export const mostTop = 1_000_000;

/** What a number of labels must be. */
export const topText = `a whole number from 1 to ${mostTop}`;

/** @throws Refusal for what is no number of labels */
export function parseTop(text: unknown): number | undefined {
  if (text === undefined) return undefined;
  const value = typeof text === "string" && /^\d{1,7}$/.test(text) ? Number(text) : text;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= mostTop) return value;
  throw badRequest("The parameter top is not usable.", topText, shown(text));
}

function shown(value: unknown): string {
  return (JSON.stringify(value) as string | undefined)?.slice(0, 100) ?? "nothing";
}

/** A request that cannot be understood. */
export function badRequest(message: string, expected: string, received: string, cause?: unknown): Refusal {
  return new Refusal(400, "bad-request", message, { expected, received, cause });
}

function tooMany({ photos }: ServeLimits): Refusal {
  return new Refusal(413, "too-many-photos", "The request has too many photos.", {
    expected: `at most ${photos}`,
    received: "more",
    advice: "Send fewer photos at a time, or start the server with a larger --max-photos.",
  });
}

function gone(cause?: unknown): Refusal {
  return new Refusal(400, "cut-off", "The body of the request is cut off.", {
    expected: "as many bytes as its head says",
    received: "fewer",
    cause,
  });
}

/** All of a body; `onBytes` is told of each piece. */
async function wholeBody(raw: IncomingMessage, most: number, onBytes: (count: number) => void): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of raw as AsyncIterable<Buffer>) {
      length += piece.length;
      onBytes(piece.length);
      if (length > most) throw tooLarge(most, "more");
      pieces.push(piece);
    }
  } catch (cause) {
    throw cause instanceof Refusal ? cause : gone(cause);
  }
  return Buffer.concat(pieces, length);
}

/** What a body of JSON holds: one photo or a list, in base64. */
const jsonBody = z.union([
  z.strictObject({ image: z.string(), top: z.unknown().optional() }),
  z.strictObject({ images: z.array(z.string()).min(1), top: z.unknown().optional() }),
]);

/** A photo in base64, either of its alphabets, with or without the head of a `data:` URL. */
function fromBase64(text: string): Uint8Array | Refusal {
  const [head = ""] = /^data:[^,]{0,200};base64,/i.exec(text) ?? [];
  const digits = text.slice(head.length).replaceAll(/[\s]+/g, "");
  if (/^[A-Za-z0-9+/_-]*={0,2}$/.test(digits)) {
    const bytes = Buffer.from(digits, "base64");
    const length = digits.replace(/=+$/, "").length;
    const isPadded = digits.length > length;
    if ((isPadded ? digits.length % 4 === 0 : length % 4 !== 1) && bytes.length === Math.floor((length * 3) / 4))
      return bytes;
  }
  return badRequest(
    "The photo is no base64.",
    "letters, digits, + and / (or - and _), with = at the end",
    shown(text.slice(0, 40)),
  );
}

async function readJson(
  request: FastifyRequest,
  limits: ServeLimits,
  onBytes: (count: number) => void,
): Promise<SentPhotos> {
  const body = await wholeBody(request.raw, limits.bodyBytes, onBytes);
  const expected =
    '{ "image": BASE64 } or { "images": [BASE64, …] }, perhaps with "top"; ?model=NAME in the address names the model';
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    const received = body.length === 0 ? "nothing" : cause instanceof Error ? cause.message : "something else";
    throw badRequest("The body of the request is no JSON.", expected, received.slice(0, 200), cause);
  }
  const images = typeof value === "object" && value !== null && "images" in value ? value.images : undefined;
  if (Array.isArray(images) && images.length > limits.photos) throw tooMany(limits);
  const parsed = jsonBody.safeParse(value);
  if (!parsed.success) {
    const keys = typeof value === "object" && value !== null ? Object.keys(value).slice(0, 8) : undefined;
    throw badRequest(
      "The JSON of the request is not of the form that is read.",
      expected,
      keys === undefined ? shown(value) : `the fields ${shown(keys)}, or another type in one of them`,
    );
  }
  const { top } = parsed.data;
  const isList = "images" in parsed.data;
  const texts = "images" in parsed.data ? parsed.data.images : [parsed.data.image];
  return { photos: texts.map((text) => ({ bytes: fromBase64(text) })), isList, top: parseTop(top) };
}

/** What the parser of multipart bodies says where a limit is reached. */
const limitCodes: ReadonlySet<unknown> = new Set(["FST_PARTS_LIMIT", "FST_FILES_LIMIT"]);

async function readMultipart(
  request: FastifyRequest,
  limits: ServeLimits,
  onBytes: (count: number) => void,
): Promise<SentPhotos> {
  const photos: SentPhoto[] = [];
  let top: number | undefined;
  let length = 0;
  try {
    const parts = request.parts({
      limits: { files: limits.photos, fileSize: limits.bodyBytes, fields: 8, fieldSize: 100, parts: limits.photos + 8 },
    });
    for await (const part of parts) {
      if (part.type === "field") {
        if (part.fieldname !== "top")
          throw badRequest(
            "The request has a field that is not known.",
            "files, and perhaps a field top; ?model=NAME in the address names the model",
            shown(part.fieldname.slice(0, 40)),
          );
        top = parseTop(part.value);
        continue;
      }
      const pieces: Buffer[] = [];
      for await (const piece of part.file as AsyncIterable<Buffer>) {
        length += piece.length;
        onBytes(piece.length);
        if (length > limits.bodyBytes) throw tooLarge(limits.bodyBytes, "more");
        pieces.push(piece);
      }
      if (part.file.truncated) throw tooLarge(limits.bodyBytes, "more");
      photos.push({ bytes: Buffer.concat(pieces), path: part.filename === "" ? undefined : part.filename });
    }
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    const { code, message } = cause as { readonly code?: unknown; readonly message?: unknown };
    if (limitCodes.has(code)) throw tooMany(limits);
    throw badRequest(
      "The parts of the request cannot be read.",
      "a whole body of multipart/form-data",
      String(message).replace(/\.$/, "").slice(0, 200),
      cause,
    );
  }
  if (photos.length === 0) throw badRequest("The request has no photo.", "a part that is a file", "none");
  return { photos, isList: photos.length > 1, top };
}

async function readRaw(
  request: FastifyRequest,
  limits: ServeLimits,
  onBytes: (count: number) => void,
): Promise<SentPhotos> {
  const bytes = await wholeBody(request.raw, limits.bodyBytes, onBytes);
  if (bytes.length === 0) throw badRequest("The request has no photo.", "its bytes as the body", "nothing");
  return { photos: [{ bytes }], isList: false, top: undefined };
}

/**
 * Reads the photos of a request, in any form that is taken.
 *
 * @param onBytes told of each piece that was read
 * @throws Refusal for what cannot be understood, or is too much
 */
export async function readPhotos(
  request: FastifyRequest,
  limits: ServeLimits,
  onBytes: (count: number) => void,
): Promise<SentPhotos> {
  const { headers } = request;
  const encoding = headers["content-encoding"] ?? "identity";
  const type = (headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const refuse = (received: string): never => {
    throw new Refusal(415, "content-type", "The body of the request is of a type that is not read.", {
      expected: "multipart/form-data, application/json, image/… or application/octet-stream, not compressed",
      received,
    });
  };
  if (encoding !== "identity") refuse(`Content-Encoding: ${encoding.slice(0, 100)}`);
  if (type === "multipart/form-data") return readMultipart(request, limits, onBytes);
  if (type === "application/json") return readJson(request, limits, onBytes);
  if (type.startsWith("image/") || type === "application/octet-stream") return readRaw(request, limits, onBytes);
  return refuse(type === "" ? "no Content-Type" : `Content-Type: ${type.slice(0, 100)}`);
}
