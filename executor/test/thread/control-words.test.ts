import { expect } from 'chai';
import { ControlWords } from '../../src/thread/control-words.js';

describe('ControlWords', () => {
  it('kills the named run and no later one', () => {
    const buffer = ControlWords.allocate();
    const host = new ControlWords(buffer);
    const thread = new ControlWords(buffer);
    expect(thread.isKilled(1)).to.equal(false);
    host.kill(1);
    expect(thread.isKilled(1)).to.equal(true);
    expect(thread.isKilled(2)).to.equal(false);
  });

  it('takes runs back that have not begun, and no later ones', () => {
    const buffer = ControlWords.allocate();
    const host = new ControlWords(buffer);
    const thread = new ControlWords(buffer);
    thread.begin(1);
    expect(thread.isRecalled(1)).to.equal(false);
    host.recall(3);
    expect(host.currentRun).to.equal(1);
    thread.begin(2);
    expect([2, 3, 4].map((run) => thread.isRecalled(run))).to.deep.equal([true, true, false]);
  });

  it('gives each commit question its own answer', () => {
    const words = new ControlWords(ControlWords.allocate());
    words.expectCommitAnswer();
    expect(words.waitForCommitAnswer(0)).to.equal(undefined);
    words.answerCommit(true);
    expect(words.waitForCommitAnswer(0)).to.equal(true);
    words.expectCommitAnswer();
    expect(words.waitForCommitAnswer(0)).to.equal(undefined);
    words.answerCommit(false);
    expect(words.waitForCommitAnswer(0)).to.equal(false);
  });
});
