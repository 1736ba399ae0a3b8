/**
 * Whether others on the way can read or change what comes from an address: all that does not begin with https; this computer itself is not
 * on the way.
 */
export function isOpenAddress(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol !== "https:" && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}
