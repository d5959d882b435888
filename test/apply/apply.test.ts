import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { applyPlan, type Applied } from '../../src/apply/apply.ts';
import { sha256 } from '../../src/core/hash.ts';
import type { Host } from '../../src/core/host.ts';
import { fail } from '../../src/core/problem.ts';
import type { PhaseEvent } from '../../src/core/recorder.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Action, Plan, RunCommand, Step } from '../../src/plan/plan.ts';
import { createLocalHost } from '../../src/remote/local/host.ts';
import { until } from '../until.ts';

const host = createLocalHost('here', process.env);

interface Bench {
  readonly root: string;
  readonly events: PhaseEvent[];
  readonly apply: (steps: readonly Step[], signal?: AbortSignal, command?: RunCommand) => Promise<Applied>;
}

function makeBench(context: TestContext): Bench {
  const root = mkdtempSync(join(tmpdir(), 'hxllm apply '));
  context.after(() => {
    rmSync(root, { recursive: true });
  });
  const events: PhaseEvent[] = [];
  const apply = (
    steps: readonly Step[],
    signal = new AbortController().signal,
    command: RunCommand = 'hxllm enforce',
  ): Promise<Applied> => {
    const plan: Plan = {
      command,
      steps,
      recover: { before: [], after: [] },
      hasPrevious: false,
      keepFolder: join(root, '.previous'),
    };
    return applyPlan(plan, host, {
      recorder: { event: (event) => events.push(event), file: () => undefined },
      signal,
      nowMs: () => Date.now(),
      nonce: crypto.randomUUID(),
      record: { file: join(root, '.hxllm-record'), id: 'a'.repeat(32) },
    });
  };
  return { root, events, apply };
}

function step(stage: Step['stage'], ...actions: readonly Action[]): Step {
  return { id: `${stage}.${String(actions[0]?.kind)}`, title: 't', detail: '', stage, verb: 'change', actions };
}

const write = (path: string, text: string | Secret, mode = 0o640): Action => ({
  kind: 'write',
  path,
  owner: undefined,
  group: undefined,
  mode,
  text,
});
const FAILS: Action = { kind: 'command', argv: ['sh', '-c', 'echo "no such luck" >&2; exit 3'] };

test('a file gets its content, with any characters, and its mode', async (context) => {
  const { root, apply } = makeBench(context);
  const text = `it's "$HOME" \`id\`\n\u0000${'é'.repeat(3000)}\n\n`;
  for (const stage of ['prepare', 'switch'] as const) {
    const path = join(root, `a file's ${stage}`);
    assert.deepEqual((await apply([step(stage, write(path, new Secret(text), 0o604))])).problems, []);
    assert.equal(readFileSync(path, 'utf8'), text);
    assert.equal(statSync(path).mode & 0o777, 0o604);
    assert.ok(!existsSync(`${path}.hxllm-new`));
  }
});

test('a failed switch restores everything that it replaced, created, removed, linked or gave another mode', async (context) => {
  const { root, events, apply } = makeBench(context);
  writeFileSync(join(root, 'old'), 'old');
  writeFileSync(join(root, 'gone'), 'gone');
  mkdirSync(join(root, 'folder'));
  chmodSync(join(root, 'folder'), 0o710);
  const { problems, done } = await apply([
    step('switch', { kind: 'folder', path: join(root, 'folder'), owner: undefined, group: undefined, mode: 0o755 }),
    step('switch', write(join(root, 'old'), 'new')),
    step('switch', write(join(root, 'made'), 'made')),
    step('switch', { kind: 'remove', paths: [join(root, 'gone')] }),
    step('switch', { kind: 'link', path: join(root, 'current'), target: 'old' }),
    step('switch', FAILS),
    step('switch', write(join(root, 'never'), 'never')),
  ]);
  assert.deepEqual(done, []);
  assert.match(problems[0]?.detail ?? '', /^no such luck\nThe previous state is restored/);
  assert.deepEqual(
    [readFileSync(join(root, 'old'), 'utf8'), readFileSync(join(root, 'gone'), 'utf8')],
    ['old', 'gone'],
  );
  assert.equal(statSync(join(root, 'folder')).mode & 0o777, 0o710);
  for (const name of ['made', 'current', 'never', 'never.hxllm-new', '.previous'])
    assert.ok(!existsSync(join(root, name)), name);
  assert.deepEqual(
    events.flatMap((event) => (event.kind === 'step' && event.state === 'undone' ? [event.id] : [])),
    ['switch.link', 'switch.remove', 'switch.write', 'switch.write', 'switch.folder'],
  );
});

test('a file that cannot be written stops the switch before any file is moved into place', async (context) => {
  const { root, apply } = makeBench(context);
  const { problems } = await apply([
    step('switch', write(join(root, 'first'), 'x')),
    step('switch', write(join(root, 'no/such/folder'), 'y')),
  ]);
  assert.match(problems[0]?.detail ?? '', /changed nothing/);
  assert.ok(!existsSync(join(root, 'first')) && !existsSync(join(root, 'first.hxllm-new')));
});

test('replaced files are restored even if nothing more can be written, as on a full disk', async (context) => {
  const { root, apply } = makeBench(context);
  writeFileSync(join(root, 'old'), 'old');
  // Builtins of the shell that runs the steps: from here on it cannot write a file.
  const fill: readonly Action[] = [
    { kind: 'command', argv: ['trap', '', 'XFSZ'] },
    { kind: 'command', argv: ['ulimit', '-f', '0'] },
    FAILS,
  ];
  const { problems } = await apply([step('switch', write(join(root, 'old'), 'new')), step('switch', ...fill)]);
  assert.match(problems[0]?.detail ?? '', /The previous state is restored/);
  assert.equal(readFileSync(join(root, 'old'), 'utf8'), 'old');
});

test('a switch whose connection is lost is finished by the host: the Problem says so, with the next command', async (context) => {
  const { root } = makeBench(context);
  const lost = {
    code: 'host.unreachable',
    summary: 'lost',
    detail: 'It ended.',
    fix: 'ssh here',
    where: { host: 'here' },
  };
  const away: Host = { ...host, run: () => Promise.resolve(fail(lost)) };
  const plan: Plan = {
    command: 'hxllm uninstall',
    steps: [step('switch', FAILS)],
    recover: { before: [], after: [] },
    hasPrevious: true,
    keepFolder: join(root, '.previous'),
  };
  const { problems } = await applyPlan(plan, away, {
    recorder: { event: () => undefined, file: () => undefined },
    signal: new AbortController().signal,
    nowMs: () => 0,
    nonce: 'n',
    record: { file: join(root, '.hxllm-record'), id: 'a'.repeat(32) },
  });
  assert.deepEqual(
    problems.map(({ code, fix }) => [code, fix]),
    [['host.unreachable', 'hxllm uninstall']],
  );
  assert.match(problems[0]?.detail ?? '', /^It ended\.\nThe host finishes what it has begun, or undoes it, by itself/);
});

test('prepare steps stop at the first failure, and finished ones stay', async (context) => {
  const { root, apply } = makeBench(context);
  const { done, problems } = await apply([
    step('prepare', write(join(root, 'a'), 'a')),
    step('prepare', FAILS),
    step('prepare', write(join(root, 'b'), 'b')),
  ]);
  assert.deepEqual(done, ['prepare.write']);
  assert.match(problems[0]?.detail ?? '', /The steps after it were not started/);
  assert.ok(existsSync(join(root, 'a')) && !existsSync(join(root, 'b')));
});

test('the fix of a failure repeats the command of the run: that of an uninstall never installs', async (context) => {
  const { apply } = makeBench(context);
  const uninstall = async (stage: Step['stage'], signal?: AbortSignal): Promise<string> =>
    (await apply([step(stage, FAILS)], signal, 'hxllm uninstall')).problems[0]?.fix ?? '';
  assert.match(await uninstall('prepare'), /^hxllm uninstall {2}# after fixing/);
  assert.match(await uninstall('switch'), /^hxllm uninstall {2}# after fixing/);
  assert.equal(await uninstall('prepare', AbortSignal.abort()), 'hxllm uninstall');
});

test('an upload is moved into place only with the right hash, compressed or not', async (context) => {
  const { root, apply } = makeBench(context);
  const text = 'x'.repeat(300_000);
  for (const compress of [true, false]) {
    const path = join(root, String(compress), 'node');
    const send = (hash: string): Promise<Applied> =>
      apply([
        step('prepare', {
          kind: 'upload',
          source: { text },
          path,
          sha256: hash,
          mode: 0o755,
          compress,
          manifest: join(root, String(compress), 'manifest'),
        }),
      ]);
    const wrong = await send('0'.repeat(64));
    assert.equal(wrong.problems[0]?.code, 'enforce.upload-damaged');
    assert.match(wrong.problems[0].detail, /^Expected the SHA-256 0{64}, found [0-9a-f]{64}\./);
    assert.equal(wrong.problems[0].fix, 'hxllm enforce  # sends it again');
    assert.ok(!existsSync(path) && !existsSync(`${path}.hxllm-new`));
    assert.deepEqual((await send(sha256(text))).problems, []);
    assert.equal(readFileSync(path, 'utf8'), text);
    assert.match(
      readFileSync(join(root, String(compress), 'manifest'), 'utf8'),
      new RegExp(`^${sha256(text)} 300000 \\d+\n$`),
    );
  }
});

test('an interrupted upload leaves no file in place, and the next one succeeds', async (context) => {
  const { root, apply } = makeBench(context);
  const file = join(root, 'source');
  writeFileSync(file, Buffer.alloc(64 << 20));
  const action: Action = {
    kind: 'upload',
    source: { file, sizeBytes: 64 << 20 },
    path: join(root, 'bin/node'),
    sha256: sha256(readFileSync(file)),
    mode: 0o755,
    compress: false,
  };
  const controller = new AbortController();
  const broken = apply([step('prepare', action)], controller.signal);
  await until('the upload has begun', () => existsSync(join(root, 'bin')) && readdirSync(join(root, 'bin')).length > 0);
  controller.abort();
  assert.deepEqual(
    (await broken).problems.map((problem) => problem.code),
    ['host.aborted'],
  );
  assert.ok(!existsSync(join(root, 'bin/node')));
  assert.deepEqual((await apply([step('prepare', action)])).problems, []);
  assert.equal(statSync(join(root, 'bin/node')).size, 64 << 20);
});
