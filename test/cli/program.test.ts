import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { encryptVault } from '../../src/config/vault/cipher.ts';
import { Secret } from '../../src/core/secret.ts';
import { assertValidDocument, assertValidEvidence } from '../valid-evidence.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/hxllm.js');

/** Several programs start at once; only a hanging one takes this long. */
const LIMIT_MS = 120_000;

let root = '';
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'hxllm-program-'))));
afterEach(() => {
  assertValidEvidence(root);
  rmSync(root, { recursive: true, force: true });
});

function environment(): NodeJS.ProcessEnv {
  // Without the developer's own ansible.cfg and colours.
  return { PATH: process.env['PATH'], HOME: root, TERM: 'dumb' };
}

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function hxllm(...argv: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [PROGRAM, ...argv],
      { cwd: root, env: environment(), timeout: LIMIT_MS },
      (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr });
      },
    );
  });
}

function lastFile(phase: string, name: string): string {
  const folder = join(root, 'evidence', phase);
  return join(folder, readdirSync(folder).toSorted().at(-1) ?? '', name);
}

function lastRun(phase: string): Record<string, unknown> {
  return JSON.parse(readFileSync(lastFile(phase, 'run.json'), 'utf8')) as Record<string, unknown>;
}

test('wrong usage is 64, on stderr, with a suggestion and the command for help', async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['prefligt'], /Did you mean preflight\?/],
    [['help', 'enforc'], /unknown command 'enforc'\n\(Did you mean enforce\?\)/],
    [['sim', '--prot', '1'], /Did you mean --port\?/],
    [['smoke', '--lim', 'x'], /Did you mean --limit\?[\s\S]+hxllm smoke --help/],
    [['preflight', 'surplus'], /too many arguments/],
    [['preflight', '--only', 'dns,disk.spac'], /\(Did you mean disk\.space\?\)/],
    [['preflight', '--only', ','], /--only needs a family or an id/],
    [['preflight', '--explain', 'models.presnt[phi3]'], /\(Did you mean models\.present\?\)/],
    [['preflight', '--list', '--only', 'dns'], /--only runs checks: it cannot be combined/],
    [['smoke', '--key-file', 'key'], /--key-file needs --url/],
    [['smoke', '--from-host', '--through-ssh'], /--from-host has what --through-ssh does/],
    [
      ['smoke', '--url', 'http://127.0.0.1:1', '--limit', 'h'],
      /--url cannot be combined with -i, --limit, --from-host or --through-ssh/,
    ],
    [['inventory', '--add', 'a', '--init', 'b'], /--init HOST names the host already/],
    [['inventory', 'lst'], /unexpected argument 'lst'\nTo add a host: hxllm inventory --add lst/],
    [['docs', 'operation'], /unknown page 'operation'\n\(Did you mean operations\?\)[\s\S]+hxllm docs --help/],
    [['docs', 'config'], /\(Did you mean configuration\?\)/],
    [['docs', 'nothing-like-it'], /Pages: readme, install, /],
    [['enforce', '--ask-vault-pass'], /--ask-vault-pass needs a terminal[\s\S]+--vault-password-file FILE/],
    [[], /Usage: hxllm/],
  ];
  const ended = await Promise.all(cases.map(async ([argv, message]) => ({ argv, message, ...(await hxllm(...argv)) })));
  for (const { argv, message, status, stdout, stderr } of ended) {
    assert.equal(status, 64, argv.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, message);
  }
  assert.deepEqual(readdirSync(root), [], 'a command that never started leaves no evidence');
});

test('version and every command’s help are results: exit code 0, on stdout, with examples', async () => {
  assert.match((await hxllm('--version')).stdout, /^\d+\.\d+\.\d+\n$/);
  const help = await hxllm('--help');
  assert.equal(help.status, 0);
  const phases = ['up', 'uninstall', 'preflight', 'inventory', 'validate', 'enforce', 'smoke'];
  for (const command of [...phases, 'docs', 'gateway', 'sim'])
    assert.match(help.stdout, new RegExp(`^ {2}${command} `, 'm'));
  const helps = await Promise.all(phases.map(async (command) => ({ command, ...(await hxllm(command, '--help')) })));
  for (const { command, status, stdout } of helps) {
    assert.equal(status, 0);
    assert.match(
      stdout,
      new RegExp(
        `Usage: hxllm ${command}[\\s\\S]+--inventory[\\s\\S]+--limit[\\s\\S]+--ask-vault-pass[\\s\\S]+--vault-password-file[\\s\\S]+--json[\\s\\S]+--evidence-dir[\\s\\S]+--verbose[\\s\\S]+Examples:\\n {2}hxllm ${command}`,
      ),
    );
  }
});

test('a vault password and an SSH password that are a word of a host’s name leave the name as it is', async () => {
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write('pw', 'dev\n');
  write('inventories/dev.ini', '[litellm]\ndev-test ansible_password=dev\n');
  const password = new Secret(Buffer.from('dev'));
  const key = `sk-${'ab'.repeat(32)}`;
  write('inventories/group_vars/all/vault.yml', await encryptVault(`litellm_master_key: "${key}"\n`, password));
  write(
    'inventories/group_vars/all/main.yml',
    'litellm_backends: [http://127.0.0.1:1]\nlitellm_models: [{name: m, provider: ollama, model: "m:1b"}]\n',
  );
  const { stdout, stderr } = await hxllm('validate', '--vault-password-file', 'pw', '-v');
  assert.match(stdout + stderr, /the SSH password is too common to be masked/);
  assert.match(stdout + stderr, /dev-test/);
  assert.doesNotMatch(stdout + stderr, /\[redacted\]-test/);
  assert.doesNotMatch(readFileSync(lastFile('validate', 'events.jsonl'), 'utf8'), /\[redacted\]-test/);
});

test('no inventory is 78: the file that was looked for, the command that creates it, and evidence', async () => {
  const { status, stderr } = await hxllm('preflight');
  assert.equal(status, 78);
  assert.match(
    stderr,
    /no inventory found\n {6}where {4}inventories\/dev\.ini\n {6}detail [\s\S]+hxllm inventory --init HOST/,
  );
  const { ending, exitCode, command } = lastRun('preflight');
  assert.deepEqual({ ending, exitCode, command }, { ending: 'failed', exitCode: 78, command: ['hxllm', 'preflight'] });
});

test('--json prints one document on stdout and everything for people on stderr', async () => {
  const { status, stdout, stderr } = await hxllm('smoke', '--url', 'http://127.0.0.1:1', '--json');
  assert.equal(status, 1);
  assertValidDocument(stdout);
  const document = JSON.parse(stdout) as Record<string, unknown>;
  assert.deepEqual(
    [document['schemaVersion'], document['command'], document['ending'], document['exitCode']],
    [1, 'smoke', 'failed', 1],
  );
  assert.match(stderr, /^smoke {2}Does the gateway answer\?/);
});

test('Ctrl-C stops cleanly: exit code 130, the evidence closed as aborted', async () => {
  // A server that accepts the connection and never answers.
  await using server = createServer((socket) => {
    socket.on('error', () => undefined).resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  const child = spawn(process.execPath, [PROGRAM, 'smoke', '--url', `http://127.0.0.1:${String(address.port)}`], {
    cwd: root,
    env: environment(),
    stdio: 'ignore',
    timeout: LIMIT_MS,
  });
  server.once('connection', () => child.kill('SIGINT'));
  const [code] = (await once(child, 'exit')) as [number | null];
  assert.equal(code, 130);
  assert.deepEqual([lastRun('smoke')['ending'], lastRun('smoke')['exitCode']], ['aborted', 130]);
});

test('a reader that leaves early changes neither the work nor its exit code', async () => {
  const child = spawn(process.execPath, [PROGRAM, 'smoke', '--url', 'http://127.0.0.1:1'], {
    cwd: root,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  });
  child.stdout.destroy();
  child.stderr.destroy();
  const [code] = (await once(child, 'exit')) as [number | null];
  assert.equal(code, 1);
  assert.equal(lastRun('smoke')['ending'], 'failed');
});

test('docs lists the pages and prints one, on stdout', async () => {
  const [list, page] = await Promise.all([hxllm('docs'), hxllm('docs', 'changelog')]);
  assert.deepEqual([list.status, list.stderr, page.status, page.stderr], [0, '', 0, '']);
  assert.match(list.stdout, /^ {2}install {2,}\S/m);
  assert.match(page.stdout, /^# Changelog\n/);
});

test('gateway and sim get their arguments as they were typed, --help included', async () => {
  const [help, sim, byName, simByName, { status, stderr }] = await Promise.all([
    hxllm('gateway', '--help'),
    hxllm('sim', '--help'),
    hxllm('help', 'gateway'),
    hxllm('help', 'sim'),
    hxllm('gateway', '--config', 'nowhere.yaml', '--check'),
  ]);
  assert.match(help.stdout, /--config FILE/);
  assert.match(sim.stdout, /--num-parallel/);
  assert.deepEqual([byName, simByName], [help, sim], 'hxllm help NAME prints the same');
  assert.equal(status, 78);
  assert.match(stderr, /nowhere\.yaml/);
});

test('the help of a command shows no empty defaults', async () => {
  const { stdout } = await hxllm('demo', '--help');
  assert.match(stdout, /\(default: 4000\)/);
  assert.doesNotMatch(stdout, /default: (?:false|\[\])/);
});

test('a full disk below the output ends no command, and the exit code tells that the output is incomplete', async () => {
  const run = (line: string): Promise<Ended> =>
    new Promise((resolve) => {
      const argv = ['-c', line, 'bash', process.execPath, PROGRAM];
      execFile('bash', argv, { cwd: root, env: environment(), timeout: LIMIT_MS }, (error, stdout, stderr) =>
        resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
      );
    });
  const help = await run('"$@" --help > /dev/full');
  assert.deepEqual([help.status, help.stderr.split(': ')[1]], [1, 'the output is incomplete']);
  const smoke = await run('"$@" smoke --url http://127.0.0.1:1 > /dev/full');
  assert.equal(smoke.status, 1, smoke.stderr);
  assert.doesNotMatch(smoke.stderr, /crashed|at .*node:/);
  const [folder = ''] = readdirSync(join(root, 'evidence/smoke'));
  assert.match(readFileSync(join(root, 'evidence/smoke', folder, 'run.json'), 'utf8'), /"ending": "failed"/);
  assert.equal((await run('"$@" --help | head -c 1')).status, 0);
});

test('in a folder that was removed every command says so', async () => {
  const gone = join(root, 'gone');
  mkdirSync(gone);
  const script = 'cd "$3" && rmdir "$3" && "$1" "$2" preflight';
  const ran = await new Promise<Ended>((resolve) => {
    const argv = ['-c', script, 'bash', process.execPath, PROGRAM, gone];
    execFile('bash', argv, { env: environment(), timeout: LIMIT_MS }, (error, stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
  assert.deepEqual(
    [ran.status, ran.stderr],
    [64, 'hxllm: the current folder was removed: cd to a folder that exists\n'],
  );
});
