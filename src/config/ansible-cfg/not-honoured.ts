import type { Findings } from '../findings.ts';
import type { Setting, SettingValues } from './values.ts';

/** Settings that change what Ansible does with the same files, and that hxllm does not follow, with the value that it has anyway. */
const NOT_HONOURED: readonly (Setting & { readonly usual: RegExp; readonly instead: string })[] = [
  row('defaults.transport', 'ANSIBLE_TRANSPORT', /^(?:ssh|smart|paramiko)$/, 'hxllm connects by SSH'),
  row('defaults.hash_behaviour', 'ANSIBLE_HASH_BEHAVIOUR', /^replace$/, 'a mapping replaces another'),
  row('defaults.precedence', 'ANSIBLE_PRECEDENCE', /^$/, 'variables override each other in Ansible’s usual order'),
  row('defaults.vault_id_match', 'ANSIBLE_VAULT_ID_MATCH', /^(?:false|no|0|off)$/i, 'every password is tried'),
  row(
    'inventory.enable_plugins',
    'ANSIBLE_INVENTORY_ENABLED',
    /\bini\b|\byaml\b/,
    'hxllm reads INI and YAML inventories',
  ),
  row('sudo_become_plugin.chdir', 'ANSIBLE_SUDO_CHDIR', /^$/, 'hxllm uses absolute paths'),
  row(
    'ssh_connection.ssh_executable',
    'ANSIBLE_SSH_EXECUTABLE',
    /^(?:\/usr\/bin\/)?ssh$/,
    'hxllm has an SSH client of its own',
  ),
  row(
    'ssh_connection.pkcs11_provider',
    'ANSIBLE_PKCS11_PROVIDER',
    /^$/,
    'add the key to an agent: ssh-add -s PROVIDER',
  ),
];

function row(key: string, variable: string, usual: RegExp, instead: string): (typeof NOT_HONOURED)[number] {
  return { keys: [key], variables: [variable], usual, instead };
}

/** Warns about each setting that differs from what hxllm does. */
export function warnOfNotHonoured(values: SettingValues, findings: Findings): void {
  for (const setting of NOT_HONOURED) {
    const found = values.find(setting);
    if (found === undefined || setting.usual.test(found.text)) continue;
    findings.warning({
      code: 'config.not-honoured',
      summary: `${found.where.path ?? ''} is not supported, ignored`,
      detail: `Expected the usual value, found ${found.where.path?.endsWith('_file') === true ? 'a file' : JSON.stringify(found.text)}: ${setting.instead}.`,
      fix:
        found.where.file === undefined
          ? `unset ${found.where.path ?? ''}`
          : 'remove the line, or deploy to a host that does not need it',
      where: found.where,
    });
  }
}
