import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { stringify } from 'yaml';
import { startSim, type Sim } from '../../src/sim/server.ts';
import { certificateText } from '../certificates/certificates.ts';
import { borrowLab } from './borrowed.ts';
import { aliveOverTls } from './client.ts';
import { until } from './command.ts';
import { startManyClients, type Tally } from './many-clients.ts';
import { createOperator } from './operator.ts';
import { anotherRelease } from './program-copy.ts';

const lab = borrowLab();
const operator = createOperator();
const STREAMS = 200;
/** Enough for all streams. With fewer, a late one waits behind all that come in time, and is refused after a minute, with or without a deployment. */
const SLOTS = 105;
const KEYS = ['a1', 'b2'].map((digits) => `sk-${digits.repeat(32)}`);
const sims: Sim[] = [];
after(() => Promise.all(sims.map((sim) => sim.close())));

const wanted = { cert: 'good', strategy: 'least-busy', keys: [KEYS[0]] as readonly (string | undefined)[] };

/** Writes what is wanted into the operator's files. */
function configure(change: Partial<typeof wanted> = {}): void {
  Object.assign(wanted, change);
  const [long, other, quick] = sims.map(({ port }) => `http://10.77.0.1:${String(port)}`);
  const folder = join(operator.folder, 'inventories/group_vars/all');
  const variables = {
    litellm_models: ['long', 'quick'].map((name) => ({ name, provider: 'ollama', model: `${name}:latest` })),
    litellm_backends: [
      { url: long, num_parallel: SLOTS },
      { url: other, num_parallel: SLOTS },
      { url: quick, num_parallel: 8 },
    ],
    litellm_routing_strategy: wanted.strategy,
    litellm_tls_cert: certificateText(`${wanted.cert}.pem`),
    litellm_tls_key: certificateText(`${wanted.cert}.key`),
  };
  writeFileSync(join(folder, 'zz.yml'), stringify(variables));
  const [key, previous] = wanted.keys;
  const keys = {
    litellm_master_key: key,
    ...(previous === undefined ? {} : { litellm_master_key_previous: previous }),
  };
  writeFileSync(join(folder, 'vault.yml'), stringify(keys));
}

const alive = (): Promise<string> =>
  lab
    .host('hx-api-server')
    .must(`systemctl list-units --all --plain --no-legend 'litellm@*' | awk '$3 != "inactive" { print $1, $3 }'`);

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function shown({ tookMs, streams }: Tally): string {
  const [half, most, longest] = [0.5, 0.999, 1].map((share) => quantile(tookMs, share).toFixed(0));
  return `${String(streams)} streams, ${String(tookMs.length)} plain requests: median ${half} ms, p99.9 ${most} ms, longest ${longest} ms`;
}

test('a gateway with TLS stands before servers whose slots are counted', lab.only, async () => {
  const options = { host: '10.77.0.1', loadMs: 100, prefillMsPerToken: 0.1 };
  for (let server = 0; server < 2; server += 1)
    sims.push(
      await startSim({
        ...options,
        models: [{ name: 'long:latest' }],
        numParallel: SLOTS,
        tokenMs: 1000,
        vramMiB: 100_000,
      }),
    );
  sims.push(await startSim({ ...options, models: [{ name: 'quick:latest' }], numParallel: 8, tokenMs: 2 }));
  configure();
  const ran = await operator.deploy('enforce', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  assert.equal(await aliveOverTls(), '200 good');
});

test('ten deployments in turn under 200 streams fail no request and cut no stream', lab.only, async (context) => {
  let key = KEYS[0] ?? '';
  let mostInside = 0;
  const programs = [anotherRelease(1), anotherRelease(2), anotherRelease(3)] as const;
  const looking = setInterval(() => {
    mostInside = Math.max(mostInside, ...sims.map((sim) => sim.activity().waiting));
  }, 5);
  const clients = startManyClients(STREAMS, () => key);
  try {
    // The same programs run on this machine in the comparison, and nothing changes there.
    await until('the streams to be open', 60_000, () => Promise.resolve(clients.open() >= STREAMS));
    clients.take();
    for (let times = 0; times < 6; times += 1) await operator.deployWith(programs[0], 'enforce', '--dry-run');
    const without = clients.take();
    context.diagnostic(`without: ${shown(without)}`);
    const enforce = (program?: string): ReturnType<typeof operator.deploy> =>
      program === undefined ? operator.deploy('enforce', '--yes') : operator.deployWith(program, 'enforce', '--yes');
    const changes: readonly (readonly [string, () => ReturnType<typeof operator.deploy>])[] = [
      ['code', () => enforce(programs[0])],
      ['configuration', () => (configure({ strategy: 'simple-shuffle' }), enforce(programs[0]))],
      ['key, with the previous one', () => (configure({ keys: [KEYS[1], KEYS[0]] }), enforce(programs[0]))],
      ['certificate', () => (configure({ cert: 'leaf' }), enforce(programs[0]))],
      ['rollback', () => operator.hxllm('rollback', '--yes')],
      ['code again', () => enforce(programs[1])],
      ['configuration again', () => (configure({ strategy: 'least-busy' }), enforce(programs[1]))],
      ['key alone', () => ((key = KEYS[1] ?? ''), configure({ keys: [KEYS[1]] }), enforce(programs[1]))],
      ['certificate again', () => (configure({ cert: 'good' }), enforce(programs[2]))],
      ['rollback of the code', () => operator.hxllm('rollback', '--code-only', '--yes')],
    ];
    const during: number[] = [];
    for (const [name, change] of changes) {
      // Of more than three the eldest would be cut.
      let seen = '';
      await until('an instance to end', 240_000, async () => {
        // The list of a process's children may miss one for a moment.
        seen = await alive().catch(String);
        return seen.startsWith('litellm@') && seen.split('\n').length < 3;
      }).catch(async (error: unknown) => {
        const host = lab.host('hx-api-server');
        const { stdout } = await host.sh(
          '/opt/litellm/current/gateway --control status; journalctl -u litellm --no-pager -o cat | grep -v \'"event":"request"\' | tail -n 40',
        );
        throw new Error(`${name}: ${seen}\n${stdout}\n${clients.take().failures.slice(0, 5).join('\n')}`, {
          cause: error,
        });
      });
      const begunMs = performance.now();
      const ran = await change();
      assert.equal(ran.exitCode, 0, `${name}\n${ran.stdout}${ran.stderr}`);
      const tally = clients.take();
      during.push(...tally.tookMs);
      context.diagnostic(
        `${name}: ${((performance.now() - begunMs) / 1000).toFixed(1)} s, ${String(clients.open())} open; ${shown(tally)}`,
      );
      assert.deepEqual(tally.failures, [], name);
    }
    await clients.stop();
    const last = clients.take();
    assert.deepEqual(last.failures, []);
    const [quiet, busy] = [quantile(without.tookMs, 0.999), quantile(during, 0.999)];
    context.diagnostic(
      `p99.9 ${quiet.toFixed(0)} ms without and ${busy.toFixed(0)} ms with, at most ${String(mostInside)} waited in a server`,
    );
    // Both have the same neighbours, so a busy machine excuses no more than it cost before.
    assert.ok(busy <= quiet + 100, `p99.9 ${busy.toFixed(0)} ms, and ${quiet.toFixed(0)} without`);
    const [longest, before] = [Math.max(...during), Math.max(...without.tookMs)];
    assert.ok(longest <= Math.max(1000, before), `${longest.toFixed(0)} ms, and ${before.toFixed(0)} without`);
    // Each server may be tried with one more, by which the gateway learns its slots.
    assert.ok(mostInside <= 1, `${String(mostInside)} requests waited in a server`);
    assert.equal(await aliveOverTls(), '200 good');
  } finally {
    clearInterval(looking);
    await clients.stop();
  }
});
