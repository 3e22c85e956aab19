import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { MiniCluster } from '@heddle/integration-tests/cluster';

const run = promisify(execFile);
const timeoutMs = 20_000;

/**
 * A network namespace of this machine from which the cluster can be reached, and into which nothing
 * can connect: the place of a client behind a firewall or an address translation. Needs root, `ip` and
 * `iptables`.
 *
 * The daemons of clusters made of processes have loopback addresses, which no interface carries unless
 * it is told to (`route_localnet`, Linux).
 */
export class WalledNetwork {
  /** Address of the namespace, as the cluster would have to dial it. */
  readonly address: string;
  readonly #name: string;
  readonly #outside: string;

  private constructor(slot: number) {
    this.#name = `heddle-${process.pid}`;
    this.#outside = `hdl${process.pid}`;
    this.address = `10.79.${slot}.2`;
  }

  /** Makes the namespace. @throws Error that says which command failed */
  static async open(cluster: MiniCluster): Promise<WalledNetwork> {
    const { slot } = cluster.plan;
    const network = new WalledNetwork(slot);
    try {
      await network.#make(`10.79.${slot}.1`, `127.77.${slot}.0/24`);
    } catch (error) {
      await network.close();
      throw error;
    }
    return network;
  }

  /** Words before a command that make it run inside. */
  get entering(): readonly string[] {
    return ['ip', 'netns', 'exec', this.#name];
  }

  /** Removes the namespace; what runs in it must have ended. */
  async close(): Promise<void> {
    await run('ip', ['netns', 'del', this.#name], { timeout: timeoutMs }).catch(() => undefined);
    // Goes with the namespace, but not at once.
    await run('ip', ['link', 'del', this.#outside], { timeout: timeoutMs }).catch(() => undefined);
  }

  async #make(gateway: string, daemons: string): Promise<void> {
    const name = this.#name;
    const inside = async (...words: string[]): Promise<void> => {
      const [file, ...rest] = [...this.entering, ...words];
      await run(file!, rest, { timeout: timeoutMs });
    };
    const ip = async (...words: string[]): Promise<void> => {
      await run('ip', words, { timeout: timeoutMs });
    };
    await ip('netns', 'add', name);
    await ip('link', 'add', this.#outside, 'type', 'veth', 'peer', 'name', 'wall', 'netns', name);
    await ip('address', 'add', `${gateway}/30`, 'dev', this.#outside);
    await ip('link', 'set', this.#outside, 'up');
    await ip('-n', name, 'address', 'add', `${this.address}/30`, 'dev', 'wall');
    await ip('-n', name, 'link', 'set', 'wall', 'up');
    await ip('-n', name, 'link', 'set', 'lo', 'up');
    const localnet = (device: string): string => `net.ipv4.conf.${device}.route_localnet=1`;
    await run('sysctl', ['-qw', localnet(this.#outside)], { timeout: timeoutMs });
    await inside('sysctl', '-qw', localnet('wall'));
    // All of 127.0.0.0/8 would stay inside.
    await ip(...`-n ${name} route del local 127.0.0.0/8 dev lo table local`.split(' '));
    await ip(...`-n ${name} route replace local 127.0.0.1/32 dev lo table local`.split(' '));
    await ip(
      ...`-n ${name} route add ${daemons} via ${gateway} dev wall src ${this.address}`.split(' '),
    );
    await inside(
      ...'iptables -A INPUT -i wall -p tcp --syn -j REJECT --reject-with tcp-reset'.split(' '),
    );
  }
}
