import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** Where a process listens. */
export interface ListeningPort {
  readonly host: string;
  readonly port: number;
}

/** TCP addresses (IPv4) on which a process of this machine listens, as the kernel tells. */
export function listeningPorts(pid: number): ListeningPort[] {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1] ?? [];
      } catch {
        return [];
      }
    }),
  );
  const listening = '0A';
  return readFileSync(`/proc/${pid}/net/tcp`, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[3] === listening && inodes.has(columns[9] ?? ''))
    .map(([, local = '']) => {
      const [address = '', port = ''] = local.split(':');
      const bytes = Buffer.from(address, 'hex').reverse();
      return { host: [...bytes].join('.'), port: Number.parseInt(port, 16) };
    });
}
