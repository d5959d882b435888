import { fail, ok, type Problem, type Result } from '../core/problem.ts';
import type { Secret } from '../core/secret.ts';
import type { Config, HostConfig } from './config.ts';

/** What is wrong with an inventory that gives a phase no host to work on; none where there is one. */
export function hostProblems({ inventoryFile, groupDefined, hosts, allHosts }: Config): readonly Problem[] {
  if (hosts.length > 0) return [];
  const [first = 'HOST', ...others] = allHosts;
  return [
    {
      code: groupDefined ? 'inventory.no-hosts' : 'inventory.no-group',
      summary: groupDefined ? 'the group [litellm] has no hosts' : 'the inventory has no group [litellm]',
      detail: `Wanted the group [litellm] with the host that is to run the gateway; seen ${allHosts.length === 0 ? 'no hosts at all' : `the hosts ${allHosts.join(', ')}`}.`,
      fix: `hxllm inventory -i ${inventoryFile} ${others.length === 0 ? first : 'HOST'}`,
      where: { file: inventoryFile },
    },
  ];
}

/** The master key of a host, or why it is not at hand; `command` is what was typed, and would do with the vault open. */
export function masterKeyOf({ target, settings: { masterKey } }: HostConfig, command: string): Result<Secret> {
  if (masterKey.state === 'set') return ok(masterKey.key);
  if (masterKey.state === 'locked') {
    return fail({
      code: 'vault.locked',
      summary: 'the master key is in an encrypted file',
      detail: `Wanted the vault password to open ${masterKey.file}, typed or in a file (--vault-password-file FILE); seen none.`,
      fix: `${command} --ask-vault-pass`,
      where: { file: masterKey.file, host: target.name },
    });
  }
  return fail({
    code: 'vault.key-missing',
    summary: 'there is no master key',
    detail: `Wanted litellm_master_key for ${target.name}, in an encrypted file; seen none.`,
    fix: 'hxllm inventory --vault-init',
    where: { host: target.name },
  });
}
