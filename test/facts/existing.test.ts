import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { existingQuestion, type ExistingLitellm } from '../../src/facts/existing/existing.ts';
import { MARK_LINE } from '../../src/core/mark.ts';

let root = '';
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'hxllm-existing-'))));
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text: string, mode = 0o644): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode });
  chmodSync(file, mode);
}

/** The facts of the folder as a host’s root, and the whole output of the script. */
function look(programs: Readonly<Record<string, string>> = {}): {
  readonly found: ExistingLitellm;
  readonly text: string;
} {
  for (const [name, script] of Object.entries(programs)) put(`bin/${name}`, `#!/bin/bash\n${script}\n`, 0o755);
  const question = existingQuestion('/opt/litellm', root);
  const stdout = execFileSync('bash', ['-c', question.script, 'hxllm', ...(question.arguments ?? [])], {
    encoding: 'utf8',
    env: { ...process.env, SHLVL: '1', PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}` },
  });
  const text = stdout.replaceAll(
    / ([A-Za-z0-9+/]{4,}=*)/g,
    (_, word: string) => ` ${Buffer.from(word, 'base64').toString()}`,
  );
  return { found: question.parse({ stdout, exitCode: 0 }), text: `${stdout}${text}` };
}

const NOTHING: ExistingLitellm = {
  programs: [],
  isCut: false,
  units: [],
  containers: [],
  processes: [],
  configs: [],
  databases: [],
};

test('a host without LiteLLM, and one with hxllm’s own files, has none', () => {
  assert.deepEqual(look().found, NOTHING);
  put('etc/litellm/config.yaml', `${MARK_LINE}\nmodel_list:\n  - model_name: a\n`);
  put('etc/systemd/system/litellm.service', `${MARK_LINE}\n[Service]\nExecStart=/opt/litellm/current/gateway\n`);
  put('opt/litellm/bin/litellm', '');
  assert.deepEqual(look().found, NOTHING);
});

test('a virtual environment is found with the versions of LiteLLM and Python, and its owner', () => {
  put('home/litellm/litellm-venv/bin/litellm', '', 0o755);
  put('home/litellm/litellm-venv/pyvenv.cfg', 'home = /usr/bin\nversion = 3.11.2\n');
  put('home/litellm/litellm-venv/lib/python3.11/site-packages/litellm-1.44.7.dist-info/METADATA', '');
  put('usr/local/bin/litellm', '', 0o755);
  const owner = userInfo().username;
  assert.deepEqual(
    look().found.programs.toSorted((a, b) => a.path.localeCompare(b.path)),
    [
      { path: '/home/litellm/litellm-venv/bin/litellm', version: '1.44.7', python: '3.11.2', owner },
      { path: '/usr/local/bin/litellm', version: '', python: '', owner },
    ],
  );
});

test('a search that takes too long is told, and programs that it has found count', () => {
  const { found } = look({
    timeout: String.raw`[ "$2" = find ] || exec /usr/bin/timeout "$@"; printf '/home/a/bin/litellm\0'; exit 124`,
  });
  assert.equal(found.isCut, true);
  assert.deepEqual(
    found.programs.map(({ path }) => path),
    ['/home/a/bin/litellm'],
  );
});

test('units by other names, of the system and of users, are found; hxllm’s name and links are not repeated', () => {
  const unit =
    '[Service]\nExecStart=/srv/llm/bin/litellm --config /srv/llm/proxy.yaml --port 4001\nEnvironmentFile=-/srv/llm/env\n';
  put('etc/systemd/system/llm-proxy.service', unit);
  put('etc/systemd/system/litellm.service', unit.replaceAll('/srv/llm', '/etc/litellm'));
  put('home/ada/.config/systemd/user/litellm.service', unit);
  put('srv/llm/proxy.yaml', 'model_list:\n  - model_name: a\n  - litellm_params: {}\n    model_name: b\n');
  const { found } = look();
  assert.deepEqual(
    found.units.map(({ path, user }) => [path, user]),
    [
      ['/etc/systemd/system/llm-proxy.service', ''],
      ['/home/ada/.config/systemd/user/litellm.service', 'ada'],
    ],
  );
  assert.deepEqual(found.configs, [{ path: '/srv/llm/proxy.yaml', entries: 2 }]);
});

test('containers of both engines are found by image or name, running or not', () => {
  // Docker and podman cannot be had here: stand-ins that print as their --format does.
  const { found } = look({
    docker: String.raw`[ "$1 $2" = 'ps -a' ] && printf 'proxy\tghcr.io/berriai/litellm:main-stable\tUp 3 days\t0.0.0.0:4000->4000/tcp\nweb\tnginx\tUp\t\n'`,
    podman: String.raw`printf 'litellm-old\tlocalhost/mine:1\tExited (0) 2 weeks ago\t\n'`,
  });
  assert.deepEqual(found.containers, [
    {
      engine: 'docker',
      name: 'proxy',
      image: 'ghcr.io/berriai/litellm:main-stable',
      state: 'Up 3 days',
      ports: '0.0.0.0:4000->4000/tcp',
    },
    { engine: 'podman', name: 'litellm-old', image: 'localhost/mine:1', state: 'Exited (0) 2 weeks ago', ports: '' },
  ]);
});

test('a database is named without user and password, however the URL is written', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['postgresql://llm:hunter2@db.example:5432/litellm', 'postgresql://db.example:5432/litellm'],
    ['"postgresql://llm:hunter2@db.example/litellm?sslmode=require"', 'postgresql://db.example/litellm'],
    ["'postgres://db.example/litellm'", 'postgres://db.example/litellm'],
    ['postgresql://llm:hunter2@[2001:db8::1]:5432/litellm', 'postgresql://[2001:db8::1]:5432/litellm'],
    ['postgresql://llm:hun@ter2@db.example/litellm', 'postgresql://…'],
    ['postgresql://llm:hun?ter2@db.example/litellm', 'postgresql://…'],
    ['postgresql://db.example/litellm?password=hunter2', 'postgresql://db.example/litellm'],
    ['postgresql://db.example/litellm?password=hun@ter2', 'postgresql://…'],
    ['postgresql://llm:hunter2/x', 'postgresql://…'],
    ['host=db.example password=hunter2', 'a connection string'],
    ['os.environ/DATABASE_URL', 'os.environ/DATABASE_URL'],
  ];
  for (const [url, shown] of cases) {
    put(
      'etc/litellm/config.yaml',
      `model_list: []\ngeneral_settings:\n  master_key: sk-hunter2\n  database_url: ${url}\n`,
    );
    put('etc/litellm/litellm.env', `# DATABASE_URL=postgresql://x:hunter2@y/z\nexport DATABASE_URL=${url}\n`);
    const { found, text } = look();
    assert.deepEqual(
      found.databases,
      ['/etc/litellm/config.yaml', '/etc/litellm/litellm.env'].map((where) => ({ where, url: shown })),
      url,
    );
    assert.doesNotMatch(text, /hun.?ter2|hun@|ter2/, url);
  }
});
