import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breakingSettings } from '../../../src/facts/drop-ins/breaks.ts';
import type { RuleSet } from '../../../src/facts/drop-ins/rules.ts';
import { parseUnitText } from '../../../src/facts/drop-ins/unit-text.ts';
import { expectedUnits } from './expected-units.ts';

function brokenBy(text: string, unit: RuleSet = 'drop-ins of litellm.service', listen = '0.0.0.0'): readonly string[] {
  const parsed = { path: '/x.conf', assignments: parseUnitText(text) };
  const breaks = breakingSettings(unit, [parsed], expectedUnits('', { listen }), undefined);
  return (breaks.get('/x.conf') ?? []).map(({ setting }) => setting);
}

const OURS = '/opt/litellm/deployments/%i/gateway --config /etc/litellm/config.yaml --instance %i';

test('settings of the operator break nothing', () => {
  for (const line of [
    'MemoryMax=2G',
    'User=litellm',
    'Group = litellm',
    'DynamicUser=no',
    'Type=simple',
    'Nice=5\nTasksMax=infinity\nLimitNOFILE=1024\nTimeoutStopSec=1\nRestart=always',
    'Environment=HTTP_PROXY=http://p SECRET=x',
    'EnvironmentFile=-/etc/default/litellm',
    'LoadCredential=mine:/etc/mine',
    `ExecStart=\nExecStart=${OURS}`,
    `ExecStart=\nExecStart="/opt/litellm/deployments/%i/gateway" \\\n# a comment\n   --config /etc/litellm/config.yaml --instance %i`,
    'ExecStartPre=/bin/false\nExecStartPre=',
    'WorkingDirectory=-/nowhere',
    'InaccessiblePaths=/srv /mnt',
    'TemporaryFileSystem=/var:ro',
    'PrivateNetwork=0\nMemoryDenyWriteExecute=off',
    'RestrictAddressFamilies=AF_NETLINK',
    'SystemCallFilter=@mount',
    'IPAddressDeny=any\nIPAddressDeny=',
    'ProtectSystem=full\nProtectHome=no\nReadWritePaths=/var/lib/x',
    '# User=nobody\n; User=nobody\n  # User=nobody',
    'NoSuchSetting=1\nconstructor=1\n__proto__=1',
    'not an assignment\n=x',
  ])
    assert.deepEqual(brokenBy(`[Service]\n${line}\n`), [], line);
  assert.deepEqual(brokenBy('[Install]\nUser=nobody\n[Unit]\nUser=nobody\nAfter=x\nWants=y\n'), []);
  assert.deepEqual(brokenBy('[Service]\nUser=nobody\n', 'litellm.socket'), []);
  assert.deepEqual(brokenBy('User=nobody\n'), [], 'a line above every section');
});

test('settings with which the gateway cannot work are named', () => {
  for (const [line, ...settings] of [
    ['User=nobody', 'User'],
    ['User=', 'User'],
    ['User \t= \\\n  nobody', 'User'],
    ['User=litellm\r\nGroup=adm\r\n', 'Group'],
    ['DynamicUser=On', 'DynamicUser'],
    ['Type=notify', 'Type'],
    ['ExecStart=\nExecStart=/bin/other', 'ExecStart'],
    ['ExecStart=/bin/second', 'ExecStart'],
    ['ExecStart=', 'ExecStart'],
    [`ExecStart=\nExecStart=+${OURS}`, 'ExecStart'],
    ['ExecStartPre=/bin/false', 'ExecStartPre'],
    ['ExecCondition=/bin/false', 'ExecCondition'],
    ['ExecReload=', 'ExecReload'],
    ['EnvironmentFile=\nEnvironmentFile=/etc/other.env', 'EnvironmentFile'],
    ['LoadCredential=', 'LoadCredential'],
    ['LoadCredential=litellm.env:/etc/other.env', 'LoadCredential'],
    ['SetCredential=litellm.env:LITELLM_MASTER_KEY=x', 'SetCredential'],
    ['LoadCredentialEncrypted=litellm.env', 'LoadCredentialEncrypted'],
    ['EnvironmentFile=/etc/needed.env', 'EnvironmentFile'],
    ['UnsetEnvironment=A CREDENTIALS_DIRECTORY', 'UnsetEnvironment'],
    ['WorkingDirectory=/nowhere', 'WorkingDirectory'],
    ['RootDirectory=/srv/jail', 'RootDirectory'],
    ['InaccessiblePaths=-/opt', 'InaccessiblePaths'],
    ['InaccessiblePaths=/srv /etc/litellm/config.yaml', 'InaccessiblePaths'],
    ['TemporaryFileSystem=/etc:ro', 'TemporaryFileSystem'],
    ['BindReadOnlyPaths=/srv/other:/etc/litellm', 'BindReadOnlyPaths'],
    ['NoExecPaths=/', 'NoExecPaths'],
    ['MemoryDenyWriteExecute=true', 'MemoryDenyWriteExecute'],
    ['PrivateNetwork=yes', 'PrivateNetwork'],
    ['RestrictAddressFamilies=~AF_INET', 'RestrictAddressFamilies'],
    ['RestrictAddressFamilies=none', 'RestrictAddressFamilies'],
    ['RestrictAddressFamilies=\nRestrictAddressFamilies=AF_UNIX', 'RestrictAddressFamilies'],
    ['SystemCallFilter=~@network-io', 'SystemCallFilter'],
    ['SystemCallFilter=\nSystemCallFilter=@basic-io', 'SystemCallFilter'],
    ['IPAddressDeny=any', 'IPAddressDeny'],
    ['LimitAS=1G', 'LimitAS'],
  ] as const)
    assert.deepEqual(brokenBy(`\uFEFF[Service]\n${line}\n`), settings, line);
  assert.deepEqual(brokenBy('[Unit]\nConditionPathExists=/nowhere\nAssertHost=x\nRefuseManualStart=yes\n'), [
    'ConditionPathExists',
    'AssertHost',
    'RefuseManualStart',
  ]);
});

test('a socket has to listen on the address and port of the configuration alone', () => {
  const socket = (text: string, listen?: string): readonly string[] =>
    brokenBy(`[Socket]\n${text}\n`, 'litellm.socket', listen);
  assert.deepEqual(socket('Backlog=10\nListenStream=\nListenStream=0.0.0.0:4000'), []);
  assert.deepEqual(socket('ListenStream=\nListenStream=[::1]:4000', '::1'), []);
  assert.deepEqual(socket('ListenStream=\nListenStream=127.0.0.1:4000', 'localhost'), []);
  assert.deepEqual(socket('ListenStream=4001'), ['ListenStream']);
  assert.deepEqual(socket('ListenStream=\nListenStream=0.0.0.0:4001'), ['ListenStream']);
  assert.deepEqual(socket('Accept=yes\nService=other.service\nListenDatagram=4000'), [
    'Accept',
    'Service',
    'ListenDatagram',
  ]);
});

test('with litellm_ca_file a drop-in that takes its authorities away breaks the gateway, and other variables do not', () => {
  const broken = (line: string, authorities: object | undefined): readonly string[] => {
    const parsed = { path: '/x.conf', assignments: parseUnitText(`[Service]\n${line}\n`) };
    const breaks = breakingSettings('litellm.service', [parsed], expectedUnits('', { authorities }), undefined);
    return (breaks.get('/x.conf') ?? []).map(({ setting }) => setting);
  };
  for (const line of [
    'Environment=NODE_EXTRA_CA_CERTS=/srv/ca.pem',
    'Environment="NODE_EXTRA_CA_CERTS=/srv/ca.pem" A=1',
    'Environment=',
    'UnsetEnvironment=NODE_EXTRA_CA_CERTS',
  ]) {
    assert.equal(broken(line, {}).length, 1, line);
    assert.deepEqual(broken(line, undefined), [], line);
  }
  for (const line of ['Environment=A=1', 'Environment=NODE_EXTRA_CA_CERTS=/etc/litellm/ca.pem', 'UnsetEnvironment=A'])
    assert.deepEqual(broken(line, {}), [], line);
});
