import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { tryPort } from '../../../src/remote/ssh/port-trial.ts';
import { resolveSettings, type SshSettings } from '../../../src/remote/ssh/settings.ts';
import { quietPort } from '../../port.ts';
import { targetOf, valueOf } from '../target.ts';

const PATIENT = { signal: new AbortController().signal, timeoutMs: 20_000 };
const USER = { home: '/nonexistent', userName: 'me', environment: { PATH: process.env['PATH'] } };

/** Linux connects 0.0.0.0 to this machine, so it stands for a host that is no loopback by its name. */
async function settingsOf(part: Partial<SshSettings> = {}): Promise<SshSettings> {
  const target = targetOf({ name: 'hx', address: '0.0.0.0', user: 'deploy' });
  return { ...valueOf(await resolveSettings(USER, target, PATIENT.signal)), ...part };
}

test('a port that listens is open, and another one is refused, with the address that was tried', async (t) => {
  const port = await quietPort();
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  t.after(() => server.close());
  const settings = await settingsOf();
  assert.deepEqual(await tryPort(settings, port, PATIENT), { state: 'open', address: '0.0.0.0', detail: 'connected' });
  assert.deepEqual(await tryPort(settings, await quietPort(), PATIENT), {
    state: 'refused',
    address: '0.0.0.0',
    detail: 'ECONNREFUSED',
  });
});

test('behind a jump host, a ProxyCommand or a port of this machine, nothing is tried', async () => {
  for (const [part, why] of [
    [{ proxyJump: 'bastion' }, /bastion/],
    [{ proxyCommand: 'nc %h %p' }, /ProxyCommand/],
    [{ hostName: '127.0.0.1' }, /a port of this machine/],
    [{ hostName: 'localhost' }, /a port of this machine/],
  ] as const) {
    const trial = await tryPort(await settingsOf(part), 4000, PATIENT);
    assert.equal(trial.state, 'indirect');
    assert.match(trial.state === 'indirect' ? trial.why : '', why);
  }
});

test('an interrupted trial ends at once', async () => {
  const stop = new AbortController();
  stop.abort();
  assert.equal((await tryPort(await settingsOf(), 4000, { ...PATIENT, signal: stop.signal })).state, 'indirect');
});
