import { errorCode } from "./file-system-errors.js";

/** The connection broke or the server is busy: worth another attempt. */
export class Interruption extends Error {
  /**
   * @param message what happened, in words
   * @param options.after how long the server asks to wait, in ms; default: it does not say
   */
  constructor(
    message: string,
    { after, cause }: { readonly after?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.after = after;
  }

  readonly after: number | undefined;
}

/** Longest time that a server may ask to wait for, in ms; whoever asks for more is not waited for. */
export const longestWait = 60_000;

/** A response that says to come again: too many requests, or a server in trouble. `undefined` for all others. */
export function busy(response: Response): Interruption | undefined {
  const { status, statusText, headers } = response;
  if (![408, 425, 429].includes(status) && status < 500) return undefined;
  const words = `HTTP ${String(status)} ${statusText}`.trim();
  const after = retryAfter(headers.get("retry-after"));
  if (after === undefined) return new Interruption(words);
  return new Interruption(`${words}: to be asked again in ${String(Math.ceil(after / 1000))} s`, { after });
}

/**
 * @returns ms, 0 or more
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}

/**
 * How long to wait before the next attempt.
 *
 * @param failures attempts in a row that brought nothing, 1 or more
 * @param first the wait before the second attempt, in ms; twice as long before each further one
 * @returns ms; `undefined` where the server asks for more than {@link longestWait}
 */
export function waitBefore(failures: number, first: number, { after = 0 }: Interruption): number | undefined {
  return after > longestWait ? undefined : Math.max(after, first * 2 ** failures);
}

/** Codes of failures that often pass; others, such as an unknown host, are told at once. */
export const transientCodes = new Set([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_SOCKET",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);

const failureWords: Readonly<Record<string, string>> = {
  ENOTFOUND: "the server's name is not known: no network, or a wrong address",
  EAI_AGAIN: "the server's name cannot be looked up: no network",
  ENETUNREACH: "no network",
  ECONNREFUSED: "the server refused the connection",
  ETIMEDOUT: "no answer from the server",
  UND_ERR_CONNECT_TIMEOUT: "no answer from the server",
};

const untrusted =
  "the server's certificate is not trusted: name a file with that of your company in NODE_EXTRA_CA_CERTS, or npm's cafile";

/**
 * Node's fetch hides what happened in the error's cause.
 *
 * @param proxy the host of the proxy, if the download goes through one
 */
export function networkFailure(cause: unknown, proxy?: string): { code: string | undefined; words: string } {
  const inner = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause;
  const code = errorCode(inner);
  const message = inner instanceof Error && inner.message !== "" ? inner.message : String(cause);
  const refusal = /Proxy response \((\d+)\)/.exec(allMessages(cause))?.[1];
  if (refusal !== undefined) {
    const login = refusal === "407" ? ": it wants a login, as in http://name:password@host:port" : "";
    return { code: "UND_ERR_PROXY", words: `the proxy ${proxy ?? ""} refuses with HTTP ${refusal}${login}` };
  }
  if (message === "redirect count exceeded") return { code, words: "the server redirects in circles" };
  if (/^(SELF_SIGNED_CERT|DEPTH_ZERO|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_)/.test(code ?? "")) {
    return { code, words: `${untrusted} (${code ?? ""})` };
  }
  if (proxy !== undefined && (code === "ECONNREFUSED" || code === "ENOTFOUND") && isAt(inner, proxy)) {
    return { code, words: `the proxy ${proxy} cannot be reached (${code})` };
  }
  return { code, words: (code && failureWords[code]) ?? (code === undefined ? message : `${message} (${code})`) };
}

/** Whether an error of the network was one on the way to a proxy: hosts that go without it fail by themselves. */
function isAt(error: unknown, proxy: string): boolean {
  const { hostname, port } = error as { readonly hostname?: string; readonly port?: number };
  const at = new URL(`http://${proxy}`);
  if (hostname !== undefined) return hostname === at.hostname;
  return port === undefined || port === Number(at.port === "" ? "80" : at.port);
}

/** The messages of an error and of those that led to it. */
function allMessages(error: unknown): string {
  return error instanceof Error ? `${error.message} ${allMessages(error.cause)}` : "";
}
