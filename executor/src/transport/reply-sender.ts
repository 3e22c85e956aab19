import type { ServerResponse } from 'node:http';
import { InternalError } from '@heddle/common';
import { sealBody } from './body-seal.js';
import { REPLY_BODY_HEADER, REPLY_MAC_HEADER, replyMac, STREAMED_BODY } from './reply-signature.js';
import type { ServerReply, StreamReply } from './server-messages.js';

const NO_BYTES = new Uint8Array(0);

/** Sends an answer with its proof; resolves when the last byte is on its way or the caller is gone. */
export async function sendReply(
  response: ServerResponse,
  key: Uint8Array,
  nonce: string,
  reply: ServerReply,
): Promise<void> {
  const { status } = reply;
  const streamed = 'stream' in reply;
  const body = streamed ? NO_BYTES : (reply.body ?? NO_BYTES);
  const lengthBytes = streamed ? reply.lengthBytes : body.length;
  const bodySeal = streamed ? STREAMED_BODY : sealBody(key, 'reply', body);
  response.writeHead(status, {
    ...reply.headers,
    'content-length': lengthBytes,
    [REPLY_BODY_HEADER]: bodySeal,
    [REPLY_MAC_HEADER]: replyMac(key, { nonce, status, lengthBytes, bodySeal }),
  });
  if (streamed) await sendStream(response, reply);
  else response.end(body);
}

/** Writes one chunk after the other; the next one is made when the last one has left the process. */
async function sendStream(response: ServerResponse, reply: StreamReply): Promise<void> {
  let sentBytes = 0;
  for await (const chunk of reply.stream) {
    sentBytes += chunk.length;
    if (response.destroyed || sentBytes > reply.lengthBytes) break;
    if (!(await written(response, chunk))) break;
  }
  if (response.destroyed) return;
  if (sentBytes !== reply.lengthBytes) {
    // The caller must not take a part of the answer for the whole of it.
    response.destroy();
    throw new InternalError(
      `an answer of ${reply.lengthBytes} bytes was announced and ${sentBytes} were made`,
    );
  }
  response.end();
}

/** Resolves to false when the caller is gone. */
async function written(response: ServerResponse, chunk: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    const closed = (): void => resolve(false);
    response.once('close', closed);
    response.write(chunk, (error) => {
      response.off('close', closed);
      resolve(error === null || error === undefined);
    });
  });
}
