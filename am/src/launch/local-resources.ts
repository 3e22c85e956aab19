import type { LocalResource } from '@heddle/hadoop-rpc';

/** A file or archive that NodeManagers fetch for containers, as JSON. */
export interface StagedResource {
  /** Name of the link in the working directory; `files/x` makes a folder. */
  readonly link: string;
  /** Such as `hdfs://nn:8020/user/alice/x`; paths are not escaped. */
  readonly uri: string;
  readonly sizeBytes: number;
  /** Exactly as the file system reports it. */
  readonly modifiedMs: number;
  readonly type: 'archive' | 'file';
  readonly visibility: 'public' | 'private' | 'application';
}

/** Variable that carries the resources of executors to the ApplicationMaster, as base64 of JSON. */
export const resourcesVariable = 'HEDDLE_RESOURCES';

export function encodeResources(resources: readonly StagedResource[]): string {
  return Buffer.from(JSON.stringify(resources)).toString('base64');
}

export function decodeResources(text: string): readonly StagedResource[] {
  return JSON.parse(Buffer.from(text, 'base64').toString()) as StagedResource[];
}

/** The URI of a resource as the ResourceManager's REST API wants it (`java.net.URI`): its path escaped. */
export function escapedUri(uri: string): string {
  const [, authority = '', path = ''] = /^([a-z][a-z0-9+.-]*:\/\/[^/]*)?(.*)$/is.exec(uri) ?? [];
  return authority + path.split('/').map(encodeURIComponent).join('/');
}

/** As the NodeManager's protocol wants it. @throws RangeError for a URI without scheme and host */
export function toLocalResource(resource: StagedResource): LocalResource {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(?:\[([^\]]+)\]|([^:/]*))(?::(\d+))?(\/.*)$/i.exec(
    resource.uri,
  );
  if (match === null) throw new RangeError(`${resource.uri} is no URI of a staged file`);
  const [, scheme, bracketed, plain, port, path] = match;
  return {
    url: {
      scheme: scheme!,
      host: bracketed ?? plain ?? '',
      port: port === undefined ? undefined : Number(port),
      path: path!,
    },
    sizeBytes: resource.sizeBytes,
    modificationTimeMs: resource.modifiedMs,
    type: resource.type,
    visibility: resource.visibility,
  };
}
