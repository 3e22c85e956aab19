import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { resourceManagersOf, type HadoopConfiguration } from '@heddle/hadoop-conf';

const requestTimeoutMs = 1_000;
const pauseMs = 30;
const maxAnswerLength = 10_000;

/**
 * Whether YARN has ended an application for good, so that no other attempt will need its files. Asked
 * for at most `patienceMs`: whoever is told to end has a quarter of a second. Never throws.
 */
export async function applicationHasEnded(
  conf: HadoopConfiguration,
  applicationId: string,
  user: string,
  patienceMs: number,
): Promise<boolean> {
  const managers = resourceManagersOf(conf).filter(({ webScheme }) => webScheme === 'http');
  const deadlineMs = performance.now() + patienceMs;
  do {
    for (const { webAddress } of managers) {
      const path = `/ws/v1/cluster/apps/${applicationId}/state?user.name=${encodeURIComponent(user)}`;
      const url = `http://${webAddress.host}:${webAddress.port}${path}`;
      const text = await fetchText(url).catch(() => '');
      if (/"state":"(?:FINISHED|FAILED|KILLED)"/.test(text)) return true;
    }
    await delay(pauseMs);
  } while (performance.now() < deadlineMs);
  return false;
}

function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { timeout: requestTimeoutMs, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text += part;
        if (text.length > maxAnswerLength) request.destroy();
      });
      answer.once('end', () => resolve(text));
      answer.once('error', reject);
    });
    request.once('timeout', () => request.destroy(new Error('no answer in time')));
    request.once('error', reject);
  });
}
