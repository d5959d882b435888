import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CheckResult } from '../../../src/core/verdict.ts';
import { resultOf } from './host.ts';
import { GOOD, judge } from './judging.ts';

const base64 = (text: string): string => (text === '' ? '-' : Buffer.from(text).toString('base64'));
const line = (kind: string, ...values: readonly string[]): string => `${kind} ${values.map(base64).join(' ')}\n`;

/** The guide’s LiteLLM: a virtual environment, a unit that holds the port, its configuration and its database. */
const GUIDE = [
  line('program', '/home/litellm/litellm-venv/bin/litellm', '1.44.7', '3.11.2', 'litellm'),
  line('process', '812', 'litellm', 'litellm.service', '4000'),
  line('config', '/etc/litellm/config.yaml', '2'),
  line('database', '/etc/litellm/litellm.env', 'postgresql://db.example/litellm'),
].join('');

const FOREIGN = [
  line('file', '/etc/litellm/config.yaml', 'model_list', '', 'regular file'),
  line(
    'unit',
    '/etc/systemd/system/litellm.service',
    'litellm\nExecStart=/home/litellm/litellm-venv/bin/litellm',
    '',
    'regular file',
  ),
  line('state', 'litellm.service', 'active', '/etc/systemd/system/litellm.service', ''),
  line('process', '812', '/usr/bin/python3.11', 'litellm.service', 'litellm', '', '', ''),
].join('');

async function existing(found: string, foreign = ''): Promise<ReadonlyMap<string, CheckResult>> {
  const results = await judge({ ...GOOD, existing: found, foreign });
  return new Map(results.filter(({ id }) => id.startsWith('existing.')).map((result) => [result.id.slice(9), result]));
}

test('the guide’s LiteLLM is described piece by piece, and fails nothing', async () => {
  const found = await existing(GUIDE, FOREIGN);
  const failing = [...found.values()].filter(({ outcome }) => outcome === 'fail');
  assert.deepEqual(
    failing.map(({ id, severity }) => [id, severity]),
    [
      ['existing.programs', 'note'],
      ['existing.configuration', 'note'],
      ['existing.database', 'warning'],
      ['existing.take-over', 'note'],
    ],
  );
  assert.equal(
    found.get('programs')?.seen,
    '/home/litellm/litellm-venv/bin/litellm (LiteLLM 1.44.7, Python 3.11.2, of litellm)',
  );
  assert.equal(found.get('database')?.seen, 'postgresql://db.example/litellm, named by /etc/litellm/litellm.env');
  assert.match(found.get('configuration')?.fix ?? '', /hxllm gateway --config theirs\.yaml --check/);
});

test('the take-over says what it would copy, stop and replace, and what it would not touch', async () => {
  const take = (await existing(GUIDE, FOREIGN)).get('take-over');
  assert.match(
    take?.seen ?? '',
    /^a take-over would copy \/etc\/litellm\/config\.yaml, \/etc\/systemd\/system\/litellm\.service to \/var\/backups\/litellm-TIME .*, stop litellm\.service, put hxllm’s files in their place on port 4000.*; it would not touch \/home\/litellm\/litellm-venv, postgresql:\/\/db\.example\/litellm$/,
  );
  assert.equal(take?.fix, 'hxllm enforce --limit hx-api-server --take-over --dry-run');
  const elsewhere = (await existing(line('unit', '/etc/systemd/system/llm-proxy.service', '', 'active'))).get(
    'take-over',
  );
  assert.match(
    elsewhere?.seen ?? '',
    /enforce needs no --take-over.*it would not touch \/etc\/systemd\/system\/llm-proxy\.service$/,
  );
  const guest = (
    await existing('', line('process', '900', '/usr/bin/docker-proxy', 'docker.service', '', '', 'guest', ''))
  ).get('take-over');
  assert.match(guest?.seen ?? '', /a take-over would refuse: docker-proxy/);
});

test('units of the system and of users that run are a warning with the command that stops them', async () => {
  const system = (await existing(line('unit', '/etc/systemd/system/llm-proxy.service', '', 'active'))).get('services');
  assert.deepEqual([system?.outcome, system?.severity], ['fail', 'warning']);
  assert.match(system?.fix ?? '', /sudo systemctl disable --now llm-proxy\.service/);
  const user = (await existing(line('unit', '/home/ada/.config/systemd/user/litellm.service', 'ada', 'active'))).get(
    'services',
  );
  assert.match(user?.seen ?? '', /litellm\.service of ada \(active\)/);
  assert.match(user?.fix ?? '', /sudo -u ada sh -c .*systemctl --user disable --now litellm\.service/);
  const asleep = (await existing(line('unit', '/etc/systemd/system/llm-proxy.service', '', 'inactive'))).get(
    'services',
  );
  assert.deepEqual(
    [asleep?.outcome, asleep?.seen],
    ['pass', 'none; /etc/systemd/system/llm-proxy.service is not running'],
  );
  const loose = (await existing(line('process', '77', 'ada', 'session-3.scope', '4001'))).get('services');
  assert.match(loose?.seen ?? '', /^process 77 of ada, started by session-3\.scope, on port 4001$/);
  assert.match(loose?.fix ?? '', /sudo kill 77/);
});

test('a running container is a warning, a stopped one is named', async () => {
  const up = line(
    'container',
    'docker',
    'proxy',
    'ghcr.io/berriai/litellm:main',
    'Up 3 days',
    '0.0.0.0:4000->4000/tcp',
  );
  const running = (await existing(up)).get('containers');
  assert.equal(running?.seen, 'docker: proxy of ghcr.io/berriai/litellm:main (Up 3 days, 0.0.0.0:4000->4000/tcp)');
  assert.match(running?.fix ?? '', /sudo docker update --restart=no proxy; sudo docker stop proxy/);
  const stopped = (await existing(line('container', 'podman', 'old', 'litellm', 'Exited (0) 2 weeks ago', ''))).get(
    'containers',
  );
  assert.deepEqual([stopped?.outcome, stopped?.seen], ['pass', 'none; old is there (Exited (0) 2 weeks ago)']);
});

test('a search that was cut and found nothing is unknown, not passed', async () => {
  const cut = (await existing('cut\n')).get('programs');
  assert.deepEqual([cut?.outcome, cut?.seen], ['unknown', 'the search took longer than 6 s']);
  assert.match(cut?.fix ?? '', /find \/ -xdev/);
});

test('a host without any LiteLLM passes every check of the family', async () => {
  const found = await existing('');
  assert.ok([...found.values()].every(({ outcome }) => outcome === 'pass'));
  const process = await judge(GOOD, { serviceManager: 'process', prefix: '/tmp/x' });
  assert.equal(resultOf(process, 'existing.take-over').outcome, 'not-applicable');
});
