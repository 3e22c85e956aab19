import { expect } from 'chai';
import fc from 'fast-check';

import { careFor } from '../src/connection/connection-care.js';

const limits = { pingIntervalMs: 60_000, maxIdleMs: 10_000 };
const quiet = { nowMs: 100_000, lastSentMs: 100_000, lastReceivedMs: 100_000, pendingCalls: 0 };

describe('Care for an open connection', () => {
  it('closes one without calls after its limit, counted from the last byte either way', () => {
    expect(careFor({ ...quiet, nowMs: 110_000 }, limits)).to.deep.equal({ kind: 'close' });
    expect(careFor({ ...quiet, nowMs: 109_999 }, limits)).to.deep.equal({
      kind: 'wait',
      delayMs: 1,
    });
    const received = { ...quiet, nowMs: 110_000, lastReceivedMs: 105_000 };
    expect(careFor(received, limits)).to.deep.equal({ kind: 'wait', delayMs: 5_000 });
  });

  it('pings one with a waiting call after the longer limit, and never closes it', () => {
    const waiting = { ...quiet, pendingCalls: 1 };
    expect(careFor({ ...waiting, nowMs: 110_000 }, limits).kind).to.equal('wait');
    expect(careFor({ ...waiting, nowMs: 160_000 }, limits)).to.deep.equal({ kind: 'ping' });
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), fc.integer({ min: 1 }), (now, sent, got, calls) => {
        const activity = { nowMs: now, lastSentMs: sent, lastReceivedMs: got, pendingCalls: calls };
        expect(careFor(activity, limits).kind).to.not.equal('close');
      }),
    );
  });

  it('never waits for longer than the limit', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (sent, got, calls) => {
        const nowMs = Math.max(sent, got);
        const activity = { nowMs, lastSentMs: sent, lastReceivedMs: got, pendingCalls: calls };
        const care = careFor(activity, limits);
        if (care.kind !== 'wait') throw new Error('nothing is due yet');
        expect(care.delayMs).to.be.within(1, limits.pingIntervalMs);
      }),
    );
  });
});
