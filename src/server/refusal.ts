import { type ErrorFacts, GraftError } from "../errors/errors.js";
import { PhotoError } from "../photos/photo-error.js";
import { type photoFormat, readableFormats } from "../photos/photo-format.js";

/** What a refusal says beside its message. */
export interface RefusalFacts extends Partial<ErrorFacts> {
  /** Seconds after which it is worth trying again. */
  readonly retryAfter?: number | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A request, or a photo of one, that is not served: an answer with a status, a code for programs and words for people. */
export class Refusal extends GraftError {
  override readonly name: string = "Refusal";
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly status: number,
    /** For programs, such as `queue-full`. */
    readonly code: string,
    message: string,
    { retryAfter, headers, ...facts }: RefusalFacts = {},
  ) {
    super(message, { subject: code, ...facts });
    this.headers = {
      ...headers,
      ...(retryAfter === undefined ? {} : { "retry-after": String(Math.ceil(retryAfter)) }),
    };
  }
}

/** The form of every error: of a request as its body, of a photo among several in its place. */
export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string };
}

/** A refusal in the form that all errors have. */
export function errorBody({ code, message }: Refusal): ErrorBody {
  return { error: { code, message } };
}

/** Statuses of errors that Fastify finds by itself, beside what they are called and what is said of them. */
const framework: Readonly<Record<string, readonly [status: number, code: string, message: string]>> = {
  FST_ERR_BAD_URL: [400, "bad-url", "The path of the request is not usable: it is no text in UTF-8, percent-encoded."],
  FST_ERR_MAX_PARAM_LENGTH: [404, "not-found", "The path of the request is longer than any that there is."],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    415,
    "content-type",
    "The Content-Type of the request is not one: it has no type, or no subtype.",
  ],
};

/** Why a photo cannot be looked at. */
export function photoRefusal(cause: unknown, format: ReturnType<typeof photoFormat>): unknown {
  if (!(cause instanceof PhotoError)) return cause;
  const { reason, isTooLarge } = cause;
  const facts = { subject: "photo", expected: `a whole ${readableFormats}`, received: reason, cause };
  if (isTooLarge)
    return new Refusal(413, "photo-too-large", "The photo is too large.", { ...facts, expected: "a smaller photo" });
  if (format?.readable !== "yes")
    return new Refusal(415, "photo-format", "The photo is of no format that is read.", facts);
  return new Refusal(422, "photo-damaged", "The photo cannot be used.", facts);
}

/** Whatever was thrown, as an answer. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown };
  const known = typeof code === "string" ? framework[code] : undefined;
  if (known !== undefined) return new Refusal(...known, { cause: error });
  // Fastify's plugins say of a request what is wrong with it as well, under codes of their own or none.
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    return new Refusal(statusCode, "bad-request", "The request is not usable.", {
      received: error instanceof Error ? error.message.replace(/\.$/, "") : undefined,
      cause: error,
    });
  }
  return new Refusal(500, "unexpected", "The server has failed at this request. What has happened, its log says.", {
    cause: error,
  });
}
