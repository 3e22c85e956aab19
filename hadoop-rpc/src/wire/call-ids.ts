/** Call ids with a meaning of their own (`RpcConstants`, Hadoop 3.4.3). */
export const specialCallIds = {
  authorizationFailure: -1,
  connectionContext: -3,
  ping: -4,
  sasl: -33,
} as const;

/** The id after this one: 0 … 2^31 - 1, then 0 again. */
export function nextCallId(callId: number): number {
  return (callId + 1) & 0x7fffffff;
}
