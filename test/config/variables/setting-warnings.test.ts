import assert from 'node:assert/strict';
import { DEFAULT_SMOKE_LIMITS } from '../../../src/core/smoke-limits.ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configOf, GUIDE, hostOf, problemsOf, Tree } from '../tree.ts';
import { MAIN } from './judged.ts';

async function warningsOf(text: string): Promise<readonly string[]> {
  using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nh\n', [MAIN]: text });
  return configOf(await tree.load()).warnings.map(
    ({ code, summary, where }) => `${code} ${String(where?.line)} ${summary}`,
  );
}

test('variables of a former LiteLLM role, and a typo beside the right name, are warnings', async () => {
  assert.deepEqual(
    await warningsOf('litellm_venv_dir: /x\nlitellm_version: "1.2"\nlitellm_port: 4000\nlitellm_prot: 1\n'),
    [
      'variables.unknown 1 unknown variable litellm_venv_dir, ignored',
      'variables.unknown 2 unknown variable litellm_version, ignored',
      'variables.unknown 4 unknown variable litellm_prot, ignored. Did you mean litellm_port?',
    ],
  );
});

test('a plain-text master key, a duplicate key, a backend without a port and an unsupported strategy are warnings', async () => {
  assert.deepEqual(
    (
      await warningsOf(
        `litellm_master_key: "sk-${'a'.repeat(64)}"\nlitellm_port: 1\nlitellm_port: 2\nlitellm_backends: [http://a]\nlitellm_routing_strategy: cost-based-routing\n`,
      )
    )
      .map((line) => line.split(' ', 2).join(' '))
      .toSorted((a, b) => a.localeCompare(b)),
    ['config.duplicate-key 3', 'variables.no-port 4', 'variables.not-honoured 5', 'vault.plain-text 1'],
  );
});

test('all settings that the guide does not have are read', async () => {
  using tree = new Tree({
    'inventories/dev.ini': '[litellm]\nh\n[litellm:vars]\nlitellm_require_domain_join=yes\nlitellm_listen=::1\n',
    [MAIN]: `
port_number: 4010
litellm_port: "{{ port_number }}"
litellm_user: "{{ service_user | default('gate') }}"
litellm_group: "{{ inventory_hostname_short }}-x"
litellm_prefix: "{{ inventory_dir }}/host"
litellm_service_manager: process
litellm_backends:
  - {url: "https://a/ollama/", num_parallel: 4, max_loaded_models: 2}
litellm_models:
  - {name: a, model: "b:1", backends: ["https://a/ollama"], num_ctx: 8192, keep_alive: 30m, options: {temperature: 0, stop: [x]}, mode: embedding}
  - {name: c, model: d, keep_alive: -1}
`,
  });
  const { settings } = hostOf(await tree.load());
  assert.deepEqual(settings, {
    models: [
      {
        name: 'a',
        provider: 'ollama',
        model: 'b:1',
        backends: ['https://a/ollama'],
        numCtx: 8192,
        keepAlive: '30m',
        options: { temperature: 0, stop: ['x'] },
        mode: 'embedding',
      },
      {
        name: 'c',
        provider: 'ollama',
        model: 'd',
        backends: undefined,
        numCtx: undefined,
        keepAlive: -1,
        options: {},
        mode: 'chat',
      },
    ],
    backends: [{ url: 'https://a/ollama', numParallel: 4, maxLoadedModels: 2 }],
    masterKey: { state: 'absent' },
    keys: [],
    smokeLimits: DEFAULT_SMOKE_LIMITS,
    teams: [],
    port: 4010,
    listen: '::1',
    user: 'gate',
    group: 'h-x',
    routingStrategy: 'fleet',
    drainTimeoutS: 600,
    gateSoakS: 8,
    gateModel: undefined,
    configDir: '/etc/litellm',
    installDir: '/opt/litellm',
    serviceManager: 'process',
    prefix: `${tree.folder}/inventories/host`,
    requireDomainJoin: true,
    adminGroup: undefined,
    authorities: undefined,
  });
});

test('a folder group_vars/all hides all.yml, and origins has the file and line of each value', async () => {
  using tree = new Tree({
    ...GUIDE,
    'inventories/group_vars/all.yml': 'litellm_port: 1\n',
    'inventories/group_vars/litellm.yml': 'litellm_listen: 127.0.0.1\n',
    'inventories/host_vars/hx-api-server.yml': 'litellm_user: me\n',
  });
  const { settings, origins } = hostOf(await tree.load());
  assert.deepEqual([settings.port, settings.listen, settings.user], [4000, '127.0.0.1', 'me']);
  assert.deepEqual(
    Object.entries(origins).map(([name, where]) => `${name} ${where.file ?? ''}:${String(where.line)}`),
    [
      'litellm_models inventories/group_vars/all/main.yml:1',
      'litellm_backends inventories/group_vars/all/main.yml:8',
      'litellm_listen inventories/group_vars/litellm.yml:1',
      'litellm_user inventories/host_vars/hx-api-server.yml:1',
    ],
  );
});

test('a setting that depends on a locked vault names the file whose password is missing', async () => {
  using tree = new Tree({
    'inventories/dev.ini': '[litellm]\nh\n',
    [MAIN]: 'litellm_port: "{{ vault_port }}"\n',
    'inventories/group_vars/all/vault.yml': readFileSync(
      join(import.meta.dirname, '../fixtures/vault/default.vault'),
      'utf8',
    ),
  });
  const [problem] = problemsOf(await tree.load());
  assert.equal(problem?.code, 'vault.password-needed');
  assert.match(problem.detail, /vault\.yml/);
});
