import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SUDO } from '../../src/core/become.ts';
import type { Host } from '../../src/core/host.ts';
import { holdHost } from '../../src/apply/held-host.ts';
import { randomId } from '../../src/core/id.ts';
import { fail } from '../../src/core/problem.ts';
import { until } from '../until.ts';
import { codeOf, LIMITS, local, makeBench, must, pipesOf } from './bench.ts';

test('only one run holds the lock; the refused one learns the holder, which its owner alone can read', async (context) => {
  const { root, folder, take } = makeBench(context);
  const token = randomId();
  const first = must(await take({ token }));
  assert.deepEqual(
    [folder, join(folder, 'lock')].map((path) => statSync(path).mode & 0o777),
    [0o700, 0o600],
  );
  const second = await take();
  assert.equal(codeOf(second), 'enforce.locked');
  assert.match(
    second.ok ? '' : second.problems[0].detail,
    /held since \d{4}-\d\d-\d\dT\S+Z \S+ from this host \(ada@workstation\), process \d+\./,
  );
  await first.release();
  await must(await take()).release();
  assert.deepEqual([readdirSync(root), pipesOf(token)], [[], []]);
});

test('commands of a held host have their arguments, input, output and exit code', async (context) => {
  const host = must(await makeBench(context).take());
  // The first one has a session that was opened before, with the arguments in its input.
  for (const which of ['first', 'second']) {
    const ran = await host.run(
      {
        argv: ['bash', '-c', 'cat; printf "%s|" "$@"; echo oops >&2; exit 3', 'x', "it's\n", '$HOME', 'ä b', ''],
        stdin: 'größe\n',
      },
      LIMITS,
    );
    assert.deepEqual(
      ran.ok && [ran.value.exitCode, ran.value.stdout, ran.value.stderr],
      [3, "größe\nit's\n|$HOME|ä b||", 'oops\n'],
      which,
    );
  }
});

test('megabytes are streamed in and out, and a command need not read its input', async (context) => {
  const host = must(await makeBench(context).take());
  async function* source() {
    for (let index = 0; index < 300; index += 1) {
      await Promise.resolve();
      yield new Uint8Array(65_536).fill(index);
    }
  }
  const ran = await host.run({ argv: ['bash', '-c', 'tee >(wc -c >&2) | wc -c'], stdin: source() }, LIMITS);
  assert.deepEqual(ran.ok && ran.value.stdout.trim(), String(300 * 65_536));
  const early = await host.run({ argv: ['head', '-c', '1'], stdin: source() }, LIMITS);
  assert.ok(early.ok && early.value.exitCode === 0);
});

test('a command ends with its time limit, with an abort, and with everything that it started', async (context) => {
  const { root, take } = makeBench(context);
  const host = must(await take());
  const script = `bash -c 'trap "" HUP; echo > "$0"; sleep 600' '${root}/begun' & wait`;
  const stop = new AbortController();
  const running = host.run({ argv: ['bash', '-c', script] }, { signal: stop.signal, timeoutMs: 60_000 });
  await until('the command has begun', () => existsSync(join(root, 'begun')));
  stop.abort();
  const ran = await running;
  assert.equal(ran.ok ? undefined : ran.problems[0].code, 'host.aborted');
  await until('nothing of it is left', async () => {
    const left = await local.run({ argv: ['pgrep', '-f', `${root}/begun`] }, LIMITS);
    return left.ok && left.value.exitCode === 1;
  });
});

test('a host that hears nothing releases the lock, and a late script changes nothing', async (context) => {
  const { root, folder, take, apply } = makeBench(context);
  const silent = must(await take({ silenceS: 1 }));
  await until('the host releases the lock', () => !existsSync(folder), 30_000);
  const next = must(await take());
  const late = await apply(silent, 'switch', [`touch '${root}/late'`]);
  assert.deepEqual(
    [late.problems.map((problem) => problem.code), existsSync(join(root, 'late'))],
    [['enforce.lock-lost'], false],
  );
  assert.deepEqual((await apply(next, 'switch', [`touch '${root}/next'`])).problems, []);
});

test('a host is told to wait for 60 s, and a run that it refuses names the holder and this time', async (context) => {
  const { folder, take } = makeBench(context);
  const argvs: (readonly string[])[] = [];
  const watching: Host = {
    ...local,
    run: (command, options) => {
      argvs.push(command.argv);
      return local.run(command, options);
    },
  };
  const request = { token: randomId(), command: 'hxllm enforce' as const, by: 'ada@workstation', name: 'lock', folder };
  const held = must(
    await holdHost(watching, { become: 'none', ...request, noShell: () => assert.fail() }, LIMITS.signal),
  );
  const holder = argvs[0]?.indexOf('ada@workstation') ?? -1;
  assert.equal(argvs[0]?.[holder + 1], '60');
  const refused = await take();
  assert.match(refused.ok ? '' : refused.problems[0].detail, /ada@workstation.*\n.*after 60 s of silence/);
  await held.release();
});

test('the end of a session that sends its processes SIGTERM first keeps no lock', async (context) => {
  const { folder, take } = makeBench(context);
  const token = randomId();
  const held = must(await take({ token }));
  await local.run({ argv: ['pkill', '-TERM', '-f', `hxllm-${token}`] }, LIMITS);
  await held.release();
  await until('the host releases the lock', () => !existsSync(folder) && pipesOf(token).length === 0, 10_000);
  await must(await take()).release();
});

test('a holder that is killed has its lock given back', async (context) => {
  const { folder, take } = makeBench(context);
  const token = randomId();
  const held = must(await take({ token }));
  // Before it has become a program of its own, the keeper looks like the holder.
  const keeper = { argv: ['pgrep', '-f', `^bash -c release .*hxllm-${token}`] };
  await until('the keeper is there', async () => {
    const found = await local.run(keeper, LIMITS);
    return found.ok && found.value.exitCode === 0;
  });
  await local.run({ argv: ['pkill', '-KILL', '-f', `/holder .*hxllm-${token}`] }, LIMITS);
  await until('the lock is given back', () => !existsSync(folder) && pipesOf(token).length === 0);
  await held.release();
  await must(await take()).release();
});

for (const killed of ['nobody', 'its holder'])
  test(`a switch that has begun keeps the lock to its end, although its run has gone (killed: ${killed})`, async (context) => {
    const { root, take, apply } = makeBench(context);
    const token = randomId();
    const held = must(await take({ token }));
    const changing = apply(held, 'switch', [
      `touch '${root}/begun'; while [ -d '${root}' ] && [ ! -e '${root}/go' ]; do sleep 0.05; done; touch '${root}/done'`,
    ]);
    await until('the switch has begun', () => existsSync(join(root, 'begun')), 30_000);
    if (killed === 'its holder') await local.run({ argv: ['pkill', '-KILL', '-f', `hxllm-${token}`] }, LIMITS);
    const released = held.release();
    assert.equal(codeOf(await take()), 'enforce.locked');
    writeFileSync(join(root, 'go'), '');
    await released;
    await until('the switch has ended', () => existsSync(join(root, 'done')));
    await changing;
    await must(await take()).release();
  });

test('an interruption ends a preparation between two steps, and the finished ones are reported and on record', async (context) => {
  const { root, events, take, apply } = makeBench(context);
  writeFileSync(join(root, '.hxllm'), 'the marker\n');
  const stop = new AbortController();
  const applying = apply(
    must(await take()),
    'prepare',
    [`touch '${root}/begun'; sleep 0.5`, `touch '${root}/second'`],
    stop.signal,
  );
  await until('the first step has begun', () => existsSync(join(root, 'begun')));
  stop.abort();
  const { done, problems } = await applying;
  assert.deepEqual([done, problems.map(({ code }) => code)], [['step.0'], ['host.aborted']]);
  assert.ok(!existsSync(join(root, 'second')));
  assert.deepEqual(
    events.flatMap((event) => (event.kind === 'step' ? [`${event.id} ${event.state}`] : [])),
    ['step.0 started', 'step.0 done'],
  );
  assert.match(readFileSync(join(root, '.hxllm-record'), 'utf8'), /^b{32} \d{4}-\S+Z step\.0 done\n$/);
  assert.equal(statSync(join(root, '.hxllm-record')).mode & 0o777, 0o600);
});

test('every cause that keeps the lock away has its own code', async (context) => {
  const { root, folder, take } = makeBench(context);
  writeFileSync(folder, 'a file');
  assert.equal(codeOf(await take()), 'enforce.lock-folder');
  rmSync(folder);
  mkdirSync(join(root, 'elsewhere'));
  symlinkSync(join(root, 'elsewhere'), folder);
  assert.equal(codeOf(await take()), 'enforce.lock-folder');
  assert.deepEqual(readdirSync(join(root, 'elsewhere')), []);
  rmSync(folder);
  mkdirSync(folder);
  symlinkSync(join(root, 'victim'), join(folder, 'lock'));
  assert.equal(codeOf(await take()), 'enforce.lock-folder');
  assert.ok(!existsSync(join(root, 'victim')));
  assert.equal(codeOf(await take({ folder: '/proc/hxllm' })), 'enforce.lock-failed');
  assert.equal(codeOf(await take({ folder: '/sys/hxllm' })), 'permission.lock-folder');
});

test('a folder of the same user that others may enter is closed before it is used', async (context) => {
  const { folder, take } = makeBench(context);
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  must(await take());
  assert.equal(statSync(folder).mode & 0o777, 0o700);
});

test(
  'a login user who is root needs no sudo',
  { skip: process.getuid?.() === 0 ? false : 'needs root' },
  async (context) => {
    const withoutSudo: Host = {
      ...local,
      run: (command, options) =>
        local.run({ ...command, argv: ['env', 'PATH=/usr/bin:/bin', ...command.argv] }, options),
    };
    must(await makeBench(context).take({ become: SUDO }, withoutSudo));
  },
);

test('a host on which another command answers is told as such', async (context) => {
  const forced: Host = {
    ...local,
    run: (command, options) => local.run({ ...command, argv: ['echo', 'This service allows sftp only.'] }, options),
  };
  assert.equal(codeOf(await makeBench(context).take({}, forced)), 'host.no-shell');
});

test('a connection that is lost before the lock is held is told as such', async (context) => {
  const problem = { code: 'host.unreachable', summary: 'the connection was lost', detail: '', fix: '' };
  const lost: Host = { ...local, run: () => Promise.resolve(fail(problem)) };
  assert.equal(codeOf(await makeBench(context).take({}, lost)), 'host.unreachable');
});
