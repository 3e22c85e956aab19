/** Parameters of an operation; undefined ones are left out. */
export type Parameters = Readonly<Record<string, string | number | boolean | undefined>>;

/** A path as the path of a URL: every segment percent-encoded (UTF-8), `/` kept. */
export function encodePath(path: string): string {
  // Servers and proxies exist that do not decode these in a path; none needs them encoded.
  return path
    .split('/')
    .map((segment) => encodeURIComponent(segment).replace(/%(3A|3D|2C|40|24)/g, decodeURIComponent))
    .join('/');
}

/** `?op=…&…`, percent-encoded. */
export function encodeQuery(parameters: Parameters): string {
  const pairs: string[] = [];
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) pairs.push(`${name}=${encodeURIComponent(String(value))}`);
  }
  return `?${pairs.join('&')}`;
}

/** The URL of an operation on a path: `<origin>/webhdfs/v1<path>?op=…`. */
export function operationUrl(origin: string, path: string, parameters: Parameters): string {
  return `${origin}/webhdfs/v1${encodePath(path)}${encodeQuery(parameters)}`;
}

/** A URL without its secrets and its query, for messages and logs. */
export function redactUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
