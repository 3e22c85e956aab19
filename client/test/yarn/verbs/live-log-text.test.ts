import { expect } from 'chai';
import { liveLogText } from '../../../src/yarn/verbs/live-log-text.js';

const container = 'container_1700000000000_0001_01_000001';

function trailer(file: string, isRunning = true): string {
  const end = `End of LogType:${file}`;
  const state = isRunning
    ? `This log file belongs to a running container (${container}) and so may not be complete.`
    : '';
  return `${end}.${state}\n${'*'.repeat(end.length + 50)}\n\n`;
}

/** As a node of Hadoop 3.4.3 answers. */
function answer(file: string, text: string, isRunning = true): Buffer {
  const title = `Container: ${container} on loom:8041`;
  const header =
    `${title}\nLogAggregationType: LOCAL\n${'='.repeat(title.length)}\nLogType:${file}\n` +
    `LogLastModifiedTime:Sun Nov 22 00:00:00 +0000 2026\nLogLength:${Buffer.byteLength(text)}\nLogContents:\n`;
  return Buffer.from(`${text === '' ? '' : header}${text}${trailer(file, isRunning)}`);
}

describe('The text in a node’s answer', () => {
  it('is what the program wrote, with its last line feed or without one', () => {
    for (const text of ['words\n', 'no line feed', '\n', 'Fäden 織機\n', '\n\nwords\n\n']) {
      for (const isRunning of [true, false]) {
        expect(liveLogText(answer('stdout', text, isRunning))).to.equal(text);
      }
    }
  });

  it('is empty when the file is', () => {
    expect(liveLogText(answer('stderr', ''))).to.equal('');
    expect(liveLogText(answer('prelaunch.err', '', false))).to.equal('');
  });

  it('goes on behind what a program prints to look like an end', () => {
    for (const fake of ['End of LogType:stdout.', trailer('stdout'), trailer('stdout', false)]) {
      const text = `before\n${fake}\nafter\n${fake}`;
      expect(liveLogText(answer('stdout', text))).to.equal(text);
      expect(liveLogText(Buffer.from(`${text}last words\n`))).to.equal(`${text}last words\n`);
    }
  });

  it('may begin with what looks like a header', () => {
    const text = answer('stdout', 'inner').toString();
    expect(liveLogText(answer('stdout', text))).to.equal(text);
  });

  it('leaves a character that has only begun for the next look', () => {
    const whole = answer('stdout', 'Fä');
    const at = whole.indexOf('F');
    const begun = Buffer.concat([
      Buffer.from(whole.subarray(0, at).toString().replace('LogLength:3', 'LogLength:2')),
      whole.subarray(at, at + 2),
      Buffer.from(trailer('stdout')),
    ]);
    expect(liveLogText(begun)).to.equal('F');
  });
});
