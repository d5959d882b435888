import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFake } from '../fake-upstream.ts';
import { KEY } from '../running.ts';
import { startHost, untilLogged, type Launched } from './instances-stage.ts';

/** Of three requests under a limit of two a minute. All three: some at each instance, within the second in which both admit. */
const ALLOWED = new Set(['200 200 429', '200 200 200']);

test('a key that the elder instance has just made opens the newer one, and its limit holds, around a take-over', async () => {
  await using fake = await startFake();
  await using host = await startHost();
  const file = await host.write('config.yaml', {
    model_list: [{ model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: fake.url } }],
    general_settings: { master_key: KEY },
    hxllm: { state_dir: host.folder, backends: { [fake.url]: { num_parallel: 8 } } },
  });
  using connections = Object.assign(new Agent({ keepAlive: true }), {
    [Symbol.dispose](this: Agent) {
      this.destroy();
    },
  });
  const again: string[] = [];
  const ask = (path: string, key: string, body: object): Promise<readonly [status: number, text: string]> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const asked = request(`${host.url}${path}`, { method: 'POST', agent: connections, headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () => {
          resolve([answer.statusCode ?? 0, text]);
        });
      });
      asked.on('error', (error) => {
        // The elder instance has closed a connection that was kept, just as the request was sent.
        if (!asked.reusedSocket) return reject(error);
        again.push(`${path}: ${String(error)}`);
        resolve(ask(path, key, body));
      });
      asked.end(JSON.stringify(body));
    });
  let last: Launched = host.launch('1', file);
  await untilLogged(last, 'listening');
  const seen = new Set<string>();
  const odd: string[] = [];
  for (const id of ['2', '3']) {
    const next = host.launch(id, file);
    await untilLogged(next, 'standby');
    const taking = host.control('take-over', '--instance', id);
    const ended = new AbortController();
    void taking.then(() => {
      ended.abort();
    });
    while (!ended.signal.aborted) {
      // As `smoke --keys` does: a key for two requests a minute, and three at once.
      const made = await ask('/key/generate', KEY, { rpm_limit: 2 });
      assert.equal(made[0], 200, made[1]);
      const { key } = JSON.parse(made[1]) as { readonly key: string };
      const chat = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };
      const uses = await Promise.all([1, 2, 3].map(() => ask('/v1/chat/completions', key, chat)));
      const statuses = uses.map(([status]) => String(status)).toSorted((one, other) => one.localeCompare(other));
      seen.add(statuses.join(' '));
      if (!ALLOWED.has(statuses.join(' '))) odd.push(...uses.map(([status, text]) => `${String(status)} ${text}`));
      await sleep(10);
    }
    assert.equal((await taking).code, 0);
    await last.ended();
    last = next;
  }
  assert.ok(seen.has('200 200 429'));
  // A request that met a closed connection has not been let in: to ask again takes nothing.
  assert.deepEqual(odd, [], `asked again: ${again.join(', ')}`);
});
