import { closeSync, readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";
import { EnvHttpProxyAgent, fetch as fetchThrough } from "undici";
import { UsageError } from "../errors/errors.js";
import { openRegularFileSync } from "./regular-file.js";
import { loadNpmOptions, type NpmOptions } from "./npm-config.js";

/** How this computer reaches the network, for all downloads alike. */
export interface Network {
  /** Proxy for https, and for http; `undefined` for none. */
  readonly httpsProxy: string | undefined;
  readonly httpProxy: string | undefined;
  /** Hosts that are reached without it; `*` for all. */
  readonly noProxy: readonly string[];
  /** Certificates to trust, in PEM; `undefined` for those that Node trusts anyway. */
  readonly certificates: readonly string[] | undefined;
  /** Whether certificates are checked. */
  readonly checked: boolean;
}

/** Files of certificates that variables name; both are known to other programs. */
const certificateFiles = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"];

/**
 * Puts together what npm's configuration (`https-proxy`, `proxy`, `noproxy`, `cafile`, `ca`, `strict-ssl`) and the environment
 * (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`, `NODE_EXTRA_CA_CERTS`, `SSL_CERT_FILE`, proxies in small letters too) say; npm's
 * configuration goes first.
 *
 * @throws UsageError for a proxy that is no address
 */
export function networkOf(npm: NpmOptions, env: NodeJS.ProcessEnv): Network {
  const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
  const variable = (name: string): string | undefined => text(env[name.toLowerCase()]) ?? text(env[name]);
  const httpProxy = address(text(npm["proxy"]) ?? variable("HTTP_PROXY"));
  const httpsProxy = address(text(npm["httpsProxy"]) ?? text(npm["proxy"]) ?? variable("HTTPS_PROXY")) ?? httpProxy;
  const listed = [npm["noProxy"]].flat().filter((host) => typeof host === "string" && host !== "");
  const noProxy = (listed.length > 0 ? listed.join(",") : (variable("NO_PROXY") ?? "")).split(/[\s,]+/).filter(Boolean);
  const own = [npm["ca"]].flat().filter((certificate) => typeof certificate === "string");
  const extra = certificateFiles.flatMap((name) => certificatesIn(env[name]));
  const certificates = own.length + extra.length > 0 ? [...rootCertificates, ...extra, ...own] : undefined;
  return { httpsProxy, httpProxy, noProxy, certificates, checked: npm["strictSSL"] !== false };
}

/** A proxy's address; without a scheme it is one of http. */
function address(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  const url = /^[a-z][a-z\d+.-]*:\/\//i.test(given) ? given : `http://${given}`;
  if (URL.canParse(url)) return url;
  throw new UsageError("The proxy is no address.", {
    subject: "HTTPS_PROXY",
    expected: "an address such as http://proxy:8080",
    received: given,
    advice: "Set HTTPS_PROXY, or npm's https-proxy, anew.",
  });
}

/** What Node itself cannot read it ignores, too. */
function certificatesIn(path: string | undefined): string[] {
  if (path === undefined || path === "") return [];
  try {
    const file = openRegularFileSync(path);
    try {
      return [readFileSync(file, "utf8")];
    } finally {
      closeSync(file);
    }
  } catch {
    return [];
  }
}

/** The proxy that a download goes through, without what it is unlocked with; `undefined` for none. */
export function proxyName({ httpsProxy, httpProxy }: Network, url: string): string | undefined {
  const proxy = url.startsWith("https:") ? httpsProxy : httpProxy;
  return proxy === undefined ? undefined : new URL(proxy).host;
}

/** npm's configuration for npm's own libraries, with the same network as all other downloads. */
export function npmWithNetwork(npm: NpmOptions, network: Network): NpmOptions {
  const { httpsProxy, httpProxy, noProxy, certificates } = network;
  const registries = Object.entries(npm).flatMap(([name, value]) =>
    /(^|:)registry$/.test(name) && typeof value === "string" && URL.canParse(value) ? [new URL(value).hostname] : [],
  );
  return {
    ...npm,
    httpsProxy: httpsProxy ?? null,
    proxy: httpProxy ?? null,
    // They do not know the star.
    noProxy: noProxy.includes("*") ? registries : noProxy,
    ca: certificates ?? null,
  };
}

/** `fetch` through the network of this computer. */
export function fetchOf({ httpsProxy, httpProxy, noProxy, certificates, checked }: Network): typeof globalThis.fetch {
  // Then nothing speaks against Node's own.
  if (httpProxy === undefined && httpsProxy === undefined && certificates === undefined && checked)
    return globalThis.fetch;
  const tls = { ca: certificates?.slice(), rejectUnauthorized: checked };
  const dispatcher = new EnvHttpProxyAgent({
    // An empty text is none; left out, the agent would look into the environment itself.
    httpProxy: httpProxy ?? "",
    httpsProxy: httpsProxy ?? "",
    noProxy: noProxy.join(","),
    // What is not encrypted is asked of the proxy itself, as curl and npm do: many tunnel to port 443 alone.
    proxyTunnel: false,
    connect: tls,
    requestTls: tls,
    proxyTls: tls,
  });
  const fetch = async (url: string | URL, init?: object): Promise<unknown> =>
    fetchThrough(url, { ...init, dispatcher });
  // The same standard, in types of its own.
  return fetch as unknown as typeof globalThis.fetch;
}

let own: Promise<Network> | undefined;

/** The network of this process; npm's configuration is read once. */
export async function ownNetwork(): Promise<Network> {
  own ??= loadNpmOptions().then((npm) => networkOf(npm, process.env));
  return own;
}
