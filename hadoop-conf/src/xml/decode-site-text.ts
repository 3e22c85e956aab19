import { SiteFileError } from '../errors.js';

/** Larger files are no site files; the limit keeps a wrong path from filling the memory. */
export const maxSiteFileBytes = 16 * 2 ** 20;

/**
 * The text of a site file: by its byte order mark, else by the encoding of its XML declaration, else UTF-8.
 *
 * @throws SiteFileError for an unknown encoding, bytes that are not valid in it, or a file above 16 MiB
 */
export function decodeSiteText(bytes: Uint8Array, file: string): string {
  if (bytes.length > maxSiteFileBytes) {
    throw new SiteFileError(
      file,
      undefined,
      `${bytes.length} bytes are more than a site file may have (${maxSiteFileBytes})`,
    );
  }
  const label = encodingOf(bytes);
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch (error) {
    const reason =
      error instanceof RangeError
        ? `the encoding ${JSON.stringify(label)} of its XML declaration is not known`
        : `its bytes are not valid ${label}`;
    throw new SiteFileError(file, undefined, reason, { cause: error });
  }
}

function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 200));
  return /^(?:ï»¿)?<\?xml[^>]*\sencoding=["']([^"']+)["']/.exec(head)?.[1] ?? 'utf-8';
}
