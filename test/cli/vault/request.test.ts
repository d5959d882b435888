import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { showFleet } from '../../../src/cli/actions/fleet.ts';
import { showExplanation, showList } from '../../../src/cli/actions/inventory-views.ts';
import { runEnforceCommand } from '../../../src/cli/actions/enforce.ts';
import { runInventoryCommand } from '../../../src/cli/actions/inventory.ts';
import { runPreflightCommand } from '../../../src/cli/actions/preflight.ts';
import { runSmokeCommand } from '../../../src/cli/actions/smoke.ts';
import { trustHosts } from '../../../src/cli/actions/trust.ts';
import { runUninstallCommand } from '../../../src/cli/actions/uninstall.ts';
import { runUpCommand } from '../../../src/cli/actions/up.ts';
import { runValidateCommand } from '../../../src/cli/actions/validate.ts';
import { runVaultCommand } from '../../../src/cli/actions/vault/run.ts';
import { viewVault } from '../../../src/cli/actions/vault/view.ts';
import type { PhaseOutcome } from '../../../src/cli/run/outcome.ts';
import type { Session } from '../../../src/cli/run/session.ts';
import { start } from '../../../src/cli/run/start.ts';
import { createProgram } from '../../../src/cli/program.ts';
import type { VaultOptions } from '../../../src/cli/vault/request.ts';
import { encryptVault } from '../../../src/config/vault/cipher.ts';
import { Secret } from '../../../src/core/secret.ts';
import { Tree } from '../../config/tree.ts';
import { fakeTerminal, type FakeOptions, type FakeTerminal } from '../fake-terminal.ts';

const password = (text: string): Secret<Buffer> => new Secret(Buffer.from(text));
// The value in the vault is wrong, so that each command that opens the vault stops there, before it reaches a host.
const WRONG = 'ansible_port: not-a-port\n';
const VAULT = await encryptVault(WRONG, password('the password'), { id: 'prod' });
const FILES: Readonly<Record<string, string>> = {
  'inventories/dev.ini': '[litellm]\napi ansible_host=192.0.2.1\n',
  'inventories/group_vars/all/main.yml':
    'litellm_models:\n  - name: phi3\n    model: phi3\nlitellm_backends: [http://192.0.2.2:11434]\n',
  'inventories/group_vars/all/vault.yml': VAULT,
  pw: 'the password\n',
  wrong: 'another password\n',
  outer: 'the outer password\n',
  // A password file that is itself encrypted.
  sealed: await encryptVault('the password\n', password('the outer password')),
  'pass.sh': '#!/bin/sh\necho the password\n',
  'store-client.sh': '#!/bin/sh\n[ "$1 $2" = "--vault-id prod" ] || exit 2\necho the password\n',
};

interface Source extends FakeOptions {
  readonly title: string;
  readonly options?: VaultOptions;
  readonly cfg?: string;
}

const SOURCES: readonly Source[] = [
  { title: '--ask-vault-pass', options: { askVaultPass: true }, interactive: true, answers: ['the password'] },
  { title: '--vault-password-file', options: { vaultPasswordFile: 'pw' } },
  { title: '--vault-id ID@FILE', options: { vaultId: ['prod@pw'] } },
  { title: '--vault-id FILE', options: { vaultId: ['pw'] } },
  {
    title: '--vault-id ID@prompt',
    options: { vaultId: ['prod@prompt'] },
    interactive: true,
    answers: ['the password'],
  },
  { title: 'two --vault-id, the right one last', options: { vaultId: ['dev@wrong', 'prod@pw'] } },
  { title: 'a program', options: { vaultPasswordFile: 'pass.sh' } },
  { title: 'a password client with its id', options: { vaultId: ['prod@store-client.sh'] } },
  { title: 'a password client with the id of the vault', options: { vaultPasswordFile: 'store-client.sh' } },
  { title: 'ANSIBLE_VAULT_PASSWORD_FILE', environment: { ANSIBLE_VAULT_PASSWORD_FILE: 'pw' } },
  { title: 'ANSIBLE_VAULT_IDENTITY_LIST', environment: { ANSIBLE_VAULT_IDENTITY_LIST: 'dev@wrong, prod@pw' } },
  {
    title: 'a prompt of ANSIBLE_VAULT_IDENTITY_LIST',
    environment: { ANSIBLE_VAULT_IDENTITY_LIST: 'prod@prompt' },
    interactive: true,
    answers: ['the password'],
  },
  { title: 'vault_password_file of ansible.cfg', cfg: 'vault_password_file = ./pw' },
  { title: 'vault_identity_list of ansible.cfg', cfg: 'vault_identity_list = prod@./store-client.sh' },
  {
    title: 'ansible.cfg’s file beside a wrong one of the command line',
    cfg: 'vault_password_file = ./pw',
    options: { vaultPasswordFile: 'wrong' },
  },
  { title: 'a password file that another source opens', options: { vaultId: ['outer@outer', 'prod@sealed'] } },
  {
    title: 'an encrypted password file of ansible.cfg',
    cfg: 'vault_password_file = ./sealed',
    options: { vaultId: ['outer@outer'] },
  },
  {
    title: 'an encrypted password file, opened by a typed password',
    options: { askVaultPass: true, vaultPasswordFile: 'sealed' },
    interactive: true,
    answers: ['the outer password'],
  },
];

type Run = (terminal: FakeTerminal, options: VaultOptions) => Promise<unknown>;

function phase(name: string, work: (session: Session) => Promise<PhaseOutcome | readonly PhaseOutcome[]>): Run {
  return (terminal, options) =>
    start(terminal, {
      name,
      argv: [name],
      options,
      several: false,
      work: async (session) => [await work(session)].flat(),
    });
}

const COMMANDS: Readonly<Record<string, Run>> = {
  preflight: phase('preflight', (session) => runPreflightCommand(session)),
  inventory: phase('inventory', (session) => runInventoryCommand(session, undefined, {}, false)),
  validate: phase('validate', runValidateCommand),
  enforce: phase('enforce', (session) => runEnforceCommand(session, {})),
  smoke: phase('smoke', (session) => runSmokeCommand(session, {})),
  uninstall: phase('uninstall', (session) => runUninstallCommand(session, {})),
  up: phase('up', (session) => runUpCommand(session, {})),
  fleet: showFleet,
  trust: (terminal, options) => trustHosts(terminal, ['api'], options),
  'vault view': (terminal, options) =>
    runVaultCommand(terminal, (_terminal, signal) =>
      viewVault(terminal, { file: 'inventories/group_vars/all/vault.yml', variable: undefined }, options, signal),
    ),
  'inventory list': showList,
  'inventory explain': (terminal, options) => showExplanation(terminal, 'api', 'ansible_port', options),
};

/** Whether a command saw the value in the vault: it shows it, hides it by name, or refuses it. */
const SEEN =
  /ansible_port[^]*(?:from 1 to 65535|\d+ to \d+)|ansible_port: not-a-port|"ansible_port"|ansible_port[^]*vault\.yml:1/;

suite('every command takes every source of vault passwords', () => {
  for (const [name, run] of Object.entries(COMMANDS)) {
    test(`hxllm ${name}`, async () => {
      assert.doesNotMatch(await outputOf(run, { title: 'none' }), SEEN, 'without a password');
      assert.doesNotMatch(
        await outputOf(run, { title: 'wrong', options: { vaultId: ['wrong'] } }),
        SEEN,
        'a wrong one',
      );
      await Promise.all(
        SOURCES.map(async (source) => {
          assert.match(await outputOf(run, source), SEEN, source.title);
        }),
      );
    });
  }
});

async function outputOf(run: Run, { options = {}, cfg, ...fake }: Source): Promise<string> {
  using tree = new Tree(FILES);
  for (const program of ['pass.sh', 'store-client.sh']) chmodSync(join(tree.folder, program), 0o700);
  if (cfg !== undefined) tree.write('ansible.cfg', `[defaults]\n${cfg}\n`);
  const terminal = fakeTerminal({ cwd: tree.folder, ...fake });
  await run(terminal, options);
  assert.ok(terminal.asked.length <= 1, `asked ${terminal.asked.join(', ')}`);
  return `${terminal.written.out}${terminal.written.err}`;
}

test('each command with an inventory has the three options of vault passwords', async () => {
  const program = await createProgram(
    '0',
    () => assert.fail('nothing runs'),
    () => assert.fail('nothing runs'),
  );
  const commands = program.commands.flatMap((command) => [command, ...command.commands]);
  const reading = commands.filter(({ options }) => options.some(({ long }) => long === '--inventory'));
  assert.ok(reading.length >= Object.keys(COMMANDS).length - 1, String(reading.length));
  for (const command of reading)
    for (const long of ['--ask-vault-pass', '--vault-password-file', '--vault-id'])
      assert.ok(
        command.options.some((option) => option.long === long),
        `${command.name()} lacks ${long}`,
      );
});

test('an encrypted password file that nothing opens is an error with the source that is missing', async () => {
  const text = await outputOf(COMMANDS['validate'] ?? assert.fail(), {
    title: '',
    options: { vaultPasswordFile: 'sealed' },
  });
  assert.match(text, /the file with the vault password is itself encrypted[^]*before sealed[^]*--vault-id ID@FILE/);
});
