import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** What is counted of a server: figures in Prometheus's form, without names of photos or clients. */
export interface ServerMetrics {
  /** A request was answered, or its client has gone (499). */
  request(facts: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly seconds: number;
  }): void;
  /** A photo was looked at, or could not be. */
  photo(model: string, outcome: "predicted" | "refused"): void;
  /** A run looked at photos together. */
  batch(model: string, photos: number): void;
  /** A model's file has changed. */
  reload(model: string, outcome: "reloaded" | "kept"): void;
  /** What answers now under a name. */
  model(model: string, facts: { readonly network: string; readonly version: string; readonly sha256: string }): void;
  /** All of it as text, and the type of that. */
  text(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** @param queued how many photos wait now */
export function createMetrics(queued: () => number): ServerMetrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: "graft_requests_total",
    help: "Requests that were answered; status 499: the client had gone before",
    labelNames: ["method", "route", "status"],
    registers,
  });
  const seconds = new Histogram({
    name: "graft_request_duration_seconds",
    help: "From the head of a request to the end of its answer",
    labelNames: ["route"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    registers,
  });
  const photos = new Counter({
    name: "graft_photos_total",
    help: "Photos that were looked at (predicted), or could not be (refused)",
    labelNames: ["model", "outcome"],
    registers,
  });
  const batches = new Histogram({
    name: "graft_batch_photos",
    help: "Photos that a run of the network looks at together",
    labelNames: ["model"],
    buckets: [1, 2, 4, 8],
    registers,
  });
  new Gauge({
    name: "graft_queue_photos",
    help: "Photos that were accepted and are not answered yet",
    registers,
    collect() {
      this.set(queued());
    },
  });
  const reloads = new Counter({
    name: "graft_model_reloads_total",
    help: "Changes of a model's file: reloaded, or kept where the new one cannot be used",
    labelNames: ["model", "outcome"],
    registers,
  });
  const info = new Gauge({
    name: "graft_model_info",
    help: "1 for the file that answers under a name",
    labelNames: ["model", "network", "version", "sha256"],
    registers,
  });
  const told = new Map<string, { readonly network: string; readonly version: string; readonly sha256: string }>();
  return {
    request({ method, route, status, seconds: took }) {
      requests.inc({ method, route, status });
      seconds.observe({ route }, took);
    },
    photo(model, outcome) {
      photos.inc({ model, outcome });
    },
    batch(model, count) {
      batches.observe({ model }, count);
    },
    reload(model, outcome) {
      reloads.inc({ model, outcome });
    },
    model(model, facts) {
      const before = told.get(model);
      if (before !== undefined) info.remove({ model, ...before });
      told.set(model, facts);
      info.set({ model, ...facts }, 1);
    },
    async text() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}
