import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok } from '../../src/core/problem.ts';
import { Secret } from '../../src/core/secret.ts';
import { smokeAt, type Smoked } from '../phases/smoke/smoking.ts';
import { borrowLab } from './borrowed.ts';
import { GATEWAY, readMasterKey } from './client.ts';
import { until } from './command.ts';
import { createOperator } from './operator.ts';
import { CONFIG, onHost, simulate, SERVERS, usesBoth } from './planting.ts';
import { ZONE } from './place.ts';

// The probe of `smoke --fault`, which drains a server in production. Here the server is lost for real while the same requests go on.
const lab = borrowLab();
const operator = createOperator();
const key = await readMasterKey();

// A server of the lab keeps one model in memory, so the other alias is not asked.
const [ALIAS, OTHER] = ['phi3-3.8b', 'llama3-8b'];
const urlOf = (server: string): string => `http://${server}.${ZONE}:11434`;

/** Ways to lose a server, each with the way back. */
const LOSSES: readonly (readonly [string, string, string])[] = [
  ['its service is stopped', 'systemctl stop ollama', 'systemctl start ollama'],
  ['it is killed', 'systemctl kill -s KILL ollama; systemctl stop ollama', 'systemctl start ollama'],
  ['its network is gone', 'ip link set host0 down', 'ip link set host0 up'],
];

/** Smoke with a server that is lost while it has a request of the probe. */
async function smokeWithLoss(lose: string, bring: string): Promise<Smoked> {
  for (const server of SERVERS) {
    // Slow enough that a server is lost in the middle of an answer; a service that has started again has the speed of a new one.
    await simulate(lab, server, 'POST', 'speed', { speed: 0.2 });
    // With its model in memory on both, either has a share of the requests.
    assert.equal(await askByName(urlOf(server)), 200);
  }
  return smokeAt(GATEWAY, {
    key: new Secret(key),
    models: [ALIAS],
    patterns: [OTHER],
    backends: SERVERS.map(urlOf),
    withoutRamp: true,
    takeOut: async (url) => {
      const server = SERVERS.find((one) => urlOf(one) === url);
      assert.ok(server !== undefined);
      await until(`a request on ${server}`, 30_000, async () => (await inFlight(url)) > 0);
      await lab.host(server).must(lose);
      return ok({
        giveBack: async () => {
          await lab.host(server).must(bring);
          return ok(undefined);
        },
      });
    },
  });
}

async function askByName(url: string): Promise<number> {
  const answer = await fetch(`${GATEWAY}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'x-hxllm-backend': url },
    body: JSON.stringify({ model: ALIAS, messages: [{ role: 'user', content: 'Hello' }], max_tokens: 1 }),
  });
  await answer.text();
  return answer.status;
}

async function inFlight(url: string): Promise<number> {
  const answer = await fetch(`${GATEWAY}/fleet`, { headers: { authorization: `Bearer ${key}` } });
  // The gateway writes it by its schema.
  const { servers } = (await answer.json()) as {
    readonly servers: readonly { readonly url: string; readonly in_flight: number }[];
  };
  return servers.find((one) => one.url === url)?.in_flight ?? 0;
}

test('the gateway is deployed', lab.only, async () => {
  const ran = await operator.deploy('enforce', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
});

for (const [title, lose, bring] of LOSSES)
  test(`nothing fails when ${title}, and the server is used again afterwards`, lab.only, async () => {
    const smoked = await smokeWithLoss(lose, bring);
    const [outage, back] = [smoked.result('backends.outage'), smoked.result('backends.put-back')];
    assert.deepEqual([outage.outcome, back.outcome], ['pass', 'pass'], `${outage.seen}, ${back.seen}`);
    assert.doesNotMatch(outage.seen, /had answered 0 /);
    await until('the gateway to use both servers again', 60_000, () => usesBoth(key));
  });

test('smoke is red when the gateway does not move requests from a lost server', lab.only, async () => {
  const back = await onHost(lab, `sed -i 's/^router_settings:/&\\n  num_retries: 0/' ${CONFIG}`)();
  try {
    const [, lose = '', bring = ''] = LOSSES[1] ?? [];
    const smoked = await smokeWithLoss(lose, bring);
    const { outcome, seen } = smoked.result('backends.outage');
    assert.equal(outcome, 'fail', seen);
  } finally {
    await back();
  }
});
