import type { MasterKey } from '../config.ts';
import { Secret } from '../../core/secret.ts';
import type { Value } from '../value.ts';
import type { HostVariables, Reader } from './reader.ts';

const NAME = 'litellm_master_key';
const PREVIOUS = 'litellm_master_key_previous';
const REVOKED = 'litellm_master_key_revoked';
const MAKE = 'hxllm inventory --vault-init  # by hand: openssl rand -hex 32 | sed "s/^/sk-/"';
const TAKE_OUT = 'hxllm inventory --rotate-key --finish';
const SHORTEST = 20;

/**
 * Reads the master key, and of a rotation the key before it and the one that was revoked. An encrypted file without a password makes them
 * `locked`: the file may contain the keys, and would override others.
 */
export function readMasterKey(variables: HostVariables, reader: Reader): MasterKey {
  const { lockedFiles } = variables.scope;
  const [file] = lockedFiles.toSorted((a, b) => Number(b.includes('vault')) - Number(a.includes('vault')));
  if (file !== undefined) return { state: 'locked', file };
  const values = [NAME, PREVIOUS, REVOKED].map((name) => (variables.all.has(name) ? variables.get(name) : undefined));
  const [value, previous, revoked] = values;
  const locked = values.find((one) => one?.kind === 'locked');
  if (locked?.kind === 'locked') return { state: 'locked', file: locked.file };
  const key = value === undefined ? undefined : readKey(NAME, value, reader, MAKE);
  if (value === undefined || key === undefined) {
    if (value === undefined && previous !== undefined)
      reader.wrong(previous, `${NAME} beside ${PREVIOUS}`, 'hxllm vault set litellm_master_key --generate');
    return { state: 'absent' };
  }
  const old = previous === undefined ? undefined : readKey(PREVIOUS, previous, reader, TAKE_OUT);
  const gone = revoked === undefined ? undefined : readKey(REVOKED, revoked, reader, `remove ${REVOKED}`);
  if (previous !== undefined && old === key)
    reader.findings.warning({
      code: 'vault.same-key',
      summary: 'the previous master key is the master key',
      detail: `Expected another key as ${PREVIOUS}, found the same one: the rotation changes nothing.`,
      fix: TAKE_OUT,
      where: previous.where,
    });
  if (revoked !== undefined && gone !== undefined && (gone === key || gone === old))
    reader.wrong(revoked, `a key that is neither ${NAME} nor ${PREVIOUS}, which work`, `remove ${REVOKED}`);
  return {
    state: 'set',
    key: new Secret(key),
    where: value.where,
    ...(old === undefined ? {} : { previous: new Secret(old) }),
    ...(gone === undefined ? {} : { revoked: new Secret(gone) }),
  };
}

/** Reads one key: it is sent in a header and stands in an environment file, where other characters would not arrive. */
function readKey(name: string, value: Value, reader: Reader, fix: string): string | undefined {
  const key = reader.text(value, 'the key as text, sk- and 64 hexadecimal digits', fix);
  if (key === undefined) return undefined;
  if (/[^!-~]/.test(key)) return reader.wrong(value, 'a key of printable ASCII characters, without spaces', fix);
  if (/YOUR|GENERATED|CHANGE|REPLACE|EXAMPLE/i.test(key))
    return reader.wrong(value, 'a key of your own, not the example', fix);
  const { where } = value;
  if (!value.encrypted)
    reader.findings.warning({
      code: 'vault.plain-text',
      summary: `the ${WORDS.get(name) ?? name} is in a file that is not encrypted`,
      detail: `Expected ${name} in an Ansible Vault, found it as plain text.`,
      fix: where.file === undefined ? 'hxllm vault encrypt FILE' : `hxllm vault encrypt ${where.file}`,
      where,
    });
  if (name !== REVOKED && (key.length < SHORTEST || !key.startsWith('sk-')))
    reader.findings.warning({
      code: 'vault.weak-key',
      summary: `the ${WORDS.get(name) ?? name} has an unusual form`,
      detail: 'Expected sk- and 64 hexadecimal digits, found another form, which LiteLLM’s clients may refuse.',
      fix,
      where,
    });
  return key;
}

const WORDS: ReadonlyMap<string, string> = new Map([
  [NAME, 'master key'],
  [PREVIOUS, 'previous master key'],
  [REVOKED, 'revoked master key'],
]);
