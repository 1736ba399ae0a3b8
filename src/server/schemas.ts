/* What the interface takes and gives, as its OpenAPI page shows it. Nothing is checked by it: what is checked says what is wrong in words. */

const probability = { type: "number", minimum: 0, maximum: 1 } as const;
const label = { type: "string", description: "Name of a class" } as const;

/** A photo's answer: the fields of the event `prediction` of the command line. */
const prediction = {
  type: "object",
  required: ["label", "probability", "probabilities"],
  properties: {
    path: { type: "string", description: "The file's name, where the request gave one" },
    label: { ...label, description: "The most probable class" },
    probability: { ...probability, description: "Of that class" },
    labels: {
      type: "array",
      items: label,
      description:
        "Labels that hold the right one for 95 % of photos like those that were learned from; absent where the file does not say how sure it must be",
    },
    probabilities: {
      type: "object",
      additionalProperties: probability,
      description: "By label, in the order of the classes",
    },
    top: {
      type: "array",
      items: { type: "object", required: ["label", "probability"], properties: { label, probability } },
      description: "With the parameter top: so many labels, the most probable first",
    },
    distance: {
      type: "number",
      minimum: 0,
      maximum: 2,
      description: "How far the photo is from all that was learned from",
    },
    foreign: {
      type: "boolean",
      description: "Whether it is like nothing that was learned from: its label then means little",
    },
  },
} as const;

/** The form of all errors. */
const error = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message"],
      properties: {
        code: { type: "string", description: "For programs" },
        message: { type: "string", description: "For people: what is wrong, what was expected, what came, what to do" },
      },
    },
  },
} as const;

const answer = {
  description:
    "A prediction each, in the order of the request; of several photos one that cannot be used has its error in its place",
  type: "object",
  required: ["model", "sha256", "predictions"],
  properties: {
    model: { type: "string", description: "Name of the model that has answered" },
    sha256: { type: "string", description: "Of its file" },
    predictions: { type: "array", items: { anyOf: [prediction, error] } },
  },
} as const;

const base64 = { type: "string", description: "A photo's file in base64, or as a data: URL" } as const;
const top = { type: "integer", minimum: 1, description: "So many of the most probable labels are listed" } as const;
const raw = { schema: { type: "string", format: "binary", description: "A photo's file" } } as const;

/** Forms of a body. */
const body = {
  content: {
    "multipart/form-data": {
      schema: {
        type: "object",
        properties: {
          image: {
            type: "array",
            items: { type: "string", format: "binary" },
            description: "Parts that are files, whatever their names",
          },
          top,
        },
      },
    },
    "application/json": {
      schema: {
        type: "object",
        properties: { image: base64, images: { type: "array", items: base64 }, top },
        description: "image for one photo, or images for a list",
      },
    },
    "image/*": raw,
    "application/octet-stream": raw,
  },
} as const;

const words: Readonly<Record<number, string>> = {
  400: "The request cannot be understood",
  401: "It shows no token, or a wrong one",
  403: "It comes from a page of strangers",
  404: "There is no such path or model",
  405: "The path does not take this method",
  408: "It has taken too long to arrive",
  413: "The body, the photo or the number of photos is too large",
  415: "The body or the photo is of a kind that is not read",
  422: "The photo is damaged",
  429: "Too much waits already: try again after Retry-After",
  503: "The server starts, stops or takes too long: try again after Retry-After",
};

function errors(...statuses: readonly number[]): Readonly<Record<number, object>> {
  return Object.fromEntries(statuses.map((status) => [status, { description: words[status] ?? "", ...error }]));
}

const query = { type: "object", properties: { top } } as const;
const nameOfModel = {
  type: "object",
  required: ["name"],
  properties: { name: { type: "string", description: "As in /v1/models" } },
} as const;
const predicting = {
  body,
  response: { 200: answer, ...errors(400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 503) },
} as const;

const model = {
  type: "object",
  properties: {
    name: { type: "string" },
    default: { type: "boolean", description: "Whether it answers where none is named" },
    labels: { type: "array", items: label },
    network: { type: "string" },
    version: { type: "string", description: "Of Graft, which has written the file" },
    licence: { type: "string" },
    sha256: { type: "string" },
    bytes: { type: "integer" },
    image_size: {
      type: "integer",
      nullable: true,
      description: "Side of the picture that the network sees; null where the file does not say",
    },
    opened: { type: "string", format: "date-time" },
  },
} as const;

/** A schema a route. */
export const schemas = {
  predict: {
    operationId: "predict",
    summary: "Says what is on photos",
    tags: ["photos"],
    querystring: {
      ...query,
      properties: { top, model: { type: "string", description: "Name of a model; default the first" } },
    },
    ...predicting,
  },
  predictBy: {
    operationId: "predictByModel",
    summary: "Says what is on photos, by one of several models",
    tags: ["photos"],
    params: nameOfModel,
    querystring: query,
    ...predicting,
  },
  models: {
    operationId: "models",
    summary: "The models that are served",
    tags: ["models"],
    response: {
      200: {
        description: "All of them, the default first",
        type: "object",
        properties: { models: { type: "array", items: model } },
      },
      ...errors(401, 403, 405, 503),
    },
  },
  model: {
    operationId: "model",
    summary: "One of them",
    tags: ["models"],
    params: nameOfModel,
    response: { 200: { description: "The model", ...model }, ...errors(401, 403, 404, 405, 503) },
  },
  healthz: {
    operationId: "healthz",
    summary: "Whether the process answers at all",
    tags: ["operation"],
    security: [],
    response: { 200: { description: "It does", type: "object", properties: { status: { type: "string" } } } },
  },
  readyz: {
    operationId: "readyz",
    summary: "Whether photos are taken",
    tags: ["operation"],
    security: [],
    response: {
      200: { description: "They are", type: "object", properties: { status: { type: "string" } } },
      ...errors(503),
    },
  },
  metrics: {
    operationId: "metrics",
    summary: "Figures for Prometheus",
    tags: ["operation"],
    produces: ["text/plain"],
    response: { 200: { description: "In its text format", type: "string" }, ...errors(401, 403) },
  },
  hidden: { hide: true },
} as const;
