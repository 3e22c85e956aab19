/** A host and a TCP port, as in a site file. */
export interface SocketAddress {
  /** Name or address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * `host`, `host:port`, `[v6]:port`, also behind a scheme and before a path (`NetUtils.createSocketAddr`).
 *
 * @returns undefined when the text is no address, or has no port and there is no default
 */
export function parseSocketAddress(text: string, defaultPort?: number): SocketAddress | undefined {
  const authority = text
    .trim()
    .replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
    .replace(/\/.*$/, '');
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/i.exec(authority);
  if (match === null) return undefined;
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  if (port === undefined || port > 65_535) return undefined;
  return { host: match[1] ?? match[2]!, port };
}

/** `host:port`, with brackets around IPv6 addresses. */
export function formatSocketAddress(address: SocketAddress): string {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}
