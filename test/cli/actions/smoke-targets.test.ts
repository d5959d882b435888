import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SUDO } from '../../../src/core/become.ts';
import { smokeTargets } from '../../../src/cli/actions/smoke-targets.ts';
import type { Config, Settings } from '../../../src/config/config.ts';
import type { Target } from '../../../src/core/host.ts';
import { Secret } from '../../../src/core/secret.ts';
import { targetOf } from '../../remote/target.ts';
import { backend, model, settings } from '../../render/settings.ts';

const KEY = new Secret('sk-key');
const TARGET = targetOf({ name: 'api', address: '10.0.0.5' });
const [ONE, TWO] = ['http://llm01:11434', 'http://llm02:11434'];

const SETTINGS = settings({
  models: [model('chat', { backends: [ONE] }), model('embed', { mode: 'embedding' })],
  backends: [backend(ONE), backend(TWO)],
  masterKey: { state: 'set', key: KEY, where: {} },
});

function config(target: Partial<Target> = {}, over: Partial<Settings> = {}): Config {
  return {
    inventories: ['/w/dev.ini'],
    inventoryFile: '/w/dev.ini',
    variablesFolder: '/w',
    groupDefined: true,
    hosts: [{ target: { ...TARGET, ...target }, become: SUDO, settings: { ...SETTINGS, ...over }, origins: {} }],
    candidates: [],
    allHosts: ['api'],
    files: [],
    warnings: [],
  };
}

function urlOf(wanted: Config, throughSsh = false): string | undefined {
  const targets = smokeTargets(wanted, throughSsh, 'hxllm smoke');
  return targets.ok ? targets.value[0]?.url : targets.problems[0].code;
}

test('a target has its host’s address, the key, the aliases, and the backends that serve one of them', () => {
  const targets = smokeTargets(config(), false, 'hxllm smoke');
  assert.deepEqual(targets, {
    ok: true,
    value: [
      {
        name: 'api',
        url: 'http://10.0.0.5:4000',
        key: KEY,
        limits: config().hosts[0]?.settings.smokeLimits,
        models: ['chat', 'embed'],
        patterns: [],
        backends: [ONE, TWO],
        placement: new Map([
          ['chat', [ONE]],
          ['embed', [ONE, TWO]],
        ]),
        embeddings: ['embed'],
      },
    ],
  });
});

test('this machine is tested on loopback or on litellm_listen, another host through SSH at the address that it listens on', () => {
  assert.equal(urlOf(config({ connection: 'local' })), 'http://127.0.0.1:4000');
  assert.equal(urlOf(config({ connection: 'local' }, { listen: '10.1.1.1', port: 80 })), 'http://10.1.1.1:80');
  assert.equal(urlOf(config({ connection: 'local' }, { listen: '::' })), 'http://[::1]:4000');
  assert.equal(urlOf(config({ connection: 'local' }, { listen: '127.0.0.2' })), 'http://127.0.0.2:4000');
  assert.equal(urlOf(config(), true), 'http://127.0.0.1:4000');
  assert.equal(urlOf(config({}, { listen: '10.1.1.1' }), true), 'http://10.1.1.1:4000');
  assert.equal(urlOf(config({ address: 'fd00::5' })), 'http://[fd00::5]:4000');
});

test('a gateway that listens on loopback only is not tested from another machine', () => {
  assert.equal(urlOf(config({}, { listen: '127.0.0.1' })), 'variables.loopback');
  assert.equal(urlOf(config({}, { listen: '127.0.0.1' }), true), 'http://127.0.0.1:4000');
});

test('a missing list or key is named with the command that fixes it', () => {
  const problem = (over: Partial<Settings>): readonly [string, string] => {
    const targets = smokeTargets(config({}, over), false, 'hxllm smoke --limit api');
    assert.ok(!targets.ok);
    return [targets.problems[0].code, targets.problems[0].fix];
  };
  assert.deepEqual(problem({ masterKey: { state: 'locked', file: 'vault.yml' } }), [
    'vault.locked',
    'hxllm smoke --limit api --ask-vault-pass',
  ]);
  assert.deepEqual(problem({ masterKey: { state: 'absent' } }), ['vault.key-missing', 'hxllm inventory --vault-init']);
  assert.deepEqual(problem({ models: undefined })[0], 'variables.undefined');
  const none = smokeTargets({ ...config(), hosts: [], groupDefined: false }, false, 'hxllm smoke');
  assert.ok(!none.ok);
  assert.deepEqual(
    [none.problems[0].code, none.problems[0].detail],
    ['inventory.no-group', 'Expected the group [litellm] with the host for the gateway, found the hosts api.'],
  );
});
