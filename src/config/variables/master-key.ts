import type { MasterKey } from '../config.ts';
import { Secret } from '../../core/secret.ts';
import type { HostVariables, Reader } from './reader.ts';

const NAME = 'litellm_master_key';
const MAKE = 'hxllm inventory --vault-init  # by hand: openssl rand -hex 32 | sed "s/^/sk-/"';
const SHORTEST = 20;

/**
 * Reads the master key. An encrypted file without a password makes it `locked`: the file may contain the key, and would
 * override others.
 */
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
  // The key is sent in a header and stands in an environment file: other characters would not arrive.
  if (/[^!-~]/.test(key))
    return reader.wrong(value, 'a key of printable ASCII characters, without spaces', MAKE) ?? { state: 'absent' };
  if (/YOUR|GENERATED|CHANGE|REPLACE|EXAMPLE/i.test(key))
    return reader.wrong(value, 'a key of your own, not the example', MAKE) ?? { state: 'absent' };
  const { where } = value;
  if (!value.encrypted)
    reader.findings.warning({
      code: 'vault.plain-text',
      summary: 'the master key is in a file that is not encrypted',
      detail: `Expected ${NAME} in an Ansible Vault, found it as plain text.`,
      fix: where.file === undefined ? 'hxllm vault encrypt FILE' : `hxllm vault encrypt ${where.file}`,
      where,
    });
  if (key.length < SHORTEST || !key.startsWith('sk-'))
    reader.findings.warning({
      code: 'vault.weak-key',
      summary: 'the master key has an unusual form',
      detail: 'Expected sk- and 64 hexadecimal digits, found another form, which LiteLLM’s clients may refuse.',
      fix: MAKE,
      where,
    });
  return { state: 'set', key: new Secret(key), where };
}
