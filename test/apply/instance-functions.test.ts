import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { FUNCTIONS } from '../../src/apply/functions.ts';

interface Stage {
  readonly folder: string;
  /** Runs lines after the functions; `systemctl` notes its words and answers from files in `state`. */
  bash(lines: string): { readonly exitCode: number | null; readonly stdout: string };
  calls(): readonly string[];
  answer(name: string, text: string): void;
  program(name: string, text: string): string;
}

function makeStage(context: TestContext): Stage {
  const folder = mkdtempSync(join(tmpdir(), 'hxllm-instances-'));
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  for (const name of ['bin', 'state', 'kept', 'run']) mkdirSync(join(folder, name));
  const program = (name: string, text: string): string => {
    const path = join(folder, 'bin', name);
    writeFileSync(path, `#!/bin/bash\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  };
  const answer = (name: string, text: string): void => {
    writeFileSync(join(folder, 'state', name), text);
  };
  program(
    'systemctl',
    `echo "$*" >> ${folder}/calls
case $1 in
  show) cat "${folder}/state/$3" 2>/dev/null || echo unknown;;
  is-active) [ "$(cat ${folder}/state/ActiveState)" = active ];;
  *) ls ${folder}/run/litellm-next 2>/dev/null | sed 's/^/permit /' >> ${folder}/calls; exit "$(cat ${folder}/state/code 2>/dev/null || echo 0)";;
esac`,
  );
  program('journalctl', 'echo "lines of $*"');
  program('chown', ':');
  answer('ActiveState', 'active');
  answer('NRestarts', '0');
  return {
    folder,
    answer,
    program,
    bash: (lines) => {
      const text = `nonce=n run=r journal=/dev/null ids=()\n${FUNCTIONS}\nkept=${folder}/kept\n${lines}`;
      const ran = spawnSync('bash', ['-s'], {
        input: text.replaceAll('/run/litellm', `${folder}/run/litellm`),
        encoding: 'utf8',
        env: { PATH: `${folder}/bin:${process.env['PATH'] ?? ''}`, SHLVL: '1' },
      });
      return { exitCode: ran.status, stdout: `${ran.stdout}${ran.stderr}` };
    },
    calls: () =>
      existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : [],
  };
}

test('the link of the instance in use is renamed, and an undo renames it back', (context) => {
  const stage = makeStage(context);
  const wants = join(stage.folder, 'wants');
  const names = (): readonly string[] => readdirSync(wants).toSorted();
  const use = (number: number, more = ''): void => {
    const { exitCode, stdout } = stage.bash(
      `use_instance ${wants} /x/litellm@.service ${String(number)} || exit 9; ${more}`,
    );
    assert.equal(exitCode, 0, stdout);
  };
  use(5);
  assert.deepEqual(names(), ['litellm@5.service']);
  use(7);
  assert.deepEqual(names(), ['litellm@7.service']);
  use(7);
  use(8, 'undo');
  assert.deepEqual(names(), ['litellm@7.service']);
  // A second one, made by hand.
  symlinkSync('/x/litellm@.service', join(wants, 'litellm@3.service'));
  use(9, 'undo');
  assert.deepEqual(names(), ['litellm@3.service', 'litellm@7.service']);
  use(9);
  assert.deepEqual(names(), ['litellm@9.service']);
  rmSync(wants, { recursive: true });
  use(1, 'undo');
  assert.ok(!existsSync(wants));
});

test('the permit of an instance is there for its first start alone, also when that fails', (context) => {
  const stage = makeStage(context);
  for (const code of [0, 1]) {
    stage.answer('code', String(code));
    assert.equal(stage.bash('start_instance 7 root; exit $?').exitCode, code);
    assert.deepEqual(stage.calls().slice(-2), ['--no-ask-password start litellm@7.service', 'permit 7']);
    assert.deepEqual(readdirSync(join(stage.folder, 'run')), ['litellm-log']);
  }
});

test('the gate fails at once when the instance ends, and shows why; it waits out the time that an instance has to live', (context) => {
  const stage = makeStage(context);
  const fit = stage.program('gateway', 'echo "$*"; echo \'{"ready":true}\'');
  const begunMs = performance.now();
  const passed = stage.bash(`gate ${fit} 7 30 1 phi; exit $?`);
  assert.equal(passed.exitCode, 0, passed.stdout);
  assert.match(passed.stdout, /--control gate --instance 7 --timeout 30 --model phi/);
  assert.ok(performance.now() - begunMs >= 1000);
  const unfit = stage.program('unfit', 'echo \'{"ready":false}\'; exit 1');
  const failed = stage.bash(`gate ${unfit} 7 30 60 ''; exit $?`);
  assert.equal(failed.exitCode, 1);
  assert.match(failed.stdout, /"ready":false[\s\S]*lines of -u litellm\.service -u litellm@7\.service/);
  // Ends while its gate still waits, and while it is to live on.
  const slow = stage.program('slow', 'exec sleep 60');
  for (const [program, name, value] of [
    [slow, 'ActiveState', 'inactive'],
    [fit, 'NRestarts', '1'],
  ] as const) {
    const ended = stage.bash(
      `(sleep 0.6; echo ${value} > ${stage.folder}/state/${name}) & gate ${program} 7 30 60 ''; exit $?`,
    );
    assert.equal(ended.exitCode, 1);
    assert.match(ended.stdout, /litellm@7\.service has ended/);
    stage.answer('ActiveState', 'active');
    stage.answer('NRestarts', '0');
  }
});

test('a return restarts the unit only after a take-over had begun, or when it has ended', (context) => {
  const stage = makeStage(context);
  const restarts = (): number => stage.calls().filter((line) => line.includes('restart litellm@5.service')).length;
  stage.bash('return_to litellm@5.service');
  assert.equal(restarts(), 0);
  stage.bash('take_over /bin/false 7 5; return_to litellm@5.service');
  assert.equal(restarts(), 1);
  stage.answer('ActiveState', 'inactive');
  stage.bash('return_to litellm@5.service');
  assert.equal(restarts(), 2);
});

test('an instance that does not hand over is stopped, and nothing waits for it', (context) => {
  const stage = makeStage(context);
  const stops = (): readonly string[] => stage.calls().filter((line) => line.includes('stop'));
  const good = stage.program('gateway', `echo '{"instance":"7","from":["5"],"problems":[]}'`);
  assert.equal(stage.bash(`take_over ${good} 7 5; exit $?`).exitCode, 0);
  assert.deepEqual(stops(), []);
  const silent = stage.program(
    'silent',
    `echo '{"instance":"7","from":["5"],"problems":[{"code":"instance.silent"}]}'`,
  );
  assert.equal(stage.bash(`take_over ${silent} 7 5; exit $?`).exitCode, 0);
  assert.deepEqual(stops(), ['--no-ask-password stop --no-block litellm@5.service']);
});
