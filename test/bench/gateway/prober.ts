import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { KEY } from './load.ts';

/**
 * A process that sends `GET /v1/models` every millisecond to the port of its first argument. It answers each message of its parent with the
 * longest time that one of them took since the message before, ms. It has a process of its own, so that nobody else's work counts.
 */
const port = Number(process.argv[2]);
const agent = new Agent({ keepAlive: true });
let longest = 0;

function probe(): Promise<void> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${KEY}` };
    const sent = request({ host: '127.0.0.1', port, path: '/v1/models', headers, agent });
    sent.on('response', (response) => response.resume().on('close', resolve));
    sent.on('error', () => resolve()).end();
  });
}

process.on('message', () => {
  process.send?.(longest);
  longest = 0;
});
while (process.connected) {
  const at = performance.now();
  await probe();
  longest = Math.max(longest, performance.now() - at);
  await sleep(1);
}
agent.destroy();
