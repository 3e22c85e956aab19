import { resolve } from 'node:path/posix';
import { ArgumentError } from '@heddle/common';
import { UnknownSchemeError } from './errors.js';
import type { FileSystem } from './file-system.js';
import { escapeGlob } from './input/glob.js';
import { LocalFileSystem } from './local/local-file-system.js';

/** A path of a program, taken apart: which file system, and where in it. */
export interface ResolvedPath {
  readonly fileSystem: FileSystem;
  /** Absolute, without `.`, `..` and double slashes, no slash at the end. */
  readonly path: string;
}

/** Makes the file system of an authority, such as `namenode:9870`; called once for each. */
export type FileSystemFactory = (authority: string) => FileSystem;

/** Where paths without a scheme go. */
export interface PlainPaths {
  readonly fileSystem: FileSystem;
  /** What relative paths are relative to. */
  readonly workingDirectory: string;
}

/**
 * Finds the file system of a path: plain paths, `file:///x`, and what was registered. Paths are
 * taken literally (no percent-decoding); `.` and `..` are resolved by name, as Hadoop's `Path` does.
 */
export class FileSystemRegistry {
  readonly #plain: PlainPaths;
  readonly #factories = new Map<string, FileSystemFactory>();
  readonly #open = new Map<string, FileSystem>();

  /** @param plain where paths without a scheme go; by default this machine's working directory */
  constructor(plain?: PlainPaths) {
    this.#plain = plain ?? {
      fileSystem: new LocalFileSystem(),
      workingDirectory: process.cwd(),
    };
    const local = this.#plain.fileSystem;
    this.register('file', () => (local.scheme === 'file' ? local : new LocalFileSystem()));
  }

  /** Adds or replaces a scheme. */
  register(scheme: string, factory: FileSystemFactory): void {
    this.#factories.set(scheme, factory);
  }

  /** @throws UnknownSchemeError, ArgumentError */
  resolve(path: string): ResolvedPath {
    if (path === '') throw new ArgumentError('a path must not be empty');
    if (path.includes('\0')) throw new ArgumentError(`a path must not hold a zero byte: ${path}`);
    const uri = parseUri(path);
    if (uri === undefined) {
      const { fileSystem, workingDirectory } = this.#plain;
      return { fileSystem, path: resolve(workingDirectory, path) };
    }
    return {
      fileSystem: this.#fileSystem(uri.scheme, uri.authority, path),
      path: resolve('/', uri.path),
    };
  }

  /** A glob as a path from the root: like `resolve`, and the working directory's name stays literal. */
  resolvePattern(pattern: string): ResolvedPath {
    if (pattern === '' || pattern.startsWith('/') || parseUri(pattern) !== undefined) {
      return this.resolve(pattern);
    }
    const { fileSystem, workingDirectory } = this.#plain;
    return { fileSystem, path: resolve(escapeGlob(workingDirectory), pattern) };
  }

  /** The full name of a path of a program, such as `file:///data/a.txt`. */
  qualify(path: string): string {
    const resolved = this.resolve(path);
    return resolved.fileSystem.uri(resolved.path);
  }

  #fileSystem(scheme: string, authority: string, path: string): FileSystem {
    const factory = this.#factories.get(scheme);
    if (factory === undefined) {
      throw new UnknownSchemeError(path, scheme, [...this.#factories.keys()]);
    }
    if (scheme === 'file' && authority !== '' && authority !== 'localhost') {
      throw new ArgumentError(
        `${path} names host ${authority}: local files are file:///… (three slashes)`,
      );
    }
    const key = scheme === 'file' ? 'file://' : `${scheme}://${authority}`;
    let fileSystem = this.#open.get(key);
    if (fileSystem === undefined) {
      fileSystem = factory(authority);
      this.#open.set(key, fileSystem);
    }
    return fileSystem;
  }
}

interface UriParts {
  readonly scheme: string;
  readonly authority: string;
  readonly path: string;
}

/** `scheme://authority/path` and `scheme:/path`; everything else is a plain path, with colons or not. */
function parseUri(text: string): UriParts | undefined {
  const match = /^([A-Za-z][A-Za-z0-9+.-]+):(?:\/\/([^/]*))?(\/.*)?$/s.exec(text);
  if (match === null) return undefined;
  const [, scheme, authority, path] = match;
  if (authority === undefined && path === undefined) return undefined;
  return { scheme: scheme!.toLowerCase(), authority: authority ?? '', path: path ?? '/' };
}
