import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** A repository as the server has it. */
export interface HubRepository {
  /** By path. Contents are kept by Git LFS where their path says so: `.onnx`, `.onnx_data`, `.data`, `.bin`, `.h5`, `.keras`. */
  readonly files: Readonly<Record<string, Uint8Array | string>>;
  /** Data at the head of the model card. */
  readonly card?: object;
  /** Branches and tags beside `main`, and `main` itself where it shall not be the default commit. */
  readonly revisions?: Readonly<Record<string, string>>;
  /** Whether a licence has to be accepted, which only the account of the token has done. */
  readonly gated?: boolean;
  /** Whether it is there only for the token. */
  readonly private?: boolean;
}

/** One request that a server got. */
export interface HubRequest {
  readonly server: "hub" | "cdn";
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
}

/** A hub on this computer, and the place that it sends people to for large files. */
export interface HubServer {
  /** What `HF_ENDPOINT` is to say. */
  readonly endpoint: string;
  readonly cdn: string;
  readonly requests: HubRequest[];
  /** Set it to answer a request in another way; it gives whether it has. */
  instead: ((request: HubRequest, response: ServerResponse) => boolean) | undefined;
  readonly repositories: Record<string, HubRepository>;
  /** Stops listening. */
  readonly close: () => void;
}

/** Opens what is private or gated. */
export const hubToken = "hf_accepted";

/** The commit that `main` is, unless said otherwise. */
export const hubCommit = "0123456789abcdef0123456789abcdef01234567";

const isLfs = (path: string): boolean => /\.(onnx|onnx_data|data|bin|h5|keras|safetensors)$/.test(path);
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const gitSha1 = (bytes: Uint8Array): string =>
  createHash("sha1").update(`blob ${bytes.byteLength}\0`).update(bytes).digest("hex");

/** What Git itself holds of a file that Git LFS keeps. */
export const lfsPointer = (bytes: Uint8Array): string =>
  `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(bytes)}\nsize ${bytes.byteLength}\n`;

/** Starts a hub that is closed after the test. It answers as the real one does, as far as fetching is concerned. */
export async function hubServer(repositories: Readonly<Record<string, HubRepository>>): Promise<HubServer> {
  const requests: HubRequest[] = [];
  const servers: Server[] = [];
  const listen = async (
    name: HubRequest["server"],
    answer: (request: HubRequest, response: ServerResponse) => void,
  ) => {
    const server = createServer((message, response) => {
      message.resume();
      const request = { server: name, method: message.method ?? "", url: message.url ?? "", headers: message.headers };
      requests.push(request);
      if (hub.instead?.(request, response) !== true) answer(request, response);
    });
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const close = (): void => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  };
  const hub: { -readonly [Key in keyof HubServer]: HubServer[Key] } = {
    ...{ endpoint: "", cdn: "", requests, instead: undefined, repositories: { ...repositories }, close },
  };
  onTestFinished(close);
  hub.cdn = await listen("cdn", (request, response) => {
    const contents = Object.values(hub.repositories)
      .flatMap(({ files }) => Object.values(files))
      .map((content) => Buffer.from(content))
      .find((bytes) => request.url === `/blobs/${sha256(bytes)}`);
    if (contents === undefined) response.writeHead(403).end();
    else send(request, response, contents, { etag: `"cdn-${sha256(contents).slice(0, 8)}"` });
  });
  hub.endpoint = await listen("hub", (request, response) => {
    answer(hub, request, response);
  });
  return hub;
}

/** Contents, or the part of them that is asked for. */
export function send(
  request: HubRequest,
  response: ServerResponse,
  bytes: Uint8Array,
  headers: Record<string, string>,
): void {
  const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const condition = request.headers["if-range"];
  const start = condition === undefined || condition === headers["etag"] ? from : 0;
  if (start >= bytes.byteLength && start > 0) {
    response.writeHead(416).end();
    return;
  }
  const range = start > 0 ? { "content-range": `bytes ${start}-${bytes.byteLength - 1}/${bytes.byteLength}` } : {};
  const body = bytes.subarray(start);
  response.writeHead(start > 0 ? 206 : 200, { ...headers, ...range, "content-length": body.byteLength });
  response.end(request.method === "HEAD" ? undefined : body);
}

/** Refuses as the hub does: what went wrong stands in headers. */
export function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, {
    ...(code === "" ? {} : { "x-error-code": code }),
    "x-error-message": message,
    "content-type": "application/json",
  });
  response.end(JSON.stringify({ error: message }));
}

function json(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { ...headers, "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(value));
}

/** Files of one page of a listing. */
const page = 3;

function answer(hub: HubServer, request: HubRequest, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url, hub.endpoint);
  const [, api, name = "", kind = "", rest = ""] =
    /^(\/api\/models)?\/([^/]+\/[^/]+)\/(revision|tree|paths-info|resolve)\/(.+)$/.exec(pathname) ?? [];
  const repository = hub.repositories[name];
  const isOwner = request.headers.authorization === `Bearer ${hubToken}`;
  if (repository === undefined || (repository.private === true && !isOwner)) {
    const status = request.headers.authorization === undefined ? 401 : 404;
    refuse(response, status, "RepoNotFound", "Repository not found");
    return;
  }
  const [encoded = "", ...path] = rest.split("/");
  const revision = decodeURIComponent(encoded);
  const { main = hubCommit, ...others } = repository.revisions ?? {};
  const commits: Record<string, string> = { main, ...others };
  const commit = commits[revision] ?? (Object.values(commits).includes(revision) ? revision : undefined);
  if (commit === undefined) {
    refuse(response, 404, "RevisionNotFound", `Invalid rev id: ${revision}`);
    return;
  }
  if (api !== undefined && kind === "revision") {
    const { card, files } = repository;
    const siblings = Object.keys(files).map((rfilename) => ({ rfilename }));
    json(response, { _id: "1", id: name, private: false, gated: false, sha: commit, cardData: card, siblings });
    return;
  }
  if (api !== undefined) {
    const entries = treeOf(repository);
    const at = Number(searchParams.get("cursor") ?? 0);
    const next = `${hub.endpoint}${pathname}?recursive=true&expand=false&cursor=${at + page}`;
    const link = at + page < entries.length ? { link: `<${next}>; rel="next"` } : {};
    json(response, entries.slice(at, at + page), link);
    return;
  }
  // Listings of gated repositories are for everybody.
  if (repository.gated === true && !isOwner) {
    const status = request.headers.authorization === undefined ? 401 : 403;
    refuse(response, status, "GatedRepo", `Access to model ${name} is restricted.`);
    return;
  }
  resolve(hub, repository, { commit, file: path.map(decodeURIComponent).join("/") }, request, response);
}

function resolve(
  hub: HubServer,
  { files }: HubRepository,
  { commit, file }: { readonly commit: string; readonly file: string },
  request: HubRequest,
  response: ServerResponse,
): void {
  const content = files[file];
  if (content === undefined) {
    refuse(response, 404, "EntryNotFound", "Entry not found");
    return;
  }
  const bytes = Buffer.from(content);
  const headers = { "x-repo-commit": commit, "accept-ranges": "bytes" };
  if (!isLfs(file)) {
    send(request, response, bytes, { ...headers, etag: `"${gitSha1(bytes)}"` });
    return;
  }
  const oid = sha256(bytes);
  response.writeHead(302, {
    ...headers,
    ...{ "x-linked-etag": `"${oid}"`, "x-linked-size": bytes.byteLength, etag: `"pointer"` },
    // Ordinary answers of files that lie in the newer store have this too.
    "x-xet-hash": oid,
    location: `${hub.cdn}/blobs/${oid}`,
  });
  response.end();
}

/** The listing of a repository, folders among it. */
function treeOf({ files }: HubRepository): object[] {
  const folders = new Set(
    Object.keys(files).flatMap((path) => (path.includes("/") ? [path.replace(/\/[^/]*$/, "")] : [])),
  );
  return [
    ...[...folders].map((path) => ({ type: "directory", path, size: 0, oid: gitSha1(Buffer.from(path)) })),
    ...Object.entries(files).map(([path, content]) => {
      const bytes = Buffer.from(content);
      if (!isLfs(path)) return { type: "file", path, size: bytes.byteLength, oid: gitSha1(bytes) };
      const pointer = Buffer.from(lfsPointer(bytes));
      const lfs = { oid: sha256(bytes), size: bytes.byteLength, pointerSize: pointer.byteLength };
      return { type: "file", path, size: bytes.byteLength, oid: gitSha1(pointer), lfs, xetHash: sha256(bytes) };
    }),
  ];
}
