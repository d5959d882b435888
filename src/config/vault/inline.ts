import { isMap, isScalar, isSeq, parseAllDocuments, type ParsedNode } from 'yaml';
import { VAULT_TAGS } from '../document/inline-vaults.ts';

/** An encrypted value in a YAML text, with its place. */
export interface InlineVault {
  /** `litellm_master_key`, `smtp.password`, `keys[0]`. */
  readonly path: string;
  readonly ciphertext: string;
  /** Offsets in the text: from the value behind its tag and anchor to its end, the last line end of a block included. */
  readonly from: number;
  readonly to: number;
}

/** The encrypted values of a YAML text (`!vault`), in order. Empty where the text is no YAML. */
export function inlineVaults(text: string): readonly InlineVault[] {
  const documents = documentsOf(text);
  return documents.some(({ errors }) => errors.length > 0)
    ? []
    : documents.flatMap(({ contents }) => collect(contents, ''));
}

/** The encrypted value of a name. Of a name that stands twice the last one counts. */
export function inlineVault(text: string, name: string | undefined): InlineVault | undefined {
  return inlineVaults(text).findLast(({ path }) => path === name);
}

/** The reason why a text is no YAML, with its line; `undefined` if it is. */
export function yamlFault(text: string): string | undefined {
  return documentsOf(text)
    .flatMap(({ errors }) => errors)[0]
    ?.message.split('\n')[0];
}

function documentsOf(text: string) {
  const documents = parseAllDocuments(text, {
    version: '1.1',
    uniqueKeys: false,
    customTags: VAULT_TAGS.map((tag) => ({ tag, resolve: (value: string) => value })),
  });
  return 'empty' in documents ? [] : documents;
}

function collect(node: ParsedNode | null, path: string): readonly InlineVault[] {
  if (isMap(node))
    return node.items.flatMap(({ key, value }) => {
      const name = isScalar(key) ? String(key.value) : String(key);
      return collect(value, path === '' ? name : `${path}.${name}`);
    });
  if (isSeq(node)) return node.items.flatMap((item, index) => collect(item, `${path}[${String(index)}]`));
  if (!isScalar(node) || !VAULT_TAGS.includes(node.tag ?? '')) return [];
  const [from, to] = node.range;
  return [{ path, ciphertext: String(node.value), from, to }];
}

/** The text with one encrypted value replaced, in its own style: a block with the same indentation, or a quoted text. */
export function replaceInline(text: string, { from, to }: InlineVault, ciphertext: string): string {
  const old = text.slice(from, to);
  const [before, after] = [text.slice(0, from), text.slice(to)];
  if (!/^[|>]/.test(old)) return `${before}${JSON.stringify(ciphertext)}${after}`;
  const indent = /\n([ \t]+)\S/.exec(old)?.[1] ?? '  ';
  const end = old.includes('\r\n') ? '\r\n' : '\n';
  const lines = ciphertext
    .trimEnd()
    .split('\n')
    .map((line) => `${indent}${line}`);
  return `${before}|${end}${lines.join(end)}${old.endsWith('\n') ? end : ''}${after}`;
}

/** The text with an encrypted value written as a block, as `ansible-vault encrypt_string` prints it, where its line ends behind it. */
export function inBlockStyle(text: string, { from, to, ciphertext }: InlineVault): string {
  const rest = text.slice(to);
  const head = text.slice(text.lastIndexOf('\n', from - 1) + 1, from);
  if (!/^(?:\r?\n|$)/.test(rest) || !/^\uFEFF?\w+: !vault $/.test(head)) return text;
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = ciphertext
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`);
  return `${text.slice(0, from)}|${end}${lines.join(end)}${rest}`;
}
