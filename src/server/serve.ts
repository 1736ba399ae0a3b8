import type { AddressInfo } from "node:net";
import { UsageError } from "../errors/errors.js";
import { errorCode } from "../files/file-system-errors.js";
import { openDevice, type StoppableContext } from "../jobs/job.js";
import { isLoopback, type ServeRequest } from "../jobs/serve.js";
import type { BatchClassifier } from "../recipe/batch-classifier.js";
import { processors } from "../runtime/node/processors.js";
import { type App, createApp, type ServerState } from "./app.js";
import { PhotoQueue } from "./photo-queue.js";
import { ServedModel } from "./served-model.js";
import { createMetrics } from "./server-metrics.js";

/** What tests hurry. */
export interface ServeTuning {
  /** Between two looks at the models' files, in ms. Default 1000. */
  readonly lookEvery?: number;
}

/** Each thread that decodes has one photo on the way and one at hand. */
const photosPerThread = 2;

/** Connections whose answers are out are closed so long after the last one, in ms: who was about to ask on one hears that the server stops. */
const lastWords = 200;

/** Connections that have sent a part of a request when all is answered are closed after so long, in ms. */
const halfRequests = 1000;

const listenErrors: Readonly<Record<string, readonly [received: string, advice: string]>> = {
  EADDRINUSE: ["one that another program listens at", "Choose another with --port, or 0 for any that is free."],
  EACCES: ["one that this user may not listen at", "Choose one above 1023 with --port."],
  EADDRNOTAVAIL: ["an address that this computer does not have", "Choose another with --host; 0.0.0.0 is all of them."],
  ENOTFOUND: ["a name that leads to no address", "Choose another with --host; 0.0.0.0 is all of them."],
};

async function listen({ server }: App, { host, port }: ServeRequest): Promise<string> {
  try {
    await server.listen({ host, port });
  } catch (cause) {
    const [received, advice] = listenErrors[errorCode(cause) ?? ""] ?? [String(cause), "Choose another address."];
    throw new UsageError(`The server cannot listen at ${host}, port ${port}.`, {
      subject: "--host and --port",
      expected: "an address of this computer, and a port that is free",
      received,
      advice,
      cause,
    });
  }
  const { port: given } = server.server.address() as AddressInfo;
  return `http://${host.includes(":") ? `[${host}]` : host}:${given}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else
      signal.addEventListener(
        "abort",
        () => {
          resolve();
        },
        { once: true },
      );
  });
}

/**
 * Serves classifiers over HTTP until the signal comes. Then no new requests are taken, those that were are answered, and all is freed.
 *
 * @throws UsageError when it cannot listen there, or without a token where others than this computer could ask
 * @throws what opening the models throws
 */
export async function serve(request: ServeRequest, context: StoppableContext, tuning: ServeTuning = {}): Promise<void> {
  const { emit, parts, signal } = context;
  const { host, token, limits } = request;
  const loopback = isLoopback(host);
  if (!loopback && token === undefined) throw noToken(host);
  let state: ServerState = "starting";
  const counts = { requests: 0, photos: 0 };
  const now = (): number => performance.now();
  const started = now();
  const queue = new PhotoQueue({ most: limits.queue, atOnce: photosPerThread * processors().threads, now });
  const metrics = createMetrics(() => queue.length);
  const runtime = await openDevice(request.device, context);
  const tell = (model: string, { metadata, sha256 }: BatchClassifier): void => {
    metrics.model(model, { network: metadata["network"] ?? "", version: metadata["version"] ?? "", sha256 });
  };
  const models = request.models.map(
    (place) =>
      new ServedModel(place, {
        lookEvery: tuning.lookEvery ?? 1000,
        open: (path) => parts.openBatchClassifier(runtime, path),
        onBatch: metrics.batch.bind(metrics),
        onReload(model, classifier) {
          metrics.reload(model, "reloaded");
          tell(model, classifier);
          emit({ event: "reloaded", model, sha256: classifier.sha256, version: classifier.metadata["version"] ?? "" });
        },
        onBroken(model, message) {
          metrics.reload(model, "kept");
          emit({
            event: "warning",
            code: "not-reloaded",
            message: `The file of the model "${model}" has changed and cannot be used; the one before still answers. ${message}`,
          });
        },
      }),
  );
  const app = await createApp({
    ...{ models, queue, metrics, limits },
    guard: { token, loopback },
    state: () => state,
    onRequest(event) {
      counts.requests += 1;
      counts.photos += event.photos;
      emit(event);
    },
    onFailure(error) {
      const message = error instanceof Error ? error.message : String(error);
      emit({ event: "warning", code: "failed-request", message: `A request has failed: ${message}` });
    },
  });
  try {
    const url = await listen(app, request);
    await parts.prepareReading();
    for (const model of models) {
      if (signal.aborted) break;
      await model.start();
      if (model.generation !== undefined) tell(model.name, model.generation.classifier);
    }
    if (!signal.aborted) {
      state = "ready";
      emit({ event: "serving", url, models: models.map(({ name }) => name), device: runtime.device });
    }
    await aborted(signal);
    state = "stopping";
    emit({ event: "stopping", requests: app.underWay() });
    await app.idle();
    await new Promise((resolve) => setTimeout(resolve, lastWords));
    await app.idle();
  } finally {
    // Who has sent half a request would be waited for.
    const patience = setTimeout(() => {
      app.server.server.closeAllConnections();
    }, halfRequests);
    await app.server.close();
    clearTimeout(patience);
    await Promise.all(models.map((model) => model.stop()));
  }
  emit({ event: "done", command: "serve", ...counts, seconds: Math.round((now() - started) / 100) / 10 });
}

function noToken(host: string): UsageError {
  return new UsageError("Others than this computer could ask the server, and it has no token.", {
    subject: "--host",
    expected: "a token: --token-file FILE, or the environment variable GRAFT_TOKEN",
    received: `the address ${host} without one`,
    advice:
      "Make one with: node -p 'crypto.randomBytes(32).toString(\"hex\")' > token; " +
      "then add --token-file token, and let requests show it as Authorization: Bearer TOKEN.",
  });
}
