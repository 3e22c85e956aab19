/** Options of one call. */
export interface CallOptions {
  /** Time for the whole call, with connecting. @default that of the client */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What a typed client needs: a method by name, bytes in and out. */
export interface RpcCaller {
  /**
   * @param isIdempotent true when the server gives the same answer to a repetition, so that a call whose
   *   fate is unknown may be sent again
   */
  call(
    method: string,
    request: Uint8Array,
    isIdempotent: boolean,
    options?: CallOptions,
  ): Promise<Uint8Array>;
}
