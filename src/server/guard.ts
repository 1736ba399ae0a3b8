import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Refusal } from "./refusal.js";

/** Who may ask. */
export interface GuardOptions {
  /** What requests must show; `undefined`: nothing. */
  readonly token: string | undefined;
  /** Whether only programs of this computer reach the server: a browser is one of them, whatever page it shows. */
  readonly loopback: boolean;
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** This computer's own names, as the header `Host` has them. */
const ownName = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/i;

/**
 * Refuses what a page of strangers may have a browser ask: one whose name has been made to lead to this computer (DNS rebinding), which
 * shows in `Host`, and one of another origin, which shows in `Origin` and `Sec-Fetch-Site`.
 */
function refusePages({ method, headers }: IncomingMessage): void {
  const { host, origin } = headers;
  if (host !== undefined && !ownName.test(host)) {
    throw new Refusal(403, "foreign-host", "The request names another host.", {
      expected: "localhost or 127.0.0.1 in the header Host",
      received: host.slice(0, 100),
      advice: "Ask by one of these names. To serve others, start it with --host and a token.",
    });
  }
  const [site = "none"] = [headers["sec-fetch-site"]].flat();
  const isVisit = method === "GET" && headers["sec-fetch-mode"] === "navigate";
  const isForeign =
    (origin !== undefined && origin !== `http://${host ?? ""}`) || !["none", "same-origin"].includes(site);
  if (!isForeign || isVisit) return;
  throw new Refusal(403, "cross-site", "The request comes from a page of another origin.", {
    expected: "a request of a program, or of a page of this server",
    received: origin === undefined ? `Sec-Fetch-Site: ${site.slice(0, 100)}` : `Origin: ${origin.slice(0, 100)}`,
    advice: "Have the page ask a server of its own, which asks this one.",
  });
}

/**
 * Makes what looks at each request before anything of it is read.
 *
 * @returns refuses a request by throwing; `open` lets those pass that show no token, for what tells nothing
 */
export function createGuard({ token, loopback }: GuardOptions): (request: IncomingMessage, open: boolean) => void {
  const expected = token === undefined ? undefined : digest(token);
  return (request, open) => {
    if (loopback) refusePages(request);
    if (expected === undefined || open) return;
    const [, shown] = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? "") ?? [];
    // Hashes have one length, and are compared in one time, whatever was shown.
    if (timingSafeEqual(digest(shown ?? ""), expected) && shown !== undefined) return;
    throw new Refusal(401, "token", "The request shows no token, or a wrong one.", {
      expected: "the header Authorization: Bearer TOKEN",
      received: shown === undefined ? "none" : "another token",
      headers: { "www-authenticate": 'Bearer realm="graft"' },
    });
  };
}
