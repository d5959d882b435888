import { isDeepStrictEqual } from 'node:util';
import { isMap, parseDocument } from 'yaml';
import { fail, ok, type Result } from '../../core/problem.ts';
import { readYaml } from '../document/yaml.ts';
import { Findings } from '../findings.ts';
import { plainOf, type Variables } from '../value.ts';
import { isVaultText } from '../vault/envelope.ts';
import { Keyring } from '../vault/keyring.ts';
import { appendBlock } from './lines.ts';

/** A variables file to edit. `text` is empty for a new file. */
export interface VariablesText {
  readonly text: string;
  /** The file's name for messages. */
  readonly file: string;
}

/**
 * Adds a variable, given as lines, at the end of a variables file. All existing bytes stay, and an existing variable
 * stays unchanged. The result is parsed again: all other variables must keep their values.
 */
export async function addVariable(
  { text, file }: VariablesText,
  name: string,
  lines: readonly string[],
): Promise<Result<string>> {
  const byHand = (seen: string): Result<string> =>
    fail({
      code: 'variables.edit-by-hand',
      summary: `cannot add ${name} without rewriting the file`,
      detail: `Expected a place in ${file} where the lines change nothing else, found ${seen}.`,
      fix: `add to ${file} by hand: ${lines.filter((line) => !line.startsWith('#')).join('\n')}`,
      where: { file },
    });
  if (isVaultText(text)) return byHand('an encrypted file');
  const before = await variablesIn({ text, file });
  if (before === undefined) return byHand('YAML that has no variables');
  if (before.has(name)) return ok(text);
  const { contents } = parseDocument(text, { version: '1.1', uniqueKeys: false });
  if (isMap(contents) && contents.flow === true && contents.items.length > 0) return byHand('flow style');
  const after = appendBlock(text, lines);
  const read = await variablesIn({ text: after, file });
  const kept =
    read !== undefined &&
    read.has(name) &&
    [...before].every(([known, value]) => isDeepStrictEqual(plainOf(value), plainOf(read.get(known) ?? value)));
  return kept ? ok(after) : byHand('YAML to which no line can be appended');
}

/** The variables of a file; `undefined` if it does not parse, or holds no mapping. */
export async function variablesIn({ text, file }: VariablesText): Promise<Variables | undefined> {
  const findings = new Findings();
  const value = await readYaml({ text, file, encrypted: false }, new Keyring([]), findings);
  if (findings.errors.length > 0) return undefined;
  if (value === undefined || (value.kind === 'scalar' && value.value === null)) return new Map();
  return value.kind === 'map' ? value.entries : undefined;
}
