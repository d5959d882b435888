import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { dropInsQuestion, type DropIn } from '../../../src/facts/drop-ins/drop-ins.ts';
import { judgeDropIns } from '../../../src/facts/drop-ins/verdict.ts';
import { expectedUnits } from './expected-units.ts';

const SERVICE = 'etc/systemd/system/litellm.service.d';

interface DropInHost {
  put(path: string, text: string): void;
  link(path: string, target: string): void;
  ask(): readonly DropIn[];
}

function makeHost(context: TestContext): DropInHost {
  const root = mkdtempSync(join(tmpdir(), 'hxllm-drop-ins-'));
  context.after(() => {
    rmSync(root, { recursive: true });
  });
  const place = (path: string): string => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    return join(root, path);
  };
  return {
    put: (path, text) => {
      writeFileSync(place(path), text);
    },
    link: (path, target) => {
      symlinkSync(target, place(path));
    },
    ask: () => {
      const question = dropInsQuestion(expectedUnits(root));
      const stdout = execFileSync('bash', ['-c', question.script, 'hxllm', ...(question.arguments ?? [])], {
        encoding: 'utf8',
      });
      return question.parse({ stdout, exitCode: 0 }).map((one) => ({ ...one, path: one.path.slice(root.length + 1) }));
    },
  };
}

test('drop-ins of all folders that systemd searches are found, for both units and for all units of their types', (context) => {
  const host = makeHost(context);
  const paths = [
    'etc/systemd/system.control/litellm.service.d/50-MemoryMax.conf',
    'etc/systemd/system/litellm.service.d/override.conf',
    'etc/systemd/system/service.d/all.conf',
    'run/systemd/system/litellm.service.d/runtime.conf',
    'usr/lib/systemd/system/litellm.service.d/zz package.conf',
    'etc/systemd/system/litellm.socket.d/backlog.conf',
    'usr/local/lib/systemd/system/socket.d/x.conf',
  ];
  for (const path of paths) host.put(path, '[Service]\nMemoryMax=2G\n[Socket]\nBacklog=10\n');
  // systemd reads files that end in .conf and are not hidden.
  host.put(`${SERVICE}/override.conf.bak`, '[Service]\nUser=nobody\n');
  host.put(`${SERVICE}/.hidden.conf`, '[Service]\nUser=nobody\n');
  host.link(`${SERVICE}/dangling.conf`, '/nowhere');
  const found = host.ask();
  assert.deepEqual(found.map(({ path }) => path).toSorted(), paths.toSorted());
  assert.deepEqual(
    found.flatMap(({ breaks }) => breaks),
    [],
  );
  assert.equal(judgeDropIns(found, 'h').outcome, 'pass');
});

test('of drop-ins with the same name the first one counts, and a link to /dev/null hides the others', (context) => {
  const host = makeHost(context);
  host.put('usr/lib/systemd/system/litellm.service.d/a.conf', '[Service]\nUser=nobody\n');
  host.link(`${SERVICE}/a.conf`, '/dev/null');
  host.put('etc/systemd/system/service.d/b.conf', '[Service]\nUser=nobody\n');
  host.put(`${SERVICE}/b.conf`, '[Service]\nNice=5\n');
  assert.deepEqual(
    host.ask().map(({ path, settings, breaks }) => [path, settings, breaks]),
    [[`${SERVICE}/b.conf`, ['Nice'], []]],
  );
});

test('the last drop-in decides, and the warning names it with the command that withdraws it', (context) => {
  const host = makeHost(context);
  host.put(`${SERVICE}/10-user.conf`, '[Service]\nUser=nobody\nGroup=adm\n');
  host.put(
    'usr/lib/systemd/system/service.d/20-user.conf',
    '[Service]\nUser=litellm\nExecStart=\nExecStart=/bin/other -k sk-secret\n',
  );
  const found = host.ask();
  assert.deepEqual(
    found.map(({ path, breaks }) => [path, breaks.map(({ setting }) => setting)]),
    [
      [`${SERVICE}/10-user.conf`, ['Group']],
      ['usr/lib/systemd/system/service.d/20-user.conf', ['ExecStart']],
    ],
  );
  assert.doesNotMatch(JSON.stringify(found), /sk-secret|nobody/);
  const verdict = judgeDropIns(
    found.map((one) => ({ ...one, path: `/${one.path}` })),
    'hx-api-server',
  );
  assert.equal(verdict.outcome, 'fail');
  assert.match(verdict.seen, /10-user\.conf: Group: .*20-user\.conf: ExecStart: /);
  assert.equal(
    verdict.fix,
    'sudo mv /etc/systemd/system/litellm.service.d/10-user.conf /etc/systemd/system/litellm.service.d/10-user.conf.off' +
      ' && sudo mkdir -p /etc/systemd/system/service.d && sudo ln -s /dev/null /etc/systemd/system/service.d/20-user.conf' +
      ' && sudo systemctl daemon-reload  # on hx-api-server',
  );
});

test('values that systemd reports as expected break nothing', () => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const question = dropInsQuestion(expectedUnits(''));
  const dropIn = `dropin ${['litellm.service', '/etc/systemd/system/litellm.service.d/a.conf', '[Service]\nUser=%N\nEnvironmentFile=%E/mine\nDynamicUser=yes'].map(base64).join(' ')}`;
  const merged = `merged ${['litellm.service', 'User=litellm\nEnvironmentFiles=/etc/mine (ignore_errors=yes)\nDynamicUser=yes'].map(base64).join(' ')}`;
  const settings = (stdout: string): readonly string[] =>
    question.parse({ stdout, exitCode: 0 }).flatMap(({ breaks }) => breaks.map(({ setting }) => setting));
  assert.deepEqual(settings(dropIn), ['User', 'EnvironmentFile', 'DynamicUser']);
  assert.deepEqual(settings(`${dropIn}\n${merged}`), ['DynamicUser']);
});
