/** Spark 4.0's `spark.redaction.regex`, and the words our own settings use. */
const SECRET_KEY =
  /secret|password|passwd|token|credential|access[._-]?key|private[._-]?key|api[._-]?key/i;
/** `scheme://user:password@host`. */
const URL_PASSWORD = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:)[^\s/@]+@/gi;

/** What stands in place of a secret. */
export const REDACTED = '*********(redacted)';

/** Settings or properties without the values that look like secrets, by key or in an URL. */
export function redactSettings(
  settings: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const redacted: Record<string, string> = {};
  for (const [key, value] of Object.entries(settings)) {
    redacted[key] = SECRET_KEY.test(key) ? REDACTED : value.replace(URL_PASSWORD, `$1${REDACTED}@`);
  }
  return redacted;
}
