import { execFileSync } from 'node:child_process';
import { expect } from 'chai';

interface PinnedNode {
  readonly isNodeNewEnough: (version?: string) => boolean;
  readonly findPinnedNode: (platform?: string, arch?: string) => string | undefined;
  readonly noNodeMessage: (version?: string) => string;
}

const { findPinnedNode, isNodeNewEnough, noNodeMessage } = (await import(
  new URL('../../../bin/pinned-node.js', import.meta.url).href
)) as PinnedNode;

describe('the Node that runs the engine', () => {
  it('is the machine’s own from version 24 on', () => {
    expect(isNodeNewEnough('24.0.0')).to.equal(true);
    expect(isNodeNewEnough('100.1.0')).to.equal(true);
    expect(isNodeNewEnough('22.15.1')).to.equal(false);
    expect(isNodeNewEnough('9.9.9')).to.equal(false);
  });

  it('else comes from the npm package of the platform', function () {
    const binary = findPinnedNode();
    if (process.platform !== 'linux') return;
    const version = execFileSync(binary!, ['--version'], { encoding: 'utf8' });
    expect(isNodeNewEnough(version.slice(1))).to.equal(true);
  });

  it('is asked for in plain words where there is none', () => {
    expect(findPinnedNode('plan9', 'vax')).to.equal(undefined);
    const message = noNodeMessage('v18.1.0');
    expect(message).to.contain('v18.1.0').and.contain('Node 24').and.contain('--include=optional');
  });
});
