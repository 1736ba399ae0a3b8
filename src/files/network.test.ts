import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { UsageError } from "../errors/errors.js";
import { downloadFile } from "./download.js";
import { networkOf, npmWithNetwork } from "./network.js";
import { loadNpmOptions } from "./npm-config.js";

/** Made for these tests, for localhost and 127.0.0.1; nobody trusts it. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUTvGoXoslb4YswMB3eFGyqJSs0+MwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNzA5NDI0N1oYDzIxMjYxMTAz
MDk0MjQ3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARISYQjY2yFVBgqY47tFzoljawAlTObFRw5GpDkrXNg1MG34kaDNnXQ
Mx1aYaVMy91vml0sqSUDy9HlAReE2N45o28wbTAdBgNVHQ4EFgQUoKT6OdYJsyZQ
E57Gae8LamWwB0kwHwYDVR0jBBgwFoAUoKT6OdYJsyZQE57Gae8LamWwB0kwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhALK9WFwpCNZ3V+RvPcj+FOO1s9BeCd6/ws89wchSrhKJAiEA
4AycYZ0Qfjf3TXkWGbCHkDRhVve3zPR20On/hLi27QM=
-----END CERTIFICATE-----
`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg4M8ncyAdwaJJ1R0d
HBu0qRQxS6BqlVV8dvEGwxCfLSqhRANCAARISYQjY2yFVBgqY47tFzoljawAlTOb
FRw5GpDkrXNg1MG34kaDNnXQMx1aYaVMy91vml0sqSUDy9HlAReE2N45
-----END PRIVATE KEY-----
`;

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-network-"));
  await writeFile(join(folder, "company.pem"), certificate);
});
afterEach(() => rm(folder, { recursive: true }));

const content = Buffer.from("weights of a network");

/** Where a server that is closed after the test listens. */
async function listening(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${String((server.address() as AddressInfo).port)}`;
}

async function tlsServer(): Promise<string> {
  const server = createTlsServer({ key, cert: certificate }, (_, response) => response.end(content));
  return `https://${await listening(server)}/w.bin`;
}

/** A proxy, and the hosts that it was asked for. */
async function proxy(refusal?: string): Promise<{ readonly host: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ""} ${request.url ?? ""}`);
    response.end(content);
  });
  server.on("connect", (request, socket) => {
    asked.push(request.url ?? "");
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${refusal}\r\n\r\n`);
      return;
    }
    const [host = "", port = "0"] = (request.url ?? "").split(":");
    const through = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      through.pipe(socket).pipe(through);
    });
    through.on("error", () => socket.destroy());
    socket.on("error", () => through.destroy());
  });
  return { host: await listening(server), asked };
}

/** Downloads as in an environment, with the lines of a user's npmrc. */
async function download(url: string, env: NodeJS.ProcessEnv, ...npmrc: string[]): Promise<string> {
  const config = join(folder, "npmrc");
  await writeFile(config, npmrc.join("\n"));
  const surroundings = { ...env, npm_config_userconfig: config, npm_config_globalconfig: join(folder, "none") };
  const network = networkOf(await loadNpmOptions(surroundings, folder), surroundings);
  const destination = join(folder, "w.bin");
  const checksum = { algorithm: "sha256", hex: createHash("sha256").update(content).digest("hex") } as const;
  await downloadFile({ url, destination, checksum, network }, { retry: 1 });
  return readFile(destination, "utf8");
}

describe("downloads", () => {
  test("trust certificates that the environment or npm's configuration name, and no others", async () => {
    const url = await tlsServer();
    const file = join(folder, "company.pem");
    await expect(download(url, {})).rejects.toThrow(/certificate is not trusted.*NODE_EXTRA_CA_CERTS/s);
    const ways: readonly (readonly [env: NodeJS.ProcessEnv, ...npmrc: string[]])[] = [
      [{ NODE_EXTRA_CA_CERTS: file }],
      [{ SSL_CERT_FILE: file }],
      [{}, `cafile=${file}`],
      [{}, "strict-ssl=false"],
    ];
    for (const way of ways) {
      expect(await download(url, ...way)).toBe(String(content));
      await rm(join(folder, "w.bin"), { force: true });
    }
  });

  test("go through the proxy, but for hosts that go without", async () => {
    const url = await tlsServer();
    const { host, asked } = await proxy();
    const trusted = { NODE_EXTRA_CA_CERTS: join(folder, "company.pem") };
    const again = async (env: NodeJS.ProcessEnv, ...npmrc: string[]): Promise<number> => {
      asked.length = 0;
      expect(await download(url, { ...trusted, ...env }, ...npmrc)).toBe(String(content));
      await rm(join(folder, "w.bin"));
      return asked.length;
    };
    expect(await again({ HTTPS_PROXY: `http://${host}` })).toBe(1);
    expect(await again({ https_proxy: host })).toBe(1);
    expect(await again({ HTTP_PROXY: `http://${host}` })).toBe(1);
    expect(await again({}, `https-proxy=http://${host}`)).toBe(1);
    expect(await again({ HTTPS_PROXY: `http://${host}`, NO_PROXY: "example.com,127.0.0.1" })).toBe(0);
    expect(await again({ HTTPS_PROXY: `http://${host}`, no_proxy: "*" })).toBe(0);
    expect(await again({ HTTPS_PROXY: `http://${host}` }, "noproxy=127.0.0.1")).toBe(0);
  });

  test("ask the proxy itself for what is not encrypted: many proxies tunnel to port 443 alone", async () => {
    const { host, asked } = await proxy();
    expect(await download("http://localhost/w.bin", { HTTP_PROXY: host })).toBe(String(content));
    expect(asked).toEqual(["GET http://localhost/w.bin"]);
  });

  test("blame no proxy for a host that goes without it", async () => {
    const env = { HTTP_PROXY: "http://127.0.0.1:9", NO_PROXY: "localhost" };
    const server = createServer();
    const gone = (await listening(server)).replace("127.0.0.1", "localhost");
    server.close();
    const failed = download(`http://${gone}/w.bin`, env);
    await expect(failed).rejects.toThrow(/cannot be downloaded/);
    await expect(failed).rejects.not.toThrow(/the proxy/);
  });

  test("say what the proxy says, and when there is none", async () => {
    const url = await tlsServer();
    const { host } = await proxy("407 Proxy Authentication Required");
    await expect(download(url, { HTTPS_PROXY: `http://${host}` })).rejects.toThrow(
      new RegExp(`the proxy ${host} refuses with HTTP 407: it wants a login`),
    );
    await expect(download(url, { HTTPS_PROXY: "http://127.0.0.1:9" })).rejects.toThrow(
      /the proxy 127\.0\.0\.1:9 cannot be reached/,
    );
    expect(() => networkOf({}, { HTTPS_PROXY: "http://" })).toThrow(UsageError);
  });
});

test("npm's own libraries get the same network", () => {
  const npm = { registry: "https://mirror.company/npm/", "@x:registry": "https://other.company/", strictSSL: true };
  const env = { HTTP_PROXY: "proxy:8080", NO_PROXY: "*", NODE_EXTRA_CA_CERTS: join(folder, "company.pem") };
  const given = npmWithNetwork(npm, networkOf(npm, env));
  expect(given).toMatchObject({
    ...npm,
    proxy: "http://proxy:8080",
    httpsProxy: "http://proxy:8080",
    noProxy: ["mirror.company", "other.company"],
  });
  expect(given["ca"]).toContain(certificate);
  expect(npmWithNetwork(npm, networkOf(npm, {}))).toMatchObject({
    proxy: null,
    httpsProxy: null,
    noProxy: [],
    ca: null,
  });
});
