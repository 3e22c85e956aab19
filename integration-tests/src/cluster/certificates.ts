import { readFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ClusterPlan } from './cluster-plan.js';
import { runProcess } from './run-process.js';
import type { SiteProperties } from './profiles.js';

const commandTimeoutMs = 60_000;
/** Protects nothing: keys of a cluster for tests, in its own folder. */
const password = 'heddle-test';

/** An authority that signs certificates, and one certificate for some names. */
export interface CertificateSet {
  /** Certificate of the authority (PEM). */
  readonly caFile: string;
  /** Key and certificate of the servers (PKCS #12). */
  readonly keyStore: string;
  readonly password: string;
}

function tlsDirectory(plan: ClusterPlan): string {
  return join(plan.directory, 'tls');
}

/** Where a cluster's certificates are. */
export function certificatesOf(plan: ClusterPlan): CertificateSet {
  return certificateSetIn(tlsDirectory(plan));
}

function certificateSetIn(directory: string): CertificateSet {
  return {
    caFile: join(directory, 'ca.pem'),
    keyStore: join(directory, 'server.p12'),
    password,
  };
}

/** The text of a cluster's authority, for clients. */
export function authorityOf(plan: ClusterPlan): string {
  return readFileSync(certificatesOf(plan).caFile, 'utf8');
}

/**
 * Makes an authority of its own and a certificate for the names, which `subjectAltName` calls `DNS:…` or `IP:…`.
 * @throws Error with what openssl said
 */
export async function makeCertificates(
  directory: string,
  names: readonly string[],
): Promise<CertificateSet> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const extensions = ['basicConstraints=CA:FALSE', `subjectAltName=${names.join(',')}`];
  writeFileSync(join(directory, 'extensions'), `${extensions.join('\n')}\n`);
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const authority = ['-subj', '/CN=Heddle test authority', '-days', '30'];
  const steps = [
    ['req', '-x509', ...key, ...authority, '-keyout', 'ca.key', '-out', 'ca.pem'],
    ['req', ...key, '-subj', '/CN=Heddle test cluster', '-keyout', 'host.key', '-out', 'host.csr'],
    [
      ...[
        'x509',
        '-req',
        '-in',
        'host.csr',
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
      ],
      ...['-days', '30', '-extfile', 'extensions', '-out', 'host.pem'],
    ],
    [
      ...['pkcs12', '-export', '-in', 'host.pem', '-inkey', 'host.key', '-name', 'host'],
      ...['-passout', `pass:${password}`, '-out', 'server.p12'],
    ],
  ];
  for (const step of steps) await run(directory, ['openssl', ...step]);
  return certificateSetIn(directory);
}

async function run(directory: string, argv: readonly [string, ...string[]]): Promise<void> {
  const { code, stderr } = await runProcess(argv, { directory, timeoutMs: commandTimeoutMs });
  if (code !== 0) throw new Error(`${argv.slice(0, 2).join(' ')} failed: ${stderr.slice(-2000)}`);
}

/** Makes the certificates of a cluster's daemons; where all is TLS, also what Hadoop's own clients trust. */
export async function makeClusterCertificates(plan: ClusterPlan): Promise<void> {
  const names = new Set<string>();
  for (const { name, address } of plan.hosts) {
    if (name !== address) names.add(`DNS:${name}`);
    names.add(`IP:${address}`);
  }
  await makeCertificates(tlsDirectory(plan), [...names]);
  if (!plan.profile.httpsOnly) return;
  await run(tlsDirectory(plan), [
    ...(['keytool', '-importcert', '-noprompt', '-alias', 'ca', '-file', 'ca.pem'] as const),
    ...['-keystore', 'trust.p12', '-storetype', 'PKCS12', '-storepass', password],
  ]);
}

/** `ssl-server.xml` of every daemon. */
export function sslServer(plan: ClusterPlan): SiteProperties {
  return {
    'ssl.server.keystore.location': certificatesOf(plan).keyStore,
    'ssl.server.keystore.type': 'pkcs12',
    'ssl.server.keystore.password': password,
    'ssl.server.keystore.keypassword': password,
  };
}

/** `ssl-client.xml` of Hadoop's own clients. */
export function sslClient(plan: ClusterPlan): SiteProperties {
  return {
    'ssl.client.truststore.location': join(tlsDirectory(plan), 'trust.p12'),
    'ssl.client.truststore.type': 'pkcs12',
    'ssl.client.truststore.password': password,
  };
}
