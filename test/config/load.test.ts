import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Secret } from '../../src/core/secret.ts';
import { DEFAULT_SMOKE_LIMITS } from '../../src/core/smoke-limits.ts';
import { configOf, GUIDE, hostOf, problemsOf, Tree } from './tree.ts';

const fixtures = join(import.meta.dirname, 'fixtures/vault');
const VAULT = readFileSync(join(fixtures, 'default.vault'), 'utf8');
const INLINE = readFileSync(join(fixtures, 'inline.yml'), 'utf8');
const passwordFile = join(fixtures, 'password');
const KEY = `sk-${'0123456789abcdef'.repeat(4)}`;

test('the guide’s files are read as they are, with every default', async () => {
  using tree = new Tree(GUIDE);
  const config = configOf(await tree.load());
  assert.equal(config.inventoryFile, join(tree.folder, 'inventories/dev.ini'));
  assert.deepEqual(config.allHosts, ['hx-api-server', 'hx-llm01-server', 'hx-llm02-server']);
  assert.deepEqual(
    config.files,
    ['inventories/dev.ini', 'inventories/group_vars/all/main.yml'].map((file) => join(tree.folder, file)),
  );
  assert.deepEqual(config.warnings, []);
  const { target, settings, origins } = hostOf(await tree.load());
  assert.deepEqual(target, {
    name: 'hx-api-server',
    address: '192.0.2.1',
    port: undefined,
    user: undefined,
    connection: 'ssh',
    identityFiles: [],
    sshArguments: [],
    hostKeyChecking: true,
    connectTimeoutMs: 10_000,
    password: undefined,
  });
  assert.deepEqual(
    settings.models?.map(({ name, model, mode, backends }) => ({ name, model, mode, backends })),
    [
      { name: 'phi3-3.8b', model: 'phi3:3.8b-mini-128k-instruct-q8_0', mode: 'chat', backends: undefined },
      { name: 'llama3-8b', model: 'llama3:8b-instruct-q8_0', mode: 'chat', backends: undefined },
    ],
  );
  assert.deepEqual(
    { ...settings, models: 0, backends: settings.backends?.map(({ url }) => url) },
    {
      models: 0,
      backends: ['http://hx-llm01-server.dev-test.hana-x.ai:11434', 'http://hx-llm02-server.dev-test.hana-x.ai:11434'],
      masterKey: { state: 'absent' },
      keys: [],
      teams: [],
      port: 4000,
      listen: '0.0.0.0',
      user: 'litellm',
      group: 'litellm',
      routingStrategy: 'fleet',
      drainTimeoutS: 600,
      gateSoakS: 8,
      gateModel: undefined,
      configDir: '/etc/litellm',
      installDir: '/opt/litellm',
      serviceManager: 'systemd',
      smokeLimits: DEFAULT_SMOKE_LIMITS,
      prefix: '',
      requireDomainJoin: false,
      adminGroup: undefined,
      authorities: undefined,
    },
  );
  assert.deepEqual(origins['litellm_backends'], {
    file: 'inventories/group_vars/all/main.yml',
    line: 8,
    column: 1,
    path: 'litellm_backends',
  });
});

test('the result is frozen all through', async () => {
  using tree = new Tree(GUIDE);
  const config = configOf(await tree.load());
  const frozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    value instanceof Secret ||
    (Object.isFrozen(value) && Object.values(value).every(frozen));
  assert.ok(frozen(config));
});

test('an encrypted file without a password is locked, and everything else is read', async () => {
  using tree = new Tree({ ...GUIDE, 'inventories/group_vars/all/vault.yml': VAULT });
  const { settings } = hostOf(await tree.load());
  assert.deepEqual(settings.masterKey, { state: 'locked', file: 'inventories/group_vars/all/vault.yml' });
  assert.equal(settings.models?.length, 2);
});

test('the key is read from a vault file, an inline vault and a reference to one, and is never printed', async () => {
  const reference = {
    'inventories/group_vars/all/a.yml': 'litellm_master_key: "{{ secret_key }}"\n',
    'inventories/group_vars/all/vault.yml': INLINE.replace('litellm_master_key', 'secret_key'),
  };
  for (const files of [
    { 'inventories/group_vars/all/vault.yml': VAULT },
    { 'inventories/group_vars/all/vault.yml': INLINE },
    reference,
  ]) {
    using tree = new Tree({ ...GUIDE, ...files });
    const loaded = await tree.load({ vaultPasswordFile: passwordFile });
    const { masterKey } = hostOf(loaded).settings;
    assert.ok(masterKey.state === 'set' && masterKey.key.equals(KEY));
    assert.deepEqual(configOf(loaded).warnings, []);
    assert.doesNotMatch(inspect(loaded, { depth: 20 }), /0123456789abcdef/);
  }
});

test('an inline vault without a password is locked too', async () => {
  using tree = new Tree({ ...GUIDE, 'inventories/group_vars/all/vault.yml': INLINE });
  assert.deepEqual(hostOf(await tree.load()).settings.masterKey, {
    state: 'locked',
    file: 'inventories/group_vars/all/vault.yml',
  });
});

test('the user is asked for the vault password once, and only if something is encrypted', async () => {
  let asked = 0;
  const ask = (): Promise<Secret<Buffer>> => {
    asked += 1;
    return Promise.resolve(new Secret(Buffer.from(readFileSync(passwordFile, 'utf8').trim())));
  };
  using plain = new Tree(GUIDE);
  configOf(await plain.load({ askVaultPassword: ask }));
  assert.equal(asked, 0);
  using tree = new Tree({
    ...GUIDE,
    'inventories/group_vars/all/vault.yml': VAULT,
    'inventories/group_vars/all/x.yml': INLINE,
  });
  configOf(await tree.load({ askVaultPassword: ask }));
  assert.equal(asked, 1);
});

test('a wrong vault password is a Problem that names the file', async () => {
  using tree = new Tree({ ...GUIDE, 'inventories/group_vars/all/vault.yml': VAULT });
  const [problem] = problemsOf(
    await tree.load({ askVaultPassword: () => Promise.resolve(new Secret(Buffer.from('wrong'))) }),
  );
  assert.equal(problem?.code, 'vault.wrong-password');
  assert.equal(problem.where?.file, 'inventories/group_vars/all/vault.yml');
});

test('ansible.cfg and Ansible’s environment name inventory, user, key, vault password and host key checking', async () => {
  using tree = new Tree({
    'project/ansible.cfg':
      '[defaults]\ninventory = ../elsewhere/hosts ; a comment\nremote_user: admin\nprivate_key_file = keys/id\nvault_password_file = ../pw\nhost_key_checking = False\n[ssh_connection]\nremote_user = nobody\n',
    'elsewhere/hosts': '[litellm]\nh\n',
    'elsewhere/group_vars/all.yml': INLINE,
    pw: readFileSync(passwordFile, 'utf8'),
  });
  const cwd = join(tree.folder, 'project');
  const loaded = await tree.load({ cwd });
  const { target, settings } = hostOf(loaded);
  assert.deepEqual(
    [target.user, target.identityFiles, target.hostKeyChecking, settings.masterKey.state],
    ['admin', [join(cwd, 'keys/id')], false, 'set'],
  );
  assert.equal(configOf(loaded).files[0], join(cwd, 'ansible.cfg'));
  const other = hostOf(
    await tree.load({ cwd, environment: { ANSIBLE_REMOTE_USER: 'other', ANSIBLE_HOST_KEY_CHECKING: 'yes' } }),
  );
  assert.deepEqual([other.target.user, other.target.hostKeyChecking], ['other', true]);
});

test('ANSIBLE_CONFIG comes before ./ansible.cfg, and that before the one at home', async () => {
  const cfg = (user: string): string => `[defaults]\nremote_user = ${user}\n`;
  using tree = new Tree({
    ...GUIDE,
    'named.cfg': cfg('named'),
    'ansible.cfg': cfg('here'),
    'home/.ansible.cfg': cfg('home'),
  });
  assert.equal(hostOf(await tree.load({ environment: { ANSIBLE_CONFIG: 'named.cfg' } })).target.user, 'named');
  assert.equal(hostOf(await tree.load()).target.user, 'here');
  using atHome = new Tree({ ...GUIDE, 'home/.ansible.cfg': cfg('home') });
  assert.equal(hostOf(await atHome.load()).target.user, 'home');
});

test('group_vars beside the current folder win over those beside the inventory', async () => {
  using tree = new Tree({
    ...GUIDE,
    'group_vars/all.yml': 'litellm_port: 4001\n',
    'inventories/group_vars/all/port.yml': 'litellm_port: 4002\n',
  });
  assert.equal(hostOf(await tree.load()).settings.port, 4001);
});

test('without a litellm group the hosts are those of --limit, and every host is a candidate', async () => {
  using tree = new Tree({
    ...GUIDE,
    'inventories/dev.ini': 'hx-api-server\n[llm]\nhx-llm01-server litellm_port=4003\n',
  });
  const bare = configOf(await tree.load());
  assert.deepEqual(
    [bare.groupDefined, bare.hosts.length, bare.candidates.map(({ name, settings }) => [name, settings.port])],
    [
      false,
      0,
      [
        ['hx-api-server', 4000],
        ['hx-llm01-server', 4003],
      ],
    ],
  );
  assert.deepEqual(
    configOf(await tree.load({ limit: 'llm' })).hosts.map(({ target }) => target.name),
    ['hx-llm01-server'],
  );
});

test('--limit without a host of the group is a Problem', async () => {
  using tree = new Tree(GUIDE);
  const [problem] = problemsOf(await tree.load({ limit: 'llm' }));
  assert.equal(problem?.code, 'inventory.no-match');
  assert.match(problem.detail, /hx-api-server/);
});
