import type { MasterKey } from '../config.ts';
import { Secret } from '../../core/secret.ts';
import type { HostVariables, Reader } from './reader.ts';

const NAME = 'litellm_master_key';
const MAKE = 'hxllm inventory --vault-init  # by hand: openssl rand -hex 32 | sed "s/^/sk-/"';
const SHORTEST = 20;

/** The master key as far as it can be read. Encrypted files that nobody opened may hold it, and would win, so they make it locked. */
export function readMasterKey(variables: HostVariables, reader: Reader): MasterKey {
  const { lockedFiles } = variables.scope;
  const [file] = lockedFiles.toSorted((a, b) => Number(b.includes('vault')) - Number(a.includes('vault')));
  if (file !== undefined) return { state: 'locked', file };
  if (!variables.all.has(NAME)) return { state: 'absent' };
  const value = variables.get(NAME);
  if (value === undefined) return { state: 'absent' };
  if (value.kind === 'locked') return { state: 'locked', file: value.file };
  const key = reader.text(value, 'the key as text, sk- and 64 hexadecimal digits', MAKE);
  if (key === undefined) return { state: 'absent' };
  // It travels in a header and in an environment file, where anything else would not arrive.
  if (/[^!-~]/.test(key))
    return (
      reader.wrong(value, 'a key of letters, digits and signs of ASCII, without spaces', MAKE) ?? { state: 'absent' }
    );
  if (/YOUR|GENERATED|CHANGE|REPLACE|EXAMPLE/i.test(key))
    return reader.wrong(value, 'a key of your own, not the one of the instructions', MAKE) ?? { state: 'absent' };
  const { where } = value;
  if (!value.encrypted)
    reader.findings.warning({
      code: 'vault.plain-text',
      summary: 'the master key stands in a file that is not encrypted',
      detail: `Wanted ${NAME} in an Ansible Vault; seen it as plain text.`,
      fix: where.file === undefined ? 'ansible-vault encrypt FILE' : `ansible-vault encrypt ${where.file}`,
      where,
    });
  if (key.length < SHORTEST || !key.startsWith('sk-'))
    reader.findings.warning({
      code: 'vault.weak-key',
      summary: 'the master key is not of the usual form',
      detail: 'Wanted sk- and 64 hexadecimal digits; seen something else, which LiteLLM’s clients may refuse.',
      fix: MAKE,
      where,
    });
  return { state: 'set', key: new Secret(key), where };
}
