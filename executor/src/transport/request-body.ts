import type { IncomingMessage } from 'node:http';

/** How the body of a request came out. */
export type RequestBody =
  | { readonly kind: 'complete'; readonly body: Buffer }
  | { readonly kind: 'tooLarge' }
  /** The caller is gone. */
  | { readonly kind: 'aborted' };

/** Whether the headers announce a body. */
export function announcesBody(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return (
    request.headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
  );
}

/** Reads a body of at most `limitBytes`; reads nothing at all when its announced length is more. */
export async function readRequestBody(
  request: IncomingMessage,
  limitBytes: number,
): Promise<RequestBody> {
  if (!announcesBody(request)) return { kind: 'complete', body: Buffer.alloc(0) };
  const announced = request.headers['content-length'];
  if (announced !== undefined && Number(announced) > limitBytes) return { kind: 'tooLarge' };
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Buffer;
      sizeBytes += bytes.length;
      if (sizeBytes > limitBytes) return { kind: 'tooLarge' };
      chunks.push(bytes);
    }
  } catch {
    return { kind: 'aborted' };
  }
  return { kind: 'complete', body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) };
}
