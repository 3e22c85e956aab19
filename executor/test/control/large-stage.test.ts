import { expect } from 'chai';
import { compactPartSizes, type MapOutputLocation } from 'heddle/internal';
import { MAX_PAYLOAD_BYTES } from '../../src/control/frame.js';
import { decodeDriverMessage, encodeDriverMessage } from '../../src/control/message-codec.js';
import { MessagePacker, MessageUnpacker } from '../../src/control/message-stream.js';
import type { DriverMessage } from '../../src/control/messages.js';
import { maxMessageBytes } from '../../src/process/control-settings.js';
import { rangePlan } from '../host/executor-fixture.js';

const MAPS = 10_000;
const REDUCERS = 10_000;

describe('A stage that reads 10,000 map outputs of 10,000 parts each', function () {
  this.timeout(120_000);

  it('F39 travels in frames of 256 KiB, in a message within the bound', () => {
    const { partSizesBytes, partSizeClasses } = compactPartSizes(
      Float64Array.from({ length: REDUCERS }, (_, part) => (part % 7) * 1_000),
    );
    const outputs = Array.from({ length: MAPS }, (_, map): MapOutputLocation => ({
      mapId: `job_1790000000000_0001_1_0_${map}`,
      shuffleId: 0,
      mapPartition: map,
      generation: 0,
      localDirectory: '/tmp/heddle',
      partSizesBytes,
      // A copy each: the encoding writes what is the same object once.
      ...(partSizeClasses !== undefined && { partSizeClasses: partSizeClasses.slice() }),
      records: 1,
      executorId: `executor-${map % 100}`,
      host: `host-${map % 100}`,
    }));
    const message: DriverMessage = {
      kind: 'registerStage',
      stage: {
        stageId: 1,
        stageAttempt: 0,
        jobId: 1,
        plan: rangePlan(['map'], ['double'], { kind: 'count' }),
        shuffleInputs: [{ shuffleId: 0, generation: 0, numReducePartitions: REDUCERS, outputs }],
        properties: {},
      },
    };
    const bytes = encodeDriverMessage(message);
    const limitBytes = maxMessageBytes(new Map());
    expect(bytes.length).to.be.within(MAPS * REDUCERS, limitBytes);
    const packer = new MessagePacker();
    packer.add(bytes);
    const unpacker = new MessageUnpacker('test', limitBytes);
    let received: DriverMessage | undefined;
    let frames = 0;
    for (let payload = packer.next(); payload !== undefined; payload = packer.next()) {
      expect(payload.length).to.be.at.most(MAX_PAYLOAD_BYTES);
      frames++;
      unpacker.take(payload, (whole) => (received = decodeDriverMessage(whole, 'test')));
    }
    expect(frames).to.be.greaterThan((MAPS * REDUCERS) / MAX_PAYLOAD_BYTES);
    if (received?.kind !== 'registerStage') throw new Error('no stage came');
    const last = received.stage.shuffleInputs[0]?.outputs.at(-1);
    expect(last?.partSizeClasses).to.deep.equal(partSizeClasses);
  });
});
