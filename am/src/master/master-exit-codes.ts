/** How ApplicationMasters end, where the program's own exit code does not decide. Source: Spark 4.0 `ApplicationMaster`. */
export const masterExitCodes = {
  /** An error that nothing caught, or a driver that was killed. */
  uncaught: 10,
  executorFailures: 11,
  /** YARN does not take the attempt's beats any more. */
  heartbeat: 12,
  noContext: 13,
  /** The program threw. */
  program: 15,
  /** The driver's connection broke for good. */
  driverLost: 17,
  terminated: 143,
} as const;
