import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runBackend, type BackendOptions } from '../../../src/cli/actions/backend.ts';
import { showLogs, type LogOptions } from '../../../src/cli/actions/service-logs.ts';
import { runService, type ServiceOptions } from '../../../src/cli/actions/service.ts';
import type { ServiceVerb } from '../../../src/cli/hosts/service-scripts.ts';
import { Tree } from '../../config/tree.ts';
import { fakeTerminal, type FakeOptions, type FakeTerminal } from '../fake-terminal.ts';
import { backendDocumentSchema, serviceDocumentSchema } from '../../../src/cli/views/answer-schemas.ts';
import { assertValid } from '../../json-schema.ts';

const FILES: Readonly<Record<string, string>> = {
  'inventories/dev.ini':
    '[litellm]\none ansible_connection=local\ntwo ansible_connection=local litellm_install_dir=/opt/two\ngone ansible_host=192.0.2.1 ansible_ssh_common_args="-F none" ansible_timeout=1\n',
  'inventories/group_vars/all/main.yml':
    'litellm_models: [{name: m, model: m}]\nlitellm_backends: [http://llm01:11434]\n',
};

/** Programs that stand in for those of a host; each writes its arguments to `NAME.log`. */
const PROGRAMS: Readonly<Record<string, string>> = {
  id: 'echo 1000',
  // The way to root, without its own options, and with another place for /opt/litellm.
  sudo: 'while [ "$1" != -- ]; do shift; done; shift; VIA=sudo exec "${@/#\\/opt\\/litellm/${0%/bin/sudo}/opt}"',
  systemctl: `[ "$VIA" = sudo ] || exit 9
if [ "$1" = show ]; then printf 'LoadState=loaded\\nActiveState=active\\nSubState=running\\nMainPID=7\\nActiveEnterTimestamp=Mon 2026-11-30 00:00:00 UTC\\n'; fi
[ ! -e "$0.fails" ] || { echo "Job for litellm.service failed." >&2; exit 1; }`,
  journalctl: `case " $* " in
*" -f "*) echo $$ > "$0.pid"; echo '{"__REALTIME_TIMESTAMP":"1000000","MESSAGE":"begun"}'; exec sleep 60;;
*" --grep=nothing "*) exit 1;;
*" --since=wrong "*) echo 'Failed to parse timestamp: wrong' >&2; exit 1;;
esac
printf '%s\\n' '{"__REALTIME_TIMESTAMP":"3000000","MESSAGE":"third"}' '{"__REALTIME_TIMESTAMP":"1000000","MESSAGE":[102,105,114,115,116,255,27]}' '{"__REALTIME_TIMESTAMP":"2000000","MESSAGE":"{\\"event\\":\\"second\\"}"}'`,
};

class Hosts implements Disposable {
  readonly tree = new Tree(FILES);
  readonly bin = join(this.tree.folder, 'bin');

  constructor() {
    mkdirSync(this.bin);
    for (const [name, script] of Object.entries(PROGRAMS)) this.program(name, script);
  }

  program(name: string, script: string): void {
    writeFileSync(join(this.bin, name), `#!/bin/bash\nprintf '%s\\n' "$*" >> "$0.log"\n${script}\n`);
    chmodSync(join(this.bin, name), 0o755);
  }

  log(name: string): readonly string[] {
    const file = join(this.bin, `${name}.log`);
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }

  terminal(fake: FakeOptions = {}): FakeTerminal {
    const environment = { PATH: `${this.bin}:${process.env['PATH'] ?? ''}` };
    return fakeTerminal({ cwd: this.tree.folder, environment, ...fake });
  }

  [Symbol.dispose](): void {
    this.tree[Symbol.dispose]();
  }
}

async function service(hosts: Hosts, verb: ServiceVerb, options: ServiceOptions = {}, fake: FakeOptions = {}) {
  const terminal = hosts.terminal(fake);
  const code = await runService(terminal, verb, { limit: 'one,two', ...options });
  return { code, ...terminal.written, asked: terminal.asked };
}

async function logs(hosts: Hosts, options: LogOptions = {}) {
  const terminal = hosts.terminal();
  const code = await showLogs(terminal, { limit: 'one,two', ...options });
  return { code, ...terminal.written };
}

test('the status of each host stands behind its name, and a host that cannot be reached does not stop the others', async () => {
  using hosts = new Hosts();
  const { code, out, err } = await service(hosts, 'status', { limit: 'all' });
  assert.equal(code, 69);
  assert.match(out, /^one +active \(running\) +since Mon 2026-11-30 00:00:00 UTC, pid 7\ntwo +active/);
  assert.match(err, /gone/);
  assert.equal((await service(hosts, 'status')).code, 0);
  assertValid(serviceDocumentSchema(), JSON.parse((await service(hosts, 'status', { json: true })).out));
  hosts.program('systemctl', "printf 'LoadState=not-found\\nActiveState=inactive\\nSubState=dead\\n'");
  const dead = await service(hosts, 'status');
  assert.deepEqual([dead.code, /not installed/.test(dead.out)], [1, true]);
  const start = await service(hosts, 'start');
  assert.deepEqual([start.code, /hxllm enforce --limit one/.test(start.err)], [78, true]);
});

test('stop and restart say what they cost and ask; start and reload do not', async () => {
  using hosts = new Hosts();
  const stopped = (): boolean => hosts.log('systemctl').includes('stop litellm.service');
  const silent = await service(hosts, 'stop');
  assert.deepEqual([silent.code, stopped()], [64, false]);
  assert.match(silent.err, /one: the port closes[^]*found neither \(one, two\)[^]*hxllm service stop --yes/);
  const declined = await service(hosts, 'stop', {}, { interactive: true, answers: [false] });
  assert.deepEqual([declined.code, stopped(), declined.asked], [1, false, ['Stop the gateway on one, two?']]);
  const done = await service(hosts, 'stop', {}, { interactive: true, answers: [true] });
  assert.deepEqual([done.code, stopped()], [0, true]);
  for (const verb of ['start', 'reload'] as const) {
    assert.equal((await service(hosts, verb)).code, 0);
    assert.equal(hosts.log('systemctl').filter((line) => line === `${verb} litellm.service`).length, 2);
  }
  // The next host keeps its gateway if one does not come back.
  hosts.program(
    'systemctl',
    `${PROGRAMS['systemctl'] ?? ''}\n[ "$1" != restart ] || { echo "Job failed" >&2; exit 1; }`,
  );
  const failed = await service(hosts, 'restart', { yes: true });
  assert.equal(failed.code, 1);
  assert.equal(hosts.log('systemctl').filter((line) => line === 'restart litellm.service').length, 1);
  assert.match(failed.err, /not restarted, since one failed: two[^]*Job failed[^]*hxllm service logs --limit one/);
});

test('logs of several hosts are merged by time, whatever bytes they have', async () => {
  using hosts = new Hosts();
  const { code, out } = await logs(hosts, { grep: 'x', since: '1 hour ago' });
  assert.equal(code, 0);
  assert.deepEqual(
    out
      .trim()
      .split('\n')
      .map((line) => line.replace(/1970-01-01T00:00:0(\d)\.000Z/, '$1').replaceAll(/ +/g, ' ')),
    [
      'one 1 first\uFFFD',
      'two 1 first\uFFFD',
      'one 2 {"event":"second"}',
      'two 2 {"event":"second"}',
      'one 3 third',
      'two 3 third',
    ],
  );
  assert.ok(hosts.log('journalctl').every((line) => line.endsWith('--since=1 hour ago --grep=x')));
  assert.equal((await logs(hosts, { grep: 'nothing' })).code, 0);
  await logs(hosts, { since: '5m' });
  assert.ok(hosts.log('journalctl').some((line) => line.endsWith('--since=-5m')));
  const wrong = await logs(hosts, { since: 'wrong' });
  assert.deepEqual([wrong.code, /Failed to parse timestamp: wrong/.test(wrong.err)], [1, true]);
});

test('a log without systemd is chosen by the same words, and others are named', async () => {
  using hosts = new Hosts();
  hosts.tree.write(
    'inventories/group_vars/litellm.yml',
    `litellm_service_manager: process\nlitellm_prefix: ${hosts.tree.folder}\n`,
  );
  hosts.program(
    'tail',
    `printf '%s\\n' '{"time":"1970-01-01T00:00:01Z","event":"early"}' "{\\"time\\":\\"$(date -u +%FT%TZ)\\",\\"event\\":\\"late\\"}"`,
  );
  const { code, out, err } = await logs(hosts, { since: '5m', limit: 'one' });
  assert.deepEqual([code, out.match(/early|late/g)], [0, ['late']], err);
  for (const [options, said] of [
    [{ since: 'yesterday' }, /--since does not fit[^]*2026-11-01 12:00[^]*yesterday/],
    [{ grep: '[' }, /--grep does not fit[^]*service logs --grep/],
  ] as const) {
    const ran = await logs(hosts, { ...options, limit: 'one' });
    assert.deepEqual([ran.code, said.test(ran.err)], [1, true], ran.err);
  }
});

test('Ctrl-C ends a log that is followed, and its reader on the host', { timeout: 60_000 }, async () => {
  using hosts = new Hosts();
  const terminal = hosts.terminal();
  const following = showLogs(terminal, { limit: 'one', follow: true });
  while (!terminal.written.out.includes('begun')) await sleep(50);
  const pid = Number(readFileSync(join(hosts.bin, 'journalctl.pid'), 'utf8'));
  process.kill(pid, 0);
  process.emit('SIGINT');
  assert.equal(await following, 0);
  while (existsSync(`/proc/${String(pid)}`)) await sleep(50);
});

test('a server is drained by the gateway of the host, and one without commands says so', async () => {
  using hosts = new Hosts();
  const backend = async (verb: 'backends' | 'drain', options: BackendOptions = {}) => {
    const terminal = hosts.terminal();
    const code = await runBackend(terminal, verb, verb === 'drain' ? 'http://llm01:11434' : undefined, {
      limit: 'one',
      ...options,
    });
    return { code, ...terminal.written };
  };
  const none = await backend('backends');
  assert.deepEqual(
    [none.code, /one: its gateway takes no commands[^]*no gateway is installed/.test(none.err)],
    [78, true],
  );
  const install = join(hosts.tree.folder, 'opt');
  mkdirSync(join(install, 'current'), { recursive: true });
  const gateway = (script: string): void => {
    writeFileSync(join(install, 'current/gateway'), `#!/bin/bash\necho "$*" > "$0.log"\n${script}\n`);
    chmodSync(join(install, 'current/gateway'), 0o755);
  };
  gateway(
    `echo '{"backend":{"url":"http://llm01:11434","state":"up","drained":true,"in_flight":0,"idle":true},"problems":[]}'`,
  );
  const drained = await backend('drain', { wait: true, timeout: 60 });
  assert.deepEqual([drained.code, drained.err], [0, '']);
  assert.match(drained.out, /^one http:\/\/llm01:11434 +drained, idle\n$/);
  assert.equal(
    readFileSync(join(install, 'current/gateway.log'), 'utf8').trim(),
    '--control drain http://llm01:11434 --wait --timeout 60',
  );
  assertValid(backendDocumentSchema(), JSON.parse((await backend('drain', { json: true })).out));
  gateway(
    `echo '{"problem":{"code":"backend.unknown","summary":"there is no backend x","detail":"Expected one of y, found x. Did you mean y?","fix":"hxllm backend drain y"}}'; exit 1`,
  );
  const unknown = await backend('drain');
  assert.deepEqual([unknown.code, /Did you mean y\?[^]*hxllm backend drain y/.test(unknown.err)], [1, true]);
  gateway(`echo "error: Unknown option '--control'" >&2; exit 64`);
  const old = await backend('backends');
  assert.deepEqual([old.code, /takes no commands[^]*Unknown option '--control'/.test(old.err)], [78, true]);
  hosts.tree.write('inventories/host_vars/one.yml', 'litellm_service_manager: process\nlitellm_prefix: /srv/x\n');
  const process_ = await backend('drain');
  assert.deepEqual([process_.code, /litellm_service_manager is process/.test(process_.err)], [78, true]);
});

test('a sudo that refuses is told as such', async () => {
  using hosts = new Hosts();
  hosts.program('sudo', 'echo "sudo: a password is required" >&2; exit 1');
  const { code, err } = await service(hosts, 'status', { limit: 'one' });
  assert.deepEqual([code, /a password is required/.test(err)], [77, true]);
});
