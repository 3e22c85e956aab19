import { expect } from 'chai';

import { decideRetry, type RetryPolicy, type RetryState } from '../src/client/retry-decision.js';
import {
  RemoteError,
  RpcAbortedError,
  RpcConnectionError,
  RpcFramingError,
  RpcTimeoutError,
  SaslError,
} from '../src/errors.js';
import { isKnownRemoteException, verdictOf } from '../src/remote-exceptions.js';

const policy: RetryPolicy = {
  serverCount: 2,
  maxElapsedMs: 60_000,
  retryIntervalMs: 1_000,
  failoverBaseMs: 500,
  failoverMaxMs: 4_000,
};
const fresh: RetryState = { failovers: 0, elapsedMs: 0, isIdempotent: true, jitter: 1 };
const remote = (className: string): RemoteError =>
  new RemoteError('rm:1', 'm', {
    className,
    message: 'x',
    trace: '',
    detail: undefined,
    isFatal: false,
  });
const lost = (mayHaveBeenSent: boolean): RpcConnectionError =>
  new RpcConnectionError('rm:1', 'refused', mayHaveBeenSent);

describe('decideRetry', () => {
  it('fails over at once while there is a server that was not tried', () => {
    expect(decideRetry(lost(false), fresh, policy)).to.deep.equal({ kind: 'failOver', delayMs: 0 });
    const standby = remote('org.apache.hadoop.ipc.StandbyException');
    expect(decideRetry(standby, fresh, policy)).to.deep.equal({ kind: 'failOver', delayMs: 0 });
  });

  it('pauses longer after each round over the servers, up to the limit', () => {
    const delays = [1, 2, 3, 5, 7, 9, 99].map((failovers) => {
      const decision = decideRetry(lost(false), { ...fresh, failovers }, policy);
      return decision.kind === 'failOver' ? decision.delayMs : undefined;
    });
    expect(delays).to.deep.equal([500, 500, 1_000, 2_000, 4_000, 4_000, 4_000]);
  });

  it('retries the only server after its interval, half of which is random', () => {
    const single = { ...policy, serverCount: 1 };
    expect(decideRetry(lost(false), fresh, single)).to.deep.equal({
      kind: 'retry',
      delayMs: 1_000,
    });
    expect(decideRetry(lost(false), { ...fresh, jitter: 0 }, single)).to.deep.equal({
      kind: 'retry',
      delayMs: 500,
    });
  });

  it('retries the same server when it asks for patience', () => {
    const busy = remote('org.apache.hadoop.yarn.exceptions.NMNotYetReadyException');
    expect(decideRetry(busy, { ...fresh, isIdempotent: false }, policy).kind).to.equal('retry');
  });

  it('repeats a call of unknown fate only when it is idempotent', () => {
    const unknownFate = [
      lost(true),
      new RpcTimeoutError('rm:1', 'm', 1, true),
      new RpcFramingError('x'),
    ];
    for (const error of unknownFate) {
      expect(decideRetry(error, fresh, policy).kind).to.equal('failOver');
      expect(decideRetry(error, { ...fresh, isIdempotent: false }, policy).kind).to.equal('fail');
    }
    expect(decideRetry(lost(false), { ...fresh, isIdempotent: false }, policy).kind).to.equal(
      'failOver',
    );
  });

  it('fails for refusals, mistakes, unknown classes, aborts and anything else', () => {
    const finals = [
      remote('org.apache.hadoop.security.token.SecretManager$InvalidToken'),
      remote('org.apache.hadoop.yarn.exceptions.InvalidResourceRequestException'),
      remote('com.example.NeverSeenException'),
      new SaslError('x'),
      new RpcAbortedError('m'),
      new TypeError('x'),
      undefined,
    ];
    for (const error of finals) expect(decideRetry(error, fresh, policy).kind).to.equal('fail');
  });

  it('fails when the next attempt would come too late', () => {
    expect(
      decideRetry(lost(false), { ...fresh, failovers: 1, elapsedMs: 59_600 }, policy).kind,
    ).to.equal('fail');
  });
});

describe('verdictOf', () => {
  it('knows the verdict of classes in the table and calls the rest fatal', () => {
    expect(
      verdictOf('org.apache.hadoop.yarn.exceptions.InvalidResourceBlacklistRequestException'),
    ).to.equal('userMistake');
    expect(verdictOf('java.lang.NullPointerException')).to.equal('fatal');
    expect(isKnownRemoteException('java.lang.NullPointerException')).to.equal(false);
  });
});
