import { METHODS, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import multipart from "@fastify/multipart";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest, type HTTPMethods } from "fastify";
import { version } from "../errors/version.js";
import { didYouMean } from "../errors/nearest.js";
import { quotedList } from "../errors/words.js";
import type { JobEvent } from "../jobs/events.js";
import { predictionFacts } from "../jobs/prediction-facts.js";
import type { ServeLimits } from "../jobs/serve.js";
import { photoFormat } from "../photos/photo-format.js";
import type { Prediction } from "../recipe/classifier.js";
import { BodyBudget } from "./body-budget.js";
import { createGuard, type GuardOptions } from "./guard.js";
import type { PhotoQueue } from "./photo-queue.js";
import { badRequest, parseTop, readPhotos, type SentPhoto } from "./read-photos.js";
import { type ErrorBody, errorBody, photoRefusal, Refusal, refusalOf } from "./refusal.js";
import { schemas } from "./schemas.js";
import { type Generation, notReady, type ServedModel } from "./served-model.js";
import type { ServerMetrics } from "./server-metrics.js";

/** Where a server stands. */
export type ServerState = "starting" | "ready" | "stopping";

/** What the interface is made of. */
export interface AppParts {
  /** The default first. */
  readonly models: readonly ServedModel[];
  readonly queue: PhotoQueue;
  readonly metrics: ServerMetrics;
  readonly guard: GuardOptions;
  readonly limits: ServeLimits;
  readonly state: () => ServerState;
  /** Told of each request when it is over. */
  readonly onRequest: (event: Extract<JobEvent, { event: "request" }>) => void;
  /** Told of what is a mistake of the server. */
  readonly onFailure: (error: unknown) => void;
}

/** An interface, and how many requests are under way. */
export interface App {
  readonly server: FastifyInstance;
  /** Requests that were accepted and are not answered yet. */
  readonly underWay: () => number;
  /** Waits until all that were accepted are answered. */
  idle(): Promise<void>;
}

/** What is known of a request while it is under way. */
interface Account {
  photos: number;
  refused: number;
  bytes: number;
  model: string | undefined;
}

/** The client has gone: there is nobody to answer. */
const clientGone = 499;

/** Connections at once. */
const mostConnections = 1024;

/** Between two looks at connections that take too long, in ms. */
const lookEvery = 500;

const known: readonly HTTPMethods[] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** All that Node reads: a path that there is says of each which it takes. `CONNECT` asks for no path. */
const methods = METHODS.filter((method) => method !== "CONNECT");

/** What the page of the interface may load: what this server gives. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Paths that tell nothing of models and photos: the page of the interface, and whether there is somebody. */
function isOpen(route: string | undefined): boolean {
  return route !== undefined && (["/healthz", "/readyz", "/openapi.json"].includes(route) || route.startsWith("/docs"));
}

/** Seconds of a refusal while the server stops: by then another one may be there. */
const stoppingRetry = 5;

function stopping(): Refusal {
  return new Refusal(503, "stopping", "The server stops.", {
    advice: "Try again when it has started anew.",
    retryAfter: stoppingRetry,
    headers: { connection: "close" },
  });
}

class Predictions {
  constructor(private readonly parts: AppParts) {}

  /** The model of a name, or the first. */
  modelOf(name: string | undefined): ServedModel {
    const { models } = this.parts;
    const found = name === undefined ? models[0] : models.find((model) => model.name === name);
    if (found !== undefined) return found;
    const names = models.map((model) => model.name);
    throw new Refusal(404, "no-model", "There is no such model.", {
      expected: quotedList(names),
      received: JSON.stringify(name?.slice(0, 100)),
      advice: didYouMean(name ?? "", names),
    });
  }

  /** Answers a request. */
  async answer(
    request: FastifyRequest,
    model: ServedModel,
    account: Account,
    ending: AbortController,
  ): Promise<object> {
    account.model = model.name;
    const { top: asked, ...others } = request.query as Readonly<Record<string, unknown>>;
    const [unknown] = Object.keys(others).filter((name) => name !== "model");
    if (unknown !== undefined)
      throw badRequest(
        "The request has a parameter that is not known.",
        "top or model",
        JSON.stringify(unknown.slice(0, 100)),
      );
    const ofQuery = parseTop(asked);
    const sent = await readPhotos(request, this.parts.limits, (bytes) => {
      account.bytes += bytes;
    });
    const generation = model.take();
    try {
      const predictions = await this.look(sent.photos, generation, ending);
      const shown = predictions.map((said, index) =>
        this.shown(said, sent.photos[index]?.path, generation, sent.top ?? ofQuery),
      );
      account.refused = shown.filter((one) => "error" in one).length;
      account.photos = shown.length - account.refused;
      const [first] = predictions;
      // Of one photo its error is that of the request.
      if (!sent.isList && first instanceof Refusal) throw first;
      return { model: model.name, sha256: generation.classifier.sha256, predictions: shown };
    } finally {
      await generation.giveBack();
    }
  }

  private shown(
    said: Prediction | Refusal,
    path: string | undefined,
    { classifier, model }: Generation,
    top: number | undefined,
  ): object {
    const facts: object | ErrorBody =
      said instanceof Refusal ? errorBody(said) : predictionFacts(classifier, said, top);
    this.parts.metrics.photo(model, said instanceof Refusal ? "refused" : "predicted");
    return { path, ...facts };
  }

  /** A prediction of each photo, or why there is none. */
  private async look(
    photos: readonly SentPhoto[],
    generation: Generation,
    ending: AbortController,
  ): Promise<(Prediction | Refusal)[]> {
    const { limits, queue } = this.parts;
    const usable = photos.flatMap(({ bytes }) => (bytes instanceof Refusal ? [] : [bytes]));
    // The bytes are handed over to who decodes them.
    const formats = usable.map((bytes) => photoFormat(bytes));
    // Cleared when all is said: a signal of its own would be kept until its time has come, with all that it holds.
    const tooLate = setTimeout(() => {
      ending.abort(slow(limits));
    }, limits.seconds * 1000);
    const { signal } = ending;
    let outcomes: PromiseSettledResult<Prediction>[];
    try {
      outcomes = await untilAborted(queue.look(usable, generation, signal), signal);
    } finally {
      clearTimeout(tooLate);
    }
    const answers = outcomes.map((outcome, index) => {
      if (outcome.status === "fulfilled") return outcome.value;
      const reason = photoRefusal(outcome.reason, formats[index]);
      if (reason instanceof Refusal) return reason;
      throw reason;
    });
    const rest = answers[Symbol.iterator]();
    return photos.map(({ bytes }) => {
      if (bytes instanceof Refusal) return bytes;
      const next = rest.next();
      if (next.done === true) throw new TypeError("Each photo has an answer.");
      return next.value;
    });
  }
}

function slow({ seconds }: ServeLimits): Refusal {
  return new Refusal(503, "too-slow", "The photos could not be looked at in time.", {
    expected: `an answer within ${seconds} s`,
    received: "none by then",
    advice: "Try again later, with fewer photos at a time.",
    retryAfter: 1,
  });
}

/** What a promise gives, unless the signal comes before. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    void work.then(resolve, reject).finally(() => {
      signal.removeEventListener("abort", abort);
    });
  });
}

function describe({ name, generation }: ServedModel, isDefault: boolean): object {
  if (generation === undefined) throw notReady();
  const { classifier, opened } = generation;
  const { network, version: writtenBy, licence, image_size: size } = classifier.metadata;
  const { labels, sha256, bytes } = classifier;
  return {
    ...{ name, default: isDefault, labels, network, version: writtenBy, licence, sha256, bytes },
    image_size: size === undefined ? null : Number(size),
    opened: opened.toISOString(),
  };
}

/** An answer to what is no HTTP, or comes too slowly, straight to its connection. */
function answerBroken(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal =
    error.code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? new Refusal(408, "too-late", "The request has taken too long to arrive.")
      : error.code === "HPE_HEADER_OVERFLOW"
        ? new Refusal(431, "head-too-large", "The head of the request is too large.")
        : new Refusal(400, "bad-request", "The request is no HTTP that can be read.");
  const body = JSON.stringify(errorBody(refusal));
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ""}`,
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

/** Makes the interface; it listens to nothing yet. */
export async function createApp(parts: AppParts): Promise<App> {
  const { models, queue, metrics, limits, state } = parts;
  const guard = createGuard(parts.guard);
  const budget = new BodyBudget(limits.bodyBytes);
  const predictions = new Predictions(parts);
  const accounts = new WeakMap<object, Account>();
  let underWay = 0;
  const waiting: (() => void)[] = [];

  const server = fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: Math.ceil(limits.seconds * 1000),
    http: { connectionsCheckingInterval: lookEvery },
    routerOptions: { maxParamLength: 1000 },
    return503OnClosing: false,
    forceCloseConnections: "idle",
    clientErrorHandler: answerBroken,
    frameworkErrors: (error, _, reply) => {
      refuse(reply, error);
    },
  });
  server.server.headersTimeout = Math.min(Math.ceil(limits.seconds * 1000), server.server.headersTimeout);
  server.server.maxConnections = mostConnections;

  const refuse = (reply: FastifyReply, error: unknown): void => {
    const refusal = refusalOf(error);
    if (refusal.status >= 500 && refusal.code === "unexpected") parts.onFailure(error);
    void reply.code(refusal.status).headers(refusal.headers).send(errorBody(refusal));
  };
  for (const method of methods) if (!server.supportedMethods.includes(method)) server.addHttpMethod(method);
  server.setErrorHandler((error, _, reply) => {
    refuse(reply, error);
  });
  server.setNotFoundHandler((_, reply) => {
    refuse(
      reply,
      new Refusal(404, "not-found", "There is no such path.", { advice: "GET /docs shows those that there are." }),
    );
  });
  // Bodies are read by those who take them; schemas are for the page, and answers are what they are.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", (_, __, done) => {
    done(null);
  });
  server.setValidatorCompiler(() => () => true);
  server.setSerializerCompiler(() => (value) => JSON.stringify(value));

  const account = (request: FastifyRequest): Account => {
    const found = accounts.get(request.raw) ?? { photos: 0, refused: 0, bytes: 0, model: undefined };
    accounts.set(request.raw, found);
    return found;
  };

  server.addHook("onRequest", async (request, reply) => {
    const { raw } = request;
    const route = request.is404 ? undefined : request.routeOptions.url;
    const began = performance.now();
    let isAccepted = false;
    const closers: (() => void)[] = [];
    reply.raw.once("close", () => {
      for (const close of closers) close();
      const seconds = (performance.now() - began) / 1000;
      const status = reply.raw.writableFinished ? reply.raw.statusCode : clientGone;
      const method = known.find((one) => one === raw.method) ?? "other";
      const facts = { method, route: route ?? "other", status };
      metrics.request({ ...facts, seconds });
      const { photos, refused, bytes, model } = account(request);
      const milliseconds = Math.round(seconds * 10_000) / 10;
      parts.onRequest({ event: "request", ...facts, photos, refused, bytes, milliseconds, model });
      if (!isAccepted) return;
      underWay -= 1;
      if (underWay === 0) for (const resolve of waiting.splice(0)) resolve();
    });
    guard(raw, isOpen(route));
    if (state() === "stopping" && route !== "/healthz" && route !== "/metrics") throw stopping();
    if (raw.method === "POST" && route?.startsWith("/v1/") === true) {
      if (state() === "starting") throw notReady();
      if (queue.isFull) throw queue.refusal();
      const length = raw.headers["content-length"];
      closers.push(budget.take(length === undefined ? undefined : Number(length)));
    }
    if (state() === "stopping") return;
    isAccepted = true;
    underWay += 1;
  });
  server.addHook("onSend", async (_, reply) => {
    await Promise.resolve();
    // What a browser takes for something else than it is would be a page of this server.
    void reply.header("x-content-type-options", "nosniff");
    if (state() === "stopping") void reply.header("connection", "close");
  });

  await server.register(multipart, { throwFileSizeLimit: false });
  await server.register(swagger, {
    openapi: {
      openapi: "3.0.3",
      info: {
        title: "Graft",
        description: "Classifiers of photos, made by `graft train` and served by `graft serve`.",
        version,
      },
      ...(parts.guard.token === undefined
        ? {}
        : {
            components: { securitySchemes: { token: { type: "http" as const, scheme: "bearer" } } },
            security: [{ token: [] }],
          }),
    },
  });
  await server.register(swaggerUi, {
    routePrefix: "/docs",
    staticCSP: pagePolicy,
    // Nothing is asked of others.
    uiConfig: { validatorUrl: null },
  });

  const route = (
    method: "GET" | "POST",
    url: string,
    schema: object,
    handler: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>,
  ): void => {
    server.route({ method, url, schema, handler });
    const allowed = method === "GET" ? ["GET", "HEAD"] : [method];
    server.route({
      method: methods.filter((one) => !allowed.includes(one)),
      url,
      schema: schemas.hidden,
      handler: (request, reply) => {
        refuse(
          reply,
          new Refusal(405, "method", "The path does not take this method.", {
            expected: allowed.join(" or "),
            received: request.method,
            headers: { allow: allowed.join(", ") },
          }),
        );
      },
    });
  };

  const predicting = (request: FastifyRequest, reply: FastifyReply, name: string | undefined): Promise<object> => {
    const ending = new AbortController();
    reply.raw.once("close", () => {
      if (!reply.raw.writableFinished) ending.abort(new Refusal(clientGone, "gone", "The client has gone."));
    });
    return predictions.answer(request, predictions.modelOf(name), account(request), ending);
  };

  // Plugins that look for routes must be there before them.
  server.after(() => {
    route("POST", "/v1/predict", schemas.predict, (request, reply) => {
      const { model } = request.query as { readonly model?: unknown };
      if (model !== undefined && typeof model !== "string")
        throw badRequest("The parameter model is not usable.", "one name", "several");
      return predicting(request, reply, model);
    });
    route("POST", "/v1/models/:name/predict", schemas.predictBy, (request, reply) =>
      predicting(request, reply, (request.params as { readonly name: string }).name),
    );
    route("GET", "/v1/models", schemas.models, () =>
      Promise.resolve({ models: models.map((model, index) => describe(model, index === 0)) }),
    );
    route("GET", "/v1/models/:name", schemas.model, (request) => {
      const model = predictions.modelOf((request.params as { readonly name: string }).name);
      return Promise.resolve(describe(model, model === models[0]));
    });
    route("GET", "/healthz", schemas.healthz, () => Promise.resolve({ status: "ok" }));
    route("GET", "/readyz", schemas.readyz, () => {
      if (state() === "starting") throw notReady();
      return Promise.resolve({ status: "ready" });
    });
    route("GET", "/metrics", schemas.metrics, async (_, reply) => {
      const { contentType, text } = await metrics.text();
      void reply.header("content-type", contentType);
      return text;
    });
    route("GET", "/openapi.json", schemas.hidden, () => Promise.resolve(server.swagger()));
  });
  await server.ready();

  return {
    server,
    underWay: () => underWay,
    idle: () => (underWay === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  };
}
