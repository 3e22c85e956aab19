import type { HadoopConfiguration } from './hadoop-configuration.js';
import { httpPolicyOf, isWildcard } from './name-nodes.js';
import type { SocketAddress } from './values/socket-address.js';

/** The addresses of one ResourceManager. */
export interface ResourceManager {
  /** Id in `yarn.resourcemanager.ha.rm-ids`; undefined outside high availability. */
  readonly id: string | undefined;
  /** ApplicationClientProtocol. */
  readonly clientAddress: SocketAddress;
  /** ApplicationMasterProtocol. */
  readonly schedulerAddress: SocketAddress;
  /** REST and pages; `webScheme` says how. */
  readonly webAddress: SocketAddress;
  readonly webScheme: 'http' | 'https';
}

const defaultPorts = {
  'yarn.resourcemanager.address': 8032,
  'yarn.resourcemanager.scheduler.address': 8030,
  'yarn.resourcemanager.webapp.address': 8088,
  'yarn.resourcemanager.webapp.https.address': 8090,
} as const;

/**
 * The ResourceManagers in the order to try them; one outside high availability.
 *
 * Decided by `yarn.resourcemanager.ha.enabled`, `yarn.resourcemanager.ha.rm-ids`, for each id
 * `<address key>.<id>`, else `yarn.resourcemanager.hostname.<id>` with the key's default port (`HAUtil`,
 * `YarnConfiguration`, Hadoop 3.4.3), and by `yarn.http.policy`. An address without a host of its own
 * (`0.0.0.0`) takes the host of `yarn.resourcemanager.hostname`.
 *
 * @throws HadoopSettingError when an id has neither address nor host name, when fewer than two ids are
 *   listed, or when no host is named at all and the wildcard would be left
 */
export function resourceManagersOf(conf: HadoopConfiguration): ResourceManager[] {
  if (conf.getBoolean('yarn.resourcemanager.ha.enabled') !== true) {
    return [resourceManager(conf, undefined)];
  }
  const idsKey = 'yarn.resourcemanager.ha.rm-ids';
  const ids = conf.getList(idsKey);
  if (ids.length < 2) {
    throw conf.errorFor(
      idsKey,
      'yarn.resourcemanager.ha.enabled is true, which needs at least two ids here',
    );
  }
  return ids.map((id) => resourceManager(conf, id));
}

function resourceManager(conf: HadoopConfiguration, id: string | undefined): ResourceManager {
  const webScheme = httpPolicyOf(conf, 'yarn.http.policy') === 'HTTPS_ONLY' ? 'https' : 'http';
  const webKey =
    webScheme === 'https'
      ? 'yarn.resourcemanager.webapp.https.address'
      : 'yarn.resourcemanager.webapp.address';
  return {
    id,
    clientAddress: addressOf(conf, 'yarn.resourcemanager.address', id),
    schedulerAddress: addressOf(conf, 'yarn.resourcemanager.scheduler.address', id),
    webAddress: addressOf(conf, webKey, id),
    webScheme,
  };
}

function addressOf(
  conf: HadoopConfiguration,
  baseKey: keyof typeof defaultPorts,
  id: string | undefined,
): SocketAddress {
  const suffix = id === undefined ? '' : `.${id}`;
  const hostKey = `yarn.resourcemanager.hostname${suffix}`;
  const host = conf.getTrimmed(hostKey);
  const addressKey = `${baseKey}${suffix}`;
  const port = defaultPorts[baseKey];
  const address = conf.getSocketAddress(addressKey, port);
  if (address !== undefined && !isWildcard(address.host)) return address;
  if (host === undefined || host === '' || isWildcard(host)) {
    const key =
      address === undefined || id !== undefined ? hostKey : 'yarn.resourcemanager.hostname';
    throw conf.errorFor(
      key,
      `the host of the ResourceManager is not set: set this key, or ${addressKey}`,
    );
  }
  return { host, port: address?.port ?? port };
}
