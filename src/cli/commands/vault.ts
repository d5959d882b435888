import type { Command } from 'commander';
import type { Result } from '../../core/problem.ts';
import { processTerminal } from '../terminal/process-terminal.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { SetOptions } from '../actions/vault/set.ts';
import type { NewPasswordOptions } from '../actions/vault/rekey.ts';
import type { SealingOptions } from '../vault/access.ts';
import type { VaultOptions } from '../vault/request.ts';
import { described } from './phase-command.ts';
import { collect, withVaultPassword } from './vault-options.ts';
import type { HandOn } from './servers.ts';

type Work = (terminal: Terminal, signal: AbortSignal) => Promise<Result<string>>;

/** `hxllm vault` */
export function vaultCommand(handOn: HandOn): Command {
  const run = (work: Work): Promise<void> =>
    handOn([], async () => {
      const { runVaultCommand } = await import('../actions/vault/run.ts');
      return () => runVaultCommand(processTerminal(), work);
    });
  return described({
    name: 'vault',
    purpose: 'View and change secrets in the format of ansible-vault',
    description:
      'Whole files, and single values (!vault) in plain files. The password comes from the options, from ansible.cfg and its environment variables, or is asked for.',
    examples: [
      ['vault view inventories/group_vars/all/vault.yml', 'print it decrypted'],
      ['vault edit inventories/group_vars/all/vault.yml', 'in your editor'],
      ['vault set litellm_master_key --generate', 'a new key, which is not shown'],
      ['vault rekey inventories/group_vars/all/vault.yml', 'another password'],
    ],
    page: 'operations',
  })
    .addCommand(viewCommand(run))
    .addCommand(editCommand(run))
    .addCommand(setCommand(run))
    .addCommand(rekeyCommand(run))
    .addCommand(encryptCommand(run));
}

function viewCommand(run: (work: Work) => Promise<void>): Command {
  return withVaultPassword(
    described({
      name: 'view',
      purpose: 'Print an encrypted file, or one encrypted value of a file',
      description: 'Changes nothing. The text goes to stdout.',
      examples: [['vault view group_vars/all/main.yml smtp_password', 'one value of a plain file']],
    }),
  )
    .argument('<file>', 'the file')
    .argument('[name]', 'the variable whose value is encrypted')
    .action((file: string, variable: string | undefined, options: VaultOptions) =>
      run(async (terminal, signal) =>
        (await import('../actions/vault/view.ts')).viewVault(terminal, { file, variable }, options, signal),
      ),
    );
}

function editCommand(run: (work: Work) => Promise<void>): Command {
  return withVaultPassword(
    described({
      name: 'edit',
      purpose: 'Edit an encrypted file, or one encrypted value, in your editor',
      description:
        'Opens $ANSIBLE_EDITOR, $EDITOR or vi on a file that only you may read, in memory. The YAML is checked. Without a change the file stays byte for byte.',
      examples: [['vault edit inventories/group_vars/all/vault.yml', 'the whole file']],
    }),
  )
    .argument('<file>', 'the file')
    .argument('[name]', 'the variable whose value is encrypted')
    .action((file: string, variable: string | undefined, options: VaultOptions) =>
      run(async (terminal, signal) =>
        (await import('../actions/vault/edit.ts')).editVault(terminal, { file, variable }, options, signal),
      ),
    );
}

function setCommand(run: (work: Work) => Promise<void>): Command {
  return withVaultPassword(
    described({
      name: 'set',
      purpose: 'Set one secret without an editor',
      description:
        'Asks for the value without showing it. The file is the one that sets the variable now, else group_vars/all/vault.yml; in a plain file the value alone is encrypted.',
      examples: [
        ['vault set litellm_master_key --generate', 'a new master key, which is not shown'],
        ['vault set smtp_password --file group_vars/all/main.yml', 'an encrypted value in a plain file'],
      ],
    }),
  )
    .argument('<name>', 'the variable')
    .option('--generate', 'make a random value; for a master key, sk- and 64 digits')
    .option('--value-file <file>', 'read the value from a file; - is the standard input')
    .option('--file <file>', 'the file that gets it')
    .option('--encrypt-vault-id <id>', 'of several passwords, the one that encrypts')
    .option('-i, --inventory <source>', 'the inventory whose group_vars are meant', collect)
    .action((name: string, options: SetOptions & { readonly inventory?: readonly string[] }) =>
      run(async (terminal, signal) => {
        const { setSecret } = await import('../actions/vault/set.ts');
        const { variablesFolderOf } = await import('../vault/access.ts');
        const folder = await variablesFolderOf(terminal, options.inventory ?? []);
        return folder.ok ? setSecret(terminal, { name, ...folder.value }, options, signal) : folder;
      }),
    );
}

function rekeyCommand(run: (work: Work) => Promise<void>): Command {
  return withVaultPassword(
    described({
      name: 'rekey',
      purpose: 'Encrypt files, and the encrypted values in them, with another password',
      description: 'All files are opened first; all are written, or none.',
      examples: [['vault rekey vault.yml --new-vault-password-file ~/.vault-new', 'with a password in a file']],
    }),
  )
    .argument('<files...>', 'the files')
    .option('--new-vault-password-file <file>', 'read the new password from a file, or from a program’s output')
    .option('--new-vault-id <id@source>', 'the new password with its id: ID@prompt, ID@FILE')
    .action((files: readonly string[], options: VaultOptions & NewPasswordOptions) =>
      run(async (terminal, signal) =>
        (await import('../actions/vault/rekey.ts')).rekeyVaults(terminal, files, options, signal),
      ),
    );
}

function encryptCommand(run: (work: Work) => Promise<void>): Command {
  return withVaultPassword(
    described({
      name: 'encrypt',
      purpose: 'Encrypt plain files in place',
      description: 'All files are written, or none. Ansible reads them as before, with the password.',
      examples: [['vault encrypt inventories/group_vars/all/vault.yml', 'a vault that is still in plain text']],
    }),
  )
    .argument('<files...>', 'the files')
    .option('--encrypt-vault-id <id>', 'of several passwords, the one that encrypts')
    .action((files: readonly string[], options: SealingOptions) =>
      run(async (terminal, signal) =>
        (await import('../actions/vault/encrypt.ts')).encryptVaults(terminal, files, options, signal),
      ),
    );
}
