import { expect } from 'chai';
import fc from 'fast-check';
import { ControlProtocolError } from '../../src/control/errors.js';
import { MessagePacker, MessageUnpacker } from '../../src/control/message-stream.js';

describe('a stream of control messages', () => {
  it('gives messages of any sizes back, in order, whatever the payloads they were cut into', () => {
    const sizes = fc.array(fc.oneof(fc.nat(20), fc.constant(0), fc.nat(3_000)), { maxLength: 40 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 700 }), (lengths, payloadBytes) => {
        const messages = lengths.map((length, i) => Buffer.alloc(length, i));
        const packer = new MessagePacker();
        const unpacker = new MessageUnpacker('a test', 10_000);
        const received: Buffer[] = [];
        const take = (): void => {
          for (let next = packer.next(payloadBytes); next; next = packer.next(payloadBytes)) {
            expect(next.length).to.be.at.most(payloadBytes);
            unpacker.take(next, (message) => received.push(Buffer.from(message)));
          }
        };
        messages.forEach((message, i) => {
          packer.add(message);
          if (i % 3 === 0) take();
        });
        take();
        expect(packer.queuedBytes).to.equal(0);
        expect(received.map((one) => one.toString('hex'))).to.deep.equal(
          messages.map((one) => one.toString('hex')),
        );
      }),
    );
  });

  it('A05 refuses a message that is announced as too long before it takes any of it', () => {
    const unpacker = new MessageUnpacker('a test', 1_000);
    const announced = Buffer.alloc(4);
    announced.writeUInt32BE(0xffff_ffff);
    expect(() => unpacker.take(announced, () => expect.fail('delivered'))).to.throw(
      ControlProtocolError,
      '4294967295 bytes is announced',
    );
  });
});
