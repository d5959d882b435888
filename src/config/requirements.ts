import { fail, ok, type Problem, type Result } from '../core/problem.ts';
import type { Config, HostConfig, MasterKey } from './config.ts';

/** The Problem of an inventory without a host for a phase; empty if there is a host. */
export function hostProblems({
  inventories,
  inventoryFile,
  groupDefined,
  hosts,
  allHosts,
}: Config): readonly Problem[] {
  if (hosts.length > 0) return [];
  const [first = 'HOST', ...others] = allHosts;
  return [
    {
      code: groupDefined ? 'inventory.no-hosts' : 'inventory.no-group',
      summary: groupDefined ? 'the group [litellm] has no hosts' : 'the inventory has no group [litellm]',
      detail: `Expected the group [litellm] with the host for the gateway, found ${allHosts.length === 0 ? 'no hosts at all' : `the hosts ${allHosts.join(', ')}`}.`,
      fix: `hxllm inventory ${inventories.map((source) => `-i ${source}`).join(' ')} --add ${others.length === 0 ? first : 'HOST'}`,
      where: { file: inventoryFile },
    },
  ];
}

/** The keys of a host: the master key, and of a rotation the one before it and the revoked one. */
export type HostKeys = Omit<Extract<MasterKey, { state: 'set' }>, 'state' | 'where'>;

/** The keys of a host, or the reason why they are unknown. `command` is the command as typed, for the fix. */
export function masterKeyOf({ target, settings: { masterKey } }: HostConfig, command: string): Result<HostKeys> {
  if (masterKey.state === 'set') return ok(masterKey);
  if (masterKey.state === 'locked') {
    return fail({
      code: 'vault.locked',
      summary: 'the master key is in an encrypted file',
      detail: `Expected the vault password of ${masterKey.file}, typed or in a file (--vault-password-file FILE), found none.`,
      fix: `${command} --ask-vault-pass`,
      where: { file: masterKey.file, host: target.name },
    });
  }
  return fail({
    code: 'vault.key-missing',
    summary: 'no master key found',
    detail: `Expected litellm_master_key for ${target.name} in an encrypted file, found none.`,
    fix: 'hxllm inventory --vault-init',
    where: { host: target.name },
  });
}
