import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConfigRequest } from '../../src/config/load.ts';
import type { PasswordRequest } from '../../src/config/password-request.ts';
import { Secret } from '../../src/core/secret.ts';
import { GUIDE, hostOf, problemsOf, Tree } from './tree.ts';

/** The password that the host's login would use. */
async function passwordFor(
  { line = 'h', cfg = '' }: { readonly line?: string; readonly cfg?: string },
  login: Partial<PasswordRequest>,
  more: Partial<ConfigRequest> = {},
): Promise<string | undefined> {
  using tree = new Tree({
    ...GUIDE,
    'inventories/dev.ini': `[litellm]\n${line}\n`,
    'ansible.cfg': cfg,
    file: 'from file\n',
    other: 'from option\n',
  });
  const ask = (): Promise<Secret> => Promise.resolve(new Secret(' typed '));
  const loaded = await tree.load({ login: { wanted: false, ask, file: undefined, ...login }, ...more });
  return hostOf(loaded).target.password?.reveal();
}

test('the SSH password is that of the host, else what was typed, else what a file has', async () => {
  const cfg = '[defaults]\nconnection_password_file = file\n';
  assert.equal(await passwordFor({}, {}), undefined);
  assert.equal(await passwordFor({ cfg }, {}), 'from file');
  assert.equal(await passwordFor({ cfg }, { file: 'other' }), 'from option');
  assert.equal(await passwordFor({ cfg }, { wanted: true, file: 'other' }), ' typed ');
  assert.equal(await passwordFor({ cfg, line: 'h ansible_password=own' }, { wanted: true }), 'own');
  assert.equal(await passwordFor({ cfg: '[defaults]\nask_pass = yes\n' }, {}), ' typed ');
  const environment = { ANSIBLE_CONNECTION_PASSWORD_FILE: 'other' };
  assert.equal(await passwordFor({ cfg }, {}, { environment }), 'from option');
});

test('a local connection has no password, and a command that does not log in reads none', async () => {
  assert.equal(await passwordFor({ line: 'h ansible_connection=local' }, { wanted: true }), undefined);
  using tree = new Tree({ ...GUIDE, 'ansible.cfg': '[defaults]\nconnection_password_file = missing\n' });
  assert.equal(hostOf(await tree.load()).target.password, undefined);
});

test('without a terminal, and with a file that cannot be read, the error names the option', async () => {
  using tree = new Tree({ ...GUIDE, 'ansible.cfg': '[defaults]\nask_pass = yes\n' });
  const [asked] = problemsOf(await tree.load({ login: { wanted: false, ask: undefined, file: undefined } }));
  assert.equal(asked?.fix, 'run again with --connection-password-file FILE');
  assert.match(asked.where?.file ?? '', /ansible\.cfg$/);
  using other = new Tree(GUIDE);
  const [missing] = problemsOf(await other.load({ login: { wanted: false, ask: undefined, file: 'missing' } }));
  assert.equal(missing?.code, 'config.login-password');
  assert.match(missing.fix, /--connection-password-file FILE, or type the password with --ask-pass/);
});
