import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  globSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ok } from '../../../src/core/problem.ts';
import { Secret } from '../../../src/core/secret.ts';
import { keptEvents } from '../../../src/core/recorder.ts';
import { createLocalHost } from '../../../src/remote/local/host.ts';
import { countTrips } from '../../remote/counted-trips.ts';
import { until } from '../../until.ts';
import { GATEWAY, makeStage, stepsOf, type Seen, type Stage } from './stage.ts';

// One host for the tests in this file, in their order: each test starts with the state that the previous one left.
let stage: Stage;
let released = '';

before(async () => {
  stage = await makeStage();
});
after(async () => {
  await stage[Symbol.asyncDispose]();
});

const ALL = [
  'folders',
  'runtime',
  'release',
  'deployment',
  'release.check',
  'files.config.yaml',
  'files.litellm.env',
  'release.current',
  'service.start',
  'health',
];

test('a dry run shows every step and changes nothing', async () => {
  const seen = await stage.enforce(GATEWAY, {}, { dryRun: true });
  assert.equal(seen.ending, 'pending');
  assert.deepEqual(stepsOf(seen, 'planned'), ALL);
  assert.ok(!existsSync(stage.prefix));
});

test('a dry run with a locked vault shows all other steps, and fails because one is unknown', async () => {
  const seen = await stage.enforce(GATEWAY, { masterKey: { state: 'locked', file: '/vault.yml' } }, { dryRun: true });
  assert.equal(seen.ending, 'failed');
  assert.deepEqual(seen.problems, []);
  assert.deepEqual(stepsOf(seen, 'unknown'), ['files.litellm.env']);
  assert.deepEqual(
    stepsOf(seen, 'planned'),
    ALL.filter((id) => id !== 'files.litellm.env'),
  );
  assert.match(seen.results[0]?.seen ?? '', /--ask-vault-pass/);
});

test('a real run with a locked vault stops before it connects', async () => {
  const seen = await stage.enforce(
    GATEWAY,
    { masterKey: { state: 'locked', file: '/vault.yml' } },
    {},
    { connect: () => Promise.reject(new Error('connected')) },
  );
  assert.deepEqual(
    seen.problems.map((problem) => problem.code),
    ['vault.locked'],
  );
  assert.match(seen.problems[0]?.fix ?? '', /^hxllm enforce --ask-vault-pass$/);
});

test('a plan that is declined changes nothing', async () => {
  const asked: string[] = [];
  const seen = await stage.enforce(
    GATEWAY,
    {},
    {},
    { confirm: ({ question }) => Promise.resolve(asked.push(question) < 0) },
  );
  assert.equal(seen.ending, 'declined');
  assert.deepEqual(asked, ['Apply 8 changes to stage?']);
  assert.ok(!existsSync(stage.prefix));
});

test('a bare host gets everything, and the gateway answers', async () => {
  const seen = await stage.enforce(GATEWAY);
  assert.deepEqual([seen.ending, seen.changes, seen.problems], ['passed', 8, []]);
  assert.deepEqual(stepsOf(seen, 'done'), ALL);
  assert.match(await stage.ask(), /^sk-/);
  assert.equal(statSync(join(stage.prefix, 'etc/litellm/litellm.env')).mode & 0o777, 0o600);
  assert.match(seen.files.get('summary.txt') ?? '', /^enforce: passed, 8 changes applied\n/);
  released = readlinkSync(join(stage.prefix, 'opt/litellm/current'));
  const folder = join(stage.prefix, 'opt/litellm/deployments/1');
  assert.deepEqual(readdirSync(folder).toSorted(), ['deployment.json', 'files', 'gateway', 'gateway.mjs', 'healthy']);
  assert.equal(readlinkSync(join(folder, 'gateway')), `../../${released}/gateway`);
  assert.deepEqual(readdirSync(join(folder, 'files')), ['config.yaml']);
  assert.match(readFileSync(join(stage.prefix, 'opt/litellm/.hxllm'), 'utf8'), /^deployment 1$/m);
});

test('the key is in no event and no document', async () => {
  const seen = await stage.enforce(GATEWAY, {
    masterKey: { state: 'set', key: new Secret(`sk-${'77'.repeat(32)}`), where: {} },
  });
  assert.deepEqual(stepsOf(seen, 'done'), ['deployment', 'files.litellm.env', 'service.start', 'health']);
  assert.equal(await stage.ask(), `sk-${'77'.repeat(32)}`);
  // Twelve digits of a key. Four of them are by chance in one of the many hashes of the evidence.
  assert.doesNotMatch(JSON.stringify([seen.events, [...seen.files]]), /(?:77){6}|(?:a1){6}/);
  assert.equal((await stage.enforce(GATEWAY)).ending, 'passed');
});

test('a second run finds nothing to do, in at most five round trips after authentication', async () => {
  const { host, trips } = countTrips(createLocalHost('stage', process.env));
  const seen = await stage.enforce(GATEWAY, {}, {}, { connect: () => Promise.resolve(ok(host)) });
  assert.equal(trips(), 5, 'the lock (2), the questions (1), the end of the lock (1) and of the connection (1)');
  assert.deepEqual([seen.ending, seen.changes, stepsOf(seen, 'started')], ['passed', 0, []]);
  assert.ok(seen.events.some((event) => event.kind === 'note' && event.text === 'no changes needed'));
});

test('every kind of drift is found and corrected, and nothing else changes', async () => {
  const config = join(stage.prefix, 'etc/litellm/config.yaml');
  writeFileSync(config, readFileSync(config, 'utf8').replace('least-busy', 'simple-shuffle'));
  chmodSync(join(stage.prefix, 'etc/litellm/litellm.env'), 0o644);
  chmodSync(join(stage.prefix, 'etc/litellm'), 0o755);
  writeFileSync(join(stage.prefix, 'opt/litellm', released, 'gateway.mjs'), 'tampered');
  chmodSync(join(stage.prefix, 'opt/litellm', released, 'gateway'), 0o600);
  const seen = await stage.enforce(GATEWAY);
  assert.deepEqual(
    [seen.ending, stepsOf(seen, 'done')],
    [
      'passed',
      [
        'release',
        'deployment',
        'release.check',
        'folders.access',
        'files.config.yaml',
        'files.litellm.env',
        'service.start',
        'health',
      ],
    ],
  );
  const shown = seen.events
    .flatMap(keptEvents)
    .find((event) => event.kind === 'step' && event.id === 'files.config.yaml');
  assert.match(
    shown?.kind === 'step' ? (shown.detail ?? '') : '',
    /^- {3}routing_strategy: simple-shuffle\n\+ {3}routing_strategy: least-busy$/m,
  );
  assert.equal((await stage.enforce(GATEWAY)).changes, 0);
});

test('folders of a release or runtime that its user can no longer enter are corrected', async () => {
  const folders = [
    join(stage.prefix, 'opt/litellm', released),
    ...globSync('opt/litellm/runtimes/*', { cwd: stage.prefix }).map((folder) => join(stage.prefix, folder)),
  ];
  for (const folder of folders) chmodSync(folder, 0o700);
  assert.deepEqual(stepsOf(await stage.enforce(GATEWAY), 'done'), [
    'runtime',
    'release',
    'deployment',
    'service.start',
    'health',
  ]);
  assert.deepEqual(
    folders.map((folder) => statSync(folder).mode & 0o777),
    [0o755, 0o755],
  );
  assert.equal((await stage.enforce(GATEWAY)).changes, 0);
});

test('a process that has ended is started again', async () => {
  process.kill(Number(readFileSync(join(stage.prefix, 'run/litellm.pid'), 'utf8')));
  await until('it answers no more', async () => /fetch failed/.test(await stage.ask()));
  const seen = await stage.enforce(GATEWAY);
  assert.deepEqual([seen.ending, stepsOf(seen, 'done')], ['passed', ['service.start', 'health']]);
});

test('a release that fails its check on the host is never put in place', async () => {
  const seen = await stage.enforce("console.error('not today'); process.exit(78);", {
    routingStrategy: 'simple-shuffle',
  });
  assert.deepEqual([seen.ending, stepsOf(seen, 'failed'), stepsOf(seen, 'undone')], ['failed', ['release.check'], []]);
  assert.match(seen.problems[0]?.detail ?? '', /^not today\nThis step and the steps after it changed nothing\./);
  assert.equal(readlinkSync(join(stage.prefix, 'opt/litellm/current')), released);
  assert.match(await stage.ask(), /^sk-/);
});

test('a release that does not answer is undone with its files, and the previous state runs', async () => {
  const before_ = readFileSync(join(stage.prefix, 'etc/litellm/config.yaml'), 'utf8');
  const seen = await stage.enforce(
    "if (process.argv.includes('--check')) process.exit(0); console.error('boom'); process.exit(1);",
    { routingStrategy: 'simple-shuffle' },
  );
  assert.deepEqual(
    [seen.ending, stepsOf(seen, 'failed'), stepsOf(seen, 'undone')],
    ['failed', ['health'], ['service.start', 'release.current', 'files.config.yaml']],
  );
  assert.equal(seen.problems[0]?.code, 'enforce.health');
  assert.match(seen.problems[0].detail, /boom\nThe previous state is restored and running\.$/);
  assert.equal(readFileSync(join(stage.prefix, 'etc/litellm/config.yaml'), 'utf8'), before_);
  assert.equal(readlinkSync(join(stage.prefix, 'opt/litellm/current')), released);
  assert.match(await stage.ask(), /^sk-/);
  assert.equal((await stage.enforce(GATEWAY)).changes, 0);
});

test('two runs never change a host at once', async () => {
  let second: Seen | undefined;
  const confirm = async (): Promise<boolean> => {
    second = await stage.enforce(GATEWAY);
    return false;
  };
  const first = await stage.enforce(GATEWAY, { routingStrategy: 'simple-shuffle' }, {}, { confirm });
  assert.equal(first.ending, 'declined');
  assert.deepEqual(
    second?.problems.map((problem) => problem.code),
    ['enforce.locked'],
  );
  assert.equal((await stage.enforce(GATEWAY)).ending, 'passed');
});

test('an abort before the next step ends the run, and the next run continues', async () => {
  const controller = new AbortController();
  const seen = await stage.enforce(
    GATEWAY,
    { routingStrategy: 'simple-shuffle' },
    {},
    {
      signal: controller.signal,
      confirm: () => {
        controller.abort();
        return Promise.resolve(true);
      },
    },
  );
  assert.deepEqual(
    [seen.ending, seen.changes, seen.problems.map(({ code }) => code)],
    ['aborted', 0, ['host.aborted']],
  );
  assert.equal((await stage.enforce(GATEWAY)).changes, 0);
});
