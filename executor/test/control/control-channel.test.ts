import { expect } from 'chai';
import fc from 'fast-check';
import { ControlChannel } from '../../src/control/control-channel.js';
import { ControlProtocolError } from '../../src/control/errors.js';
import { decodeFrame, encodeFrame, FrameType } from '../../src/control/frame.js';

const keys = { a: Buffer.alloc(32, 1), b: Buffer.alloc(32, 2) };

/** Two channels, and a wire between them on which frames can be lost and repeated. */
class Pair {
  readonly received: Record<'a' | 'b', string[]> = { a: [], b: [] };
  readonly a = this.#channel('a');
  readonly b = this.#channel('b');
  readonly wire: { to: 'a' | 'b'; frame: Buffer }[] = [];

  connect(): void {
    this.wire.length = 0;
    const aReceived = this.a.received;
    const bReceived = this.b.received;
    const send =
      (to: 'a' | 'b') =>
      (frame: Buffer): void =>
        void this.wire.push({ to, frame });
    this.a.attach({ sendKey: keys.a, receiveKey: keys.b, send: send('b') }, bReceived);
    this.b.attach({ sendKey: keys.b, receiveKey: keys.a, send: send('a') }, aReceived);
  }

  disconnect(): void {
    this.a.detach();
    this.b.detach();
    this.wire.length = 0;
  }

  /** Delivers the first frame of the wire; a channel that objects breaks the connection. */
  deliver(fate: 'ok' | 'drop' | 'twice'): void {
    const next = this.wire.shift();
    if (next === undefined || fate === 'drop') return;
    try {
      this[next.to].receive(next.frame);
      if (fate === 'twice') this[next.to].receive(next.frame);
    } catch (error) {
      expect(error).to.be.instanceOf(ControlProtocolError);
      expect((error as ControlProtocolError).scope).to.equal('connection');
      this.connect();
    }
  }

  #channel(name: 'a' | 'b'): ControlChannel {
    return new ControlChannel({
      peer: name,
      maxMessageBytes: 1_000_000,
      message: (bytes) => this.received[name].push(bytes.toString()),
      beatMessage: () => undefined,
      beat: () => undefined,
    });
  }
}

describe('a control channel', () => {
  it('F26 delivers every message exactly once and in order, whatever is lost, repeated or cut', () => {
    const step = fc.constantFrom('send', 'send', 'ok', 'ok', 'ok', 'drop', 'twice', 'cut');
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const pair = new Pair();
        pair.connect();
        const sent: string[] = [];
        for (const [i, action] of steps.entries()) {
          switch (action) {
            case 'send':
              sent.push(`message ${i}`);
              pair.a.send(Buffer.from(`message ${i}`));
              pair.b.send(Buffer.from(`message ${i}`));
              pair.a.flush();
              pair.b.flush();
              break;
            case 'cut':
              pair.disconnect();
              pair.connect();
              break;
            default:
              pair.deliver(action);
          }
        }
        // A last connection over which nothing happens.
        pair.disconnect();
        pair.connect();
        while (pair.wire.length > 0) pair.deliver('ok');
        expect(pair.received.a).to.deep.equal(sent);
        expect(pair.received.b).to.deep.equal(sent);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps no more on its way than its window, and goes on when that is acknowledged', () => {
    const pair = new Pair();
    pair.connect();
    const message = Buffer.alloc(900_000, 'x');
    for (let i = 0; i < 12; i++) pair.a.send(message);
    pair.a.flush();
    const onTheWay = pair.wire.reduce((sum, { frame }) => sum + frame.length, 0);
    expect(onTheWay).to.be.within(4_000_000, 4_700_000);
    while (pair.wire.length > 0) pair.deliver('ok');
    expect(pair.received.b).to.have.length(12);
    expect(pair.a.pendingBytes).to.be.below(600_000);
  });

  it('T3 refuses a frame with any byte changed, and one of the other direction', () => {
    const payload = Buffer.from('a message of the driver');
    const frame = encodeFrame(
      { type: FrameType.data, sequence: 1, acknowledged: 0, beat: 0, payload },
      keys.a,
    );
    for (let i = 0; i < frame.length; i++) {
      for (const bit of [1, 0x80]) {
        const changed = Buffer.from(frame);
        changed[i]! ^= bit;
        expect(decodeFrame(changed, keys.a), `byte ${i}`).to.equal('mac');
      }
    }
    for (let length = 0; length < frame.length; length++) {
      expect(decodeFrame(frame.subarray(0, length), keys.a)).to.be.oneOf(['short', 'mac']);
    }
    expect(decodeFrame(frame, keys.b)).to.equal('mac');
    expect(decodeFrame(frame, keys.a)).to.include({ sequence: 1 });
  });

  it('A03 gives a repeated frame no effect, and acts on no beat twice', () => {
    const beats: number[] = [];
    const messages: string[] = [];
    const channel = new ControlChannel({
      peer: 'a test',
      maxMessageBytes: 1_000,
      message: (bytes) => messages.push(bytes.toString()),
      beatMessage: (bytes) => messages.push(bytes.toString()),
      beat: (beat) => beats.push(beat),
    });
    channel.attach({ sendKey: keys.a, receiveKey: keys.b, send: () => undefined }, 0);
    const beat = (number: number): Buffer =>
      encodeFrame(
        {
          type: FrameType.beat,
          sequence: 0,
          acknowledged: 0,
          beat: number,
          payload: Buffer.from(`beat ${number}`),
        },
        keys.b,
      );
    const [first, second] = [beat(1), beat(2)];
    for (const frame of [first, second, first, second, second]) channel.receive(frame);
    expect(beats).to.deep.equal([1, 2]);
    expect(messages).to.deep.equal(['beat 1', 'beat 2']);
  });
});
