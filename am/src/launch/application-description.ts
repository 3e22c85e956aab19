import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HeddleError } from '@heddle/common';

/** Name of the description in the application's archive. */
export const descriptionFile = 'application.json';
/** Folder of the client's site files in the application's archive. */
export const siteFilesFolder = 'conf';
/** File of the archive with the certificates (PEM) that the client trusts the cluster's servers by. */
export const authoritiesFile = 'tls/authorities.pem';
/** Alias of the application's master key in credentials: only in client mode, where the client made it. */
export const masterKeyAlias = 'heddle.master.key';
/** Alias of the attempt key in the credentials of executors. */
export const attemptKeyAlias = 'heddle.attempt.key';

/**
 * What the client tells the processes of an application: travels in the application's archive, whose
 * owner alone can read it. Holds no key.
 */
export interface ApplicationDescription {
  readonly formatVersion: 1;
  readonly name: string;
  readonly user: string;
  readonly deployMode: 'client' | 'cluster';
  /** Settings of flags and properties file; what the program sets itself comes later. */
  readonly settings: Readonly<Record<string, string>>;
  readonly program: {
    /** Hash of the table of functions. */
    readonly hash: string;
    /** Files of the archive that make up the program, each with its SHA-256 in hex. */
    readonly files: Readonly<Record<string, string>>;
    readonly taskFile: string;
    readonly driverFile: string;
  };
  /** File that was submitted, as the user named it. */
  readonly entry: string;
  readonly arguments: readonly string[];
  /** Hosts and racks of the cluster when the application was submitted. */
  readonly nodes: readonly { readonly host: string; readonly rack: string }[];
  /** Where the staged files are, as a URI; removed when the application ends. */
  readonly stagingDirectory: string;
  readonly submittedAtMs: number;
  /** Attempts that the ResourceManager will allow at most. */
  readonly maxAttempts: number;
}

/** The files that were submitted are not the ones that arrived in the container. */
export class ProgramChangedError extends HeddleError {
  readonly code = 'PROGRAM_CHANGED';

  constructor(
    readonly file: string,
    reason: string,
  ) {
    super(
      `the file ${file} of the application's archive ${reason}: it was changed after it was submitted, or the engine's versions differ; nothing of it is run`,
    );
  }
}

/** Reads the description from an unpacked archive. @throws ProgramChangedError when it is none */
export async function readDescription(directory: string): Promise<ApplicationDescription> {
  const text = await readFile(join(directory, descriptionFile), 'utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProgramChangedError(descriptionFile, 'is not JSON');
  }
  const { formatVersion } = value as { formatVersion?: unknown };
  if (formatVersion !== 1) {
    throw new ProgramChangedError(descriptionFile, `has format ${String(formatVersion)} and not 1`);
  }
  return value as ApplicationDescription;
}

/**
 * Copies the program's files out of the unpacked archive, after each was found to be what was
 * submitted. They are copied because Node looks at files where they really are, and the program finds
 * the engine by a path relative to its own.
 *
 * @throws ProgramChangedError
 */
export async function installProgram(
  archiveDirectory: string,
  files: Readonly<Record<string, string>>,
  targetDirectory: string,
): Promise<void> {
  await mkdir(targetDirectory, { recursive: true, mode: 0o700 });
  await Promise.all(
    Object.entries(files).map(async ([name, expected]) => {
      if (name.includes('/') || name.startsWith('.')) {
        throw new ProgramChangedError(name, 'has a name that no file of a program has');
      }
      const bytes = await readFile(join(archiveDirectory, name));
      const found = createHash('sha256').update(bytes).digest('hex');
      if (found !== expected) throw new ProgramChangedError(name, 'has another SHA-256');
      await writeFile(join(targetDirectory, name), bytes, { mode: 0o600 });
    }),
  );
}
