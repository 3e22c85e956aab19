import { expect } from 'chai';
import type { Logger } from '@heddle/common';
import { silentLogger } from '@heddle/common';
import type { Listener, ListenerEvent } from '../../src/index.js';
import { ListenerBus, redactSettings } from '../../src/index.js';

const end = (timeMs: number): ListenerEvent => ({ kind: 'applicationEnd', timeMs });

class Recorder implements Listener {
  readonly heard: ListenerEvent[] = [];
  onEvent(event: ListenerEvent): void {
    this.heard.push(event);
  }
}

describe('ListenerBus', () => {
  it('tells all listeners all events in order', () => {
    const bus = new ListenerBus(silentLogger);
    const recorders = [new Recorder(), new Recorder()];
    for (const recorder of recorders) bus.add(recorder);
    bus.post(end(1));
    bus.post(end(2));
    for (const { heard } of recorders) expect(heard).to.deep.equal([end(1), end(2)]);
  });

  it('reports a listener that throws, and goes on with it and the others', () => {
    const errors: string[] = [];
    const logger: Logger = {
      ...silentLogger,
      error: (_message, fields) => errors.push(String(fields?.['error'])),
    };
    const bus = new ListenerBus(logger);
    let calls = 0;
    const bad: Listener = {
      onEvent: () => {
        calls++;
        throw new Error('bad listener');
      },
    };
    const recorder = new Recorder();
    bus.add(bad);
    bus.add(recorder);
    for (let time = 0; time < 20; time++) bus.post(end(time));
    expect(recorder.heard).to.have.length(20);
    expect(calls).to.equal(20);
    expect(bus.errorsOf(bad)).to.equal(20);
    // It is reported, but does not fill the log.
    expect(errors).to.have.length(10);
    expect(errors[0]).to.equal('Error: bad listener');
  });

  it('tells what a listener posts after the event that it hears', () => {
    const bus = new ListenerBus(silentLogger);
    const recorder = new Recorder();
    bus.add({
      onEvent: (event) => {
        if (event.kind === 'applicationEnd' && event.timeMs === 1) bus.post(end(2));
      },
    });
    bus.add(recorder);
    bus.post(end(1));
    expect(recorder.heard).to.deep.equal([end(1), end(2)]);
  });

  it('tells nothing more to a listener that was removed', () => {
    const bus = new ListenerBus(silentLogger);
    const recorder = new Recorder();
    bus.add(recorder);
    bus.remove(recorder);
    bus.post(end(1));
    expect(recorder.heard).to.deep.equal([]);
    expect(bus.hasListeners).to.equal(false);
  });
});

describe('redactSettings', () => {
  it('hides values by key, and passwords in URLs', () => {
    const hidden = '*********(redacted)';
    expect(
      redactSettings({
        'heddle.app.name': 'words',
        'heddle.authenticate.secret': 's3',
        'my.db.password': 'p',
        'my.ACCESS_KEY': 'k',
        'my.api-key': 'k',
        'my.url': 'postgres://user:pass@db/x and http://plain/',
      }),
    ).to.deep.equal({
      'heddle.app.name': 'words',
      'heddle.authenticate.secret': hidden,
      'my.db.password': hidden,
      'my.ACCESS_KEY': hidden,
      'my.api-key': hidden,
      'my.url': `postgres://user:${hidden}@db/x and http://plain/`,
    });
  });
});
