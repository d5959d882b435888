import { isDeepStrictEqual } from 'node:util';
import { isMap, parseDocument } from 'yaml';
import { fail, ok, type Result } from '../../core/problem.ts';
import { readYaml } from '../document/yaml.ts';
import { Findings } from '../findings.ts';
import { plainOf, type Variables } from '../value.ts';
import { isVaultText } from '../vault/envelope.ts';
import { Keyring } from '../vault/keyring.ts';
import { appendBlock } from './lines.ts';

/** A variables file to add to; `text` is empty where it is new. */
export interface VariablesText {
  readonly text: string;
  /** As people see it. */
  readonly file: string;
}

/**
 * Adds a variable, given as its lines, to the end of a variables file. What was there stays byte for byte, and a variable
 * that is there already is left alone. The result is read again: all others must have kept their values.
 */
export async function addVariable(
  { text, file }: VariablesText,
  name: string,
  lines: readonly string[],
): Promise<Result<string>> {
  const byHand = (seen: string): Result<string> =>
    fail({
      code: 'variables.edit-by-hand',
      summary: `${name} cannot be added without rewriting the file`,
      detail: `Wanted a place in ${file} that leaves the rest as it is; seen ${seen}.`,
      fix: `add to ${file} by hand: ${lines.filter((line) => !line.startsWith('#')).join('\n')}`,
      where: { file },
    });
  if (isVaultText(text)) return byHand('an encrypted file');
  const before = await variablesIn({ text, file });
  if (before === undefined) return byHand('YAML that does not parse as variables');
  if (before.has(name)) return ok(text);
  const { contents } = parseDocument(text, { version: '1.1', uniqueKeys: false });
  if (isMap(contents) && contents.flow === true && contents.items.length > 0) return byHand('flow style');
  const after = appendBlock(text, lines);
  const read = await variablesIn({ text: after, file });
  const kept =
    read !== undefined &&
    read.has(name) &&
    [...before].every(([known, value]) => isDeepStrictEqual(plainOf(value), plainOf(read.get(known) ?? value)));
  return kept ? ok(after) : byHand('a form of YAML that a line at its end does not belong to');
}

async function variablesIn({ text, file }: VariablesText): Promise<Variables | undefined> {
  const findings = new Findings();
  const value = await readYaml({ text, file, encrypted: false }, new Keyring([]), findings);
  if (findings.errors.length > 0) return undefined;
  if (value === undefined || (value.kind === 'scalar' && value.value === null)) return new Map();
  return value.kind === 'map' ? value.entries : undefined;
}
