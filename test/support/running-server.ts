import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { jobParts } from "../../src/hosts/node/job-parts.js";
import type { JobEvent } from "../../src/jobs/events.js";
import type { JobParts } from "../../src/jobs/parts.js";
import { type ServedPath, serveDefaults, type ServeLimits, type ServeRequest } from "../../src/jobs/serve.js";
import { serve } from "../../src/server/serve.js";

/** How a server of a test differs from a usual one. */
export interface RunningServerOptions extends Partial<Omit<ServeRequest, "limits" | "models">> {
  readonly limits?: Partial<ServeLimits>;
  readonly parts?: Partial<JobParts>;
  /** Whether to wait until its models are open. Default `true`. */
  readonly ready?: boolean;
}

/** A server in this process. */
export interface RunningServer {
  readonly url: string;
  readonly events: readonly JobEvent[];
  /** Waits for an event. */
  seen<Name extends JobEvent["event"]>(name: Name, count?: number): Promise<Extract<JobEvent, { event: Name }>>;
  /** Says that it stops. */
  abort(): void;
  /** Says it, and waits for its end. */
  stop(): Promise<void>;
  /** Its end, or why it has failed. */
  readonly ended: Promise<void>;
}

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`It has never come to it: ${what}.`);
}

/** A port that is free just now. */
export async function freePort(): Promise<number> {
  const { createServer } = await import("node:net");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("A server has an address.");
  return address.port;
}

/** Starts a server at a port of its own, which looks at its files often. */
export async function startServer(
  models: readonly ServedPath[],
  { limits, parts, ready = true, ...options }: RunningServerOptions = {},
): Promise<RunningServer> {
  const events: JobEvent[] = [];
  const controller = new AbortController();
  const port = await freePort();
  const request: ServeRequest = {
    ...{ models, host: "127.0.0.1", port, token: undefined, device: "cpu", ...options },
    limits: { ...serveDefaults.limits, ...limits },
  };
  const context = {
    emit: (event: JobEvent) => events.push(event),
    now: () => Date.now(),
    parts: { ...jobParts, ...parts },
    signal: controller.signal,
  };
  const ended = serve(request, context, { lookEvery: 30 });
  let failure: Error | undefined;
  ended.catch((error: unknown) => {
    failure = error instanceof Error ? error : new Error(String(error));
  });
  const server: RunningServer = {
    url: `http://127.0.0.1:${port}`,
    events,
    async seen(name, count = 1) {
      const found = (): JobEvent[] => events.filter(({ event }) => event === name);
      await until(
        () => {
          if (failure !== undefined) throw failure;
          return found().length >= count;
        },
        `${count} × ${name}, among ${events.map(({ event }) => event).join(", ")}`,
      );
      return found()[count - 1] as never;
    },
    abort() {
      controller.abort();
    },
    async stop() {
      controller.abort();
      await ended;
    },
    ended,
  };
  if (ready) await server.seen("serving");
  return server;
}

/** An answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Of its JSON; `undefined` where it is none. */
  readonly json: unknown;
}

/** How something is asked: `fetch` sets some headers by itself, and sends no body with holes. */
export interface HttpQuestion {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** Asks something. */
export function ask(url: string, { method = "GET", headers = {}, body }: HttpQuestion = {}): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("end", () => {
        const text = Buffer.concat(pieces).toString();
        let json: unknown;
        try {
          json = JSON.parse(text);
        } catch {
          json = undefined;
        }
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
      });
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** Posts a body. */
export function post(
  url: string,
  type: string,
  body: Uint8Array | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpAnswer> {
  const length = String(Buffer.byteLength(body));
  return ask(url, { method: "POST", headers: { "content-type": type, "content-length": length, ...headers }, body });
}

/** Posts parts of a form; a name makes a part a file. */
export async function postForm(
  url: string,
  parts: readonly { readonly field: string; readonly name?: string; readonly value: Uint8Array | string }[],
): Promise<HttpAnswer> {
  const form = new FormData();
  for (const { field, name, value } of parts) {
    if (typeof value === "string" && name === undefined) form.append(field, value);
    else form.append(field, new Blob([Uint8Array.from(Buffer.from(value))]), name);
  }
  const response = new Response(form);
  const body = new Uint8Array(await response.arrayBuffer());
  return post(url, response.headers.get("content-type") ?? "", body);
}
