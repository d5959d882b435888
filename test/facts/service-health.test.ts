import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { sha256 } from '../../src/core/hash.ts';
import { serviceHealthQuestion, type ServiceHealth, type ServicePlace } from '../../src/facts/service-health.ts';

/** A folder that stands for a host, with programs of its own in front of those of this machine. */
class FakeHost implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'hxllm-health-'));

  at(path: string): string {
    return join(this.folder, path);
  }

  write(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
    chmodSync(this.at(path), mode);
  }

  ask(over: Partial<ServicePlace> = {}): ServiceHealth {
    const question = serviceHealthQuestion({
      serviceManager: 'systemd',
      current: this.at('opt/current'),
      installDir: this.at('opt'),
      configFile: this.at('config.yaml'),
      envFile: this.at('litellm.env'),
      pidFile: this.at('pid'),
      logFile: this.at('log'),
      user: 'litellm',
      files: [this.at('config.yaml'), this.at('gone')],
      ...over,
    });
    const { stdout, status } = spawnSync('bash', ['-s', '--', ...(question.arguments ?? [])], {
      input: question.script,
      encoding: 'utf8',
      env: { PATH: `${this.at('bin')}:${process.env['PATH'] ?? ''}`, LC_ALL: 'C', SHLVL: '1' },
    });
    return question.parse({ stdout, exitCode: status ?? 1 });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

const UNIT = `#!/bin/bash
echo LoadState=loaded; echo SubState=failed; echo UnitFileState=enabled
case $2 in *.service) echo ActiveState=failed; echo Result=exit-code; echo ExecMainStatus=78;; *) echo ActiveState=inactive; echo Result=success; echo ExecMainStatus=0;; esac
`;
const GATEWAY = '#!/bin/bash\necho "$LITELLM_MASTER_KEY: $*" >&2; exit 78\n';

test('the units, the log, the files and the check of the configuration come in one answer', () => {
  using host = new FakeHost();
  host.write('bin/systemctl', UNIT, 0o755);
  host.write('bin/journalctl', '#!/bin/bash\nprintf "first\\nlast =%s\\n" "ü"\n', 0o755);
  host.write('bin/runuser', '#!/bin/bash\n[ "$1 $2 $3" = "-u litellm --" ] && shift 3 && exec "$@"\n', 0o755);
  host.write('opt/current/gateway', GATEWAY, 0o755);
  host.write('config.yaml', 'model_list: []\n\n');
  host.write('litellm.env', 'LITELLM_MASTER_KEY=sk-x\n');
  const health = host.ask();
  assert.deepEqual(health.service, {
    load: 'loaded',
    active: 'failed',
    sub: 'failed',
    result: 'exit-code',
    enabled: 'enabled',
    exitStatus: 78,
  });
  assert.deepEqual([health.socket?.active, health.installed, health.process], ['inactive', true, undefined]);
  assert.deepEqual(health.log, ['first', 'last =ü']);
  assert.deepEqual([...health.files], [[host.at('config.yaml'), sha256('model_list: []\n\n')]]);
  assert.equal(health.config, 'model_list: []\n\n');
  assert.deepEqual(health.check, { exitCode: 78, text: `sk-x: --check --config ${host.at('config.yaml')}` });
});

test('a host without systemd and without hxllm has neither units nor a check', () => {
  using host = new FakeHost();
  host.write('bin/systemctl', '#!/bin/bash\nexit 1\n', 0o755);
  host.write('bin/journalctl', '#!/bin/bash\nexit 1\n', 0o755);
  const health = host.ask();
  assert.deepEqual(
    [health.installed, health.service, health.socket, health.check, health.log, health.config],
    [false, undefined, undefined, undefined, [], ''],
  );
});

test('without systemd a process counts only if its program lies in the install folder', () => {
  using host = new FakeHost();
  host.write('opt/current/gateway', GATEWAY, 0o755);
  host.write('config.yaml', '');
  host.write('log', 'one\ntwo\n');
  host.write('pid', `${String(process.pid)}\n`);
  const own = host.ask({ serviceManager: 'process', installDir: dirname(process.execPath) });
  assert.deepEqual([own.process, own.log, own.check?.exitCode], [true, ['one', 'two'], 78]);
  assert.equal(host.ask({ serviceManager: 'process' }).process, false);
  rmSync(host.at('pid'));
  assert.equal(host.ask({ serviceManager: 'process', installDir: '/' }).process, false);
});
