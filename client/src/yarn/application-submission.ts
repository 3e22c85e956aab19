import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  containerLinks,
  descriptionFile,
  encodeResources,
  environmentOf,
  escapedUri,
  executorEnvironmentPrefix,
  masterEnvironmentPrefix,
  masterKeyAlias,
  nodeCommand,
  resourcesVariable,
  authoritiesFile,
  siteFilesFolder,
  type ApplicationDescription,
  type StagedResource,
} from '@heddle/am';
import {
  readOptionalSetting,
  readSetting,
  settings,
  silentLogger,
  type ConfigSource,
  type Logger,
} from '@heddle/common';
import type { AttemptKey } from '@heddle/executor';
import { siteFileNames } from '@heddle/hadoop-conf';
import type { ClusterAccess } from './cluster-access.js';
import { runtimeRoot, stagingRoot } from './cluster-access.js';
import { checkSizes, describeSizes, masterSize } from './container-sizes.js';
import { givenFiles, localPathOf, stagedNameOf, type GivenFile } from './given-files.js';
import { engineArchive, nodeArchive } from './runtime-archives.js';
import { Staging, localFile } from './staging.js';
import { tarArchive, type TarFile } from './tar-archive.js';
import { isEnded, type NewApplication, type NodeInfo } from './rm-records.js';
import { ApplicationUnknownError, StagingError } from './yarn-errors.js';

/** Where the parts of the runtime are on this machine. */
export interface RuntimeFiles {
  /** The engine's bundle. */
  readonly bundleDirectory: string;
  readonly nodeBinary: string;
  /** Folder in which archives of both are kept. */
  readonly archiveDirectory: string;
}

/** A program that was built for containers. */
export interface BuiltForCluster {
  readonly driverFile: string;
  readonly taskFile: string;
  readonly hash: string;
  readonly externals: readonly { readonly specifier: string; readonly path: string }[];
}

export interface SubmissionRequest {
  readonly deployMode: 'client' | 'cluster';
  readonly name: string;
  readonly settings: ReadonlyMap<string, string>;
  readonly program: BuiltForCluster;
  readonly entry: string;
  readonly arguments: readonly string[];
  readonly runtime: RuntimeFiles;
  /** In client mode: the key of the application. */
  readonly masterKey: AttemptKey | undefined;
  /** Aborted: nothing is submitted any more, and what was staged is removed. */
  readonly signal?: AbortSignal;
}

/** An application that YARN has accepted. */
export interface Submitted {
  readonly applicationId: string;
  readonly stagingDirectory: string;
  /** Racks of the cluster's hosts. */
  readonly racks: ReadonlyMap<string, string>;
}

/** What the cluster says before an application is submitted. */
interface Limits {
  readonly application: NewApplication;
  readonly nodes: readonly NodeInfo[];
}

/** Type of our applications in YARN's lists. */
export const applicationType = 'HEDDLE';
/** File of the engine's bundle that the first container starts. */
const masterMain = 'yarn-am-main.js';

/** A file system that takes longer may be in safe mode, or away: it is asked again for a while. */
const noteStagingAfterMs = 5_000;
/** What is staged for an application that YARN does not know is not somebody's submission any more. */
const forgottenAfterMs = 24 * 3_600_000;
/** Ends the names of directories that nobody shall clean up. */
const keptSuffix = '-kept';
/** Directories of ended applications that one submission removes. */
const abandonedAtOnce = 10;

const compress = promisify(gzip);

/** Brings an application to YARN: checks, stages, submits. */
export class ApplicationSubmission {
  readonly #cluster: ClusterAccess;
  readonly #staging: Staging;
  readonly #tell: (text: string) => void;
  #runtime: Promise<readonly StagedResource[]> | undefined;
  #firstLimits: Promise<Limits> | undefined;
  /** Resolves when what the application asks for is known to be possible. */
  readonly #mayUpload = Promise.withResolvers<undefined>();

  /** @param tell writes a line for the user */
  constructor(cluster: ClusterAccess, logger: Logger, tell: (text: string) => void) {
    this.#cluster = cluster;
    this.#staging = new Staging(cluster.files.fileSystem, logger);
    this.#tell = tell;
  }

  /**
   * Begins with what can be done before the program is known: an id and the limits of the cluster, and
   * the shared archives, which are packed and looked for. They are uploaded only when `submit` has
   * found that the cluster can run the application.
   */
  prepare(runtime: RuntimeFiles, source: ConfigSource): void {
    this.#firstLimits ??= this.#askLimits();
    // Whoever submits hears of failures.
    this.#firstLimits.catch(() => undefined);
    void this.#prepareRuntime(runtime, source).catch(() => undefined);
  }

  #prepareRuntime(runtime: RuntimeFiles, source: ConfigSource): Promise<readonly StagedResource[]> {
    this.#runtime ??= this.#shareRuntime(runtime, source);
    return this.#runtime;
  }

  async #askLimits(): Promise<Limits> {
    const { rm } = this.#cluster;
    const [application, nodes] = await Promise.all([rm.newApplication(), rm.nodes()]);
    return { application, nodes };
  }

  /**
   * Submits an application. What it staged is removed when that fails.
   *
   * @throws ResourceLimitError before anything is uploaded; the signal's reason; StagingError, ResourceManagerRefusedError,
   *   ResourceManagerUnreachableError, errors of the file system
   */
  async submit(request: SubmissionRequest): Promise<Submitted> {
    const { rm, files } = this.#cluster;
    const source = request.settings;
    refuseExternals(request.program);
    refuseUnusable(request.settings);
    // An id serves one application.
    const { application, nodes } = await (this.#firstLimits ?? this.#askLimits());
    this.#firstLimits = undefined;
    const { applicationId } = application;
    const master = masterSize(source, request.deployMode);
    checkSizes(source, master, application);
    this.#tell(describeSizes(source, master));
    this.#mayUpload.resolve(undefined);
    const kept = readSetting(source, settings.yarnPreserveStagingFiles) ? keptSuffix : '';
    const stagingDirectory = `${stagingRoot(source, files)}/${applicationId}${kept}`;
    const waiting = setTimeout(() => {
      this.#tell(`waiting for the file system to take ${files.fileSystem.uri(stagingDirectory)}`);
    }, noteStagingAfterMs);
    try {
      await this.#staging.makePrivateDirectory(stagingDirectory);
    } finally {
      clearTimeout(waiting);
    }
    try {
      const description = await this.#describe(request, nodes, files, stagingDirectory);
      const [runtime, application, userFiles] = await Promise.all([
        this.#prepareRuntime(request.runtime, source),
        this.#putApplication(request, description, stagingDirectory),
        this.#putUserFiles(source, stagingDirectory),
      ]);
      const resources = [...runtime, application, ...userFiles];
      request.signal?.throwIfAborted();
      await rm.submit(
        submissionContext(request, applicationId, master, resources, description.maxAttempts),
      );
    } catch (error) {
      await this.removeStaging(stagingDirectory).catch(() => undefined);
      throw error;
    }
    const lifetimeMs = readOptionalSetting(source, settings.yarnLifetime);
    if (lifetimeMs !== undefined) {
      await rm.setLifetime(applicationId, new Date(Date.now() + lifetimeMs));
    }
    const racks = new Map(nodes.map(({ host, rack }) => [host, rack]));
    return { applicationId, stagingDirectory, racks };
  }

  /**
   * Removes what applications of this user left that ended without anybody to clean up after them.
   * Looks at a few of them; never throws.
   */
  async removeAbandoned(source: ConfigSource): Promise<void> {
    const { files, rm } = this.#cluster;
    const root = stagingRoot(source, files);
    const found = await files.fileSystem.list(root).catch(() => []);
    let removed = 0;
    for (const { path, modifiedMs } of found) {
      const id = basename(path);
      if (!/^application_\d+_\d+$/.test(id)) continue;
      const hasEnded = await rm.application(id).then(
        ({ state }) => isEnded(state),
        // Not submitted yet by another command, or, after a long time, forgotten by YARN.
        (error: unknown) =>
          error instanceof ApplicationUnknownError && Date.now() - modifiedMs > forgottenAfterMs,
      );
      if (!hasEnded) continue;
      await this.removeStaging(path).catch(() => undefined);
      removed += 1;
      if (removed === abandonedAtOnce) return;
    }
  }

  /** Removes what was staged, unless it was to be kept (`heddle.yarn.preserve.staging.files`). */
  async removeStaging(stagingDirectory: string): Promise<void> {
    if (stagingDirectory.endsWith(keptSuffix)) return;
    await this.#staging.remove(stagingDirectory);
  }

  async #shareRuntime(
    runtime: RuntimeFiles,
    source: ConfigSource,
  ): Promise<readonly StagedResource[]> {
    const directory = runtimeRoot(source, this.#cluster.files);
    const own = readOptionalSetting(source, settings.yarnNodeArchive);
    const node =
      own === undefined
        ? nodeArchive(runtime.nodeBinary, runtime.archiveDirectory).then((archive) =>
            this.#staging.share(archive, directory, containerLinks.node, this.#mayUpload.promise),
          )
        : this.#staging.describe(
            this.#cluster.files.registry.resolve(own).path,
            containerLinks.node,
            'archive',
            'private',
          );
    const engine = engineArchive(runtime.bundleDirectory, runtime.archiveDirectory).then(
      (archive) =>
        this.#staging.share(archive, directory, containerLinks.engine, this.#mayUpload.promise),
    );
    return Promise.all([node, engine]);
  }

  async #describe(
    request: SubmissionRequest,
    nodes: readonly { readonly host: string; readonly rack: string }[],
    files: ClusterAccess['files'],
    stagingDirectory: string,
  ): Promise<ApplicationDescription> {
    const folder = dirname(request.program.taskFile);
    const names = await programFiles(folder);
    const hashes = await Promise.all(
      names.map(async (name): Promise<[string, string]> => {
        const bytes = await readFile(join(folder, name));
        return [name, createHash('sha256').update(bytes).digest('hex')];
      }),
    );
    const attempts = readOptionalSetting(request.settings, settings.yarnMaxAppAttempts);
    return {
      formatVersion: 1,
      name: request.name,
      user: this.#cluster.user,
      deployMode: request.deployMode,
      settings: Object.fromEntries(request.settings),
      program: {
        hash: request.program.hash,
        files: Object.fromEntries(hashes),
        taskFile: basename(request.program.taskFile),
        driverFile: basename(request.program.driverFile),
      },
      entry: request.entry,
      arguments: request.arguments,
      nodes: nodes.map(({ host, rack }) => ({ host, rack })),
      stagingDirectory: files.fileSystem.uri(stagingDirectory),
      submittedAtMs: Date.now(),
      maxAttempts: attempts ?? this.#defaultAttempts(request.deployMode),
    };
  }

  #defaultAttempts(deployMode: 'client' | 'cluster'): number {
    if (deployMode === 'client') return 1;
    return this.#cluster.conf.getInteger('yarn.resourcemanager.am.max-attempts') ?? 2;
  }

  async #putApplication(
    request: SubmissionRequest,
    description: ApplicationDescription,
    stagingDirectory: string,
  ): Promise<StagedResource> {
    const folder = dirname(request.program.taskFile);
    const program = await Promise.all(
      Object.keys(description.program.files).map(async (name): Promise<TarFile> => ({
        name,
        bytes: await readFile(join(folder, name)),
        mode: 0o600,
      })),
    );
    const bytes = await compress(
      tarArchive([
        ...program,
        { name: descriptionFile, bytes: Buffer.from(JSON.stringify(description)), mode: 0o600 },
        ...(await this.#siteFiles()),
        ...this.#authorities(),
      ]),
      { level: 3 },
    );
    const path = `${stagingDirectory}/application.tar.gz`;
    await this.#staging.put(path, { kind: 'bytes', bytes });
    return this.#staging.describe(path, containerLinks.application, 'archive', 'application');
  }

  /** The client's own view of the cluster travels with the application. */
  async #siteFiles(): Promise<TarFile[]> {
    const found: TarFile[] = [];
    for (const name of siteFileNames) {
      for (const directory of this.#cluster.confDirectories) {
        const bytes = await readFile(join(directory, name)).catch(() => undefined);
        if (bytes === undefined) continue;
        found.push({ name: `${siteFilesFolder}/${name}`, bytes, mode: 0o600 });
        break;
      }
    }
    return found;
  }

  /** What the client trusts the cluster's servers by: nodes need not have the client's files. */
  #authorities(): TarFile[] {
    const { trustedCertificates } = this.#cluster;
    if (trustedCertificates === undefined) return [];
    return [{ name: authoritiesFile, bytes: Buffer.from(trustedCertificates), mode: 0o600 }];
  }

  async #putUserFiles(source: ConfigSource, stagingDirectory: string): Promise<StagedResource[]> {
    const given = givenFiles(source);
    if (given.some(({ isInCluster }) => !isInCluster)) {
      await this.#staging.makePrivateDirectory(`${stagingDirectory}/files`);
    }
    return Promise.all(given.map((one) => this.#putUserFile(one, stagingDirectory)));
  }

  async #putUserFile(given: GivenFile, stagingDirectory: string): Promise<StagedResource> {
    const { from, name, type, isInCluster } = given;
    const link = `${containerLinks.files}/${name}`;
    if (isInCluster) {
      // Used where it is.
      const { fileSystem, path } = this.#cluster.files.registry.resolve(from);
      return new Staging(fileSystem, silentLogger).describe(path, link, type, 'private');
    }
    const local = localPathOf(given);
    const path = `${stagingDirectory}/files/${stagedNameOf(given)}`;
    await this.#staging.put(path, await localFile(local));
    return this.#staging.describe(path, link, type, 'application');
  }
}

async function programFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names.filter((name) => name.endsWith('.mjs') || name === 'sources.json').sort();
}

/** Packages that are imported from their own folders are on this machine only. */
function refuseExternals(program: BuiltForCluster): void {
  const outside = program.externals.filter(({ path }) => path !== '');
  if (outside.length === 0) return;
  throw new StagingError(
    `the program imports ${outside.map(({ specifier }) => specifier).join(', ')}, which cannot be bundled (native addons, WebAssembly or files of their own, or --external): the containers do not have it. Use another package, or local modes`,
  );
}

/** What containers could not be given, before anything is uploaded. @throws LaunchTextError, StagingError */
function refuseUnusable(source: ReadonlyMap<string, string>): void {
  environmentOf(source, masterEnvironmentPrefix);
  environmentOf(source, executorEnvironmentPrefix);
  givenFiles(source);
}

/** What `POST /ws/v1/cluster/apps` takes (`ApplicationSubmissionContextInfo`, Hadoop 3.4.3). */
function submissionContext(
  request: SubmissionRequest,
  applicationId: string,
  master: ReturnType<typeof masterSize>,
  resources: readonly StagedResource[],
  maxAttempts: number,
): Record<string, unknown> {
  const source = request.settings;
  const priority = readOptionalSetting(source, settings.yarnPriority);
  const tags = readSetting(source, settings.yarnTags);
  const label = readOptionalSetting(source, settings.yarnAmNodeLabelExpression);
  const environment = [...environmentOf(source, masterEnvironmentPrefix)].map(([key, value]) => ({
    key,
    value,
  }));
  return {
    'application-id': applicationId,
    'application-name': request.name.slice(0, 1_000),
    'application-type': applicationType,
    queue: readSetting(source, settings.yarnQueue),
    ...(priority === undefined ? {} : { priority }),
    ...(tags.length === 0 ? {} : { 'application-tags': { tag: tags } }),
    ...(label === undefined ? {} : { 'am-container-node-label-expression': label }),
    'max-app-attempts': maxAttempts,
    'keep-containers-across-application-attempts': false,
    resource: { memory: master.containerMiB, vCores: master.virtualCores },
    'am-container-spec': {
      'local-resources': {
        entry: resources.map((one) => ({
          key: one.link,
          value: {
            resource: escapedUri(one.uri),
            type: one.type.toUpperCase(),
            visibility: one.visibility.toUpperCase(),
            size: one.sizeBytes,
            timestamp: one.modifiedMs,
          },
        })),
      },
      environment: {
        entry: [...environment, { key: resourcesVariable, value: encodeResources(resources) }],
      },
      commands: { command: nodeCommand({ main: masterMain, heapMb: master.heapMb }) },
      ...(request.masterKey === undefined
        ? {}
        : {
            credentials: {
              secrets: {
                entry: [
                  {
                    key: masterKeyAlias,
                    value: request.masterKey.bytes().toString('base64'),
                  },
                ],
              },
            },
          }),
    },
  };
}
