import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { VAULT_TAGS } from '../document/inline-vaults.ts';

/** An encrypted value in a YAML text, with its place. */
export interface InlineVault {
  /** `litellm_master_key`, `smtp.password`, `keys[0]`. */
  readonly path: string;
  readonly ciphertext: string;
  /** Offsets in the text: from the tag to the end of the value, its last line end included. */
  readonly from: number;
  readonly to: number;
}

/** The encrypted values of a YAML text (`!vault`), in order. Empty where the text is no YAML. */
export function inlineVaults(text: string): readonly InlineVault[] {
  const document = parseDocument(text, {
    version: '1.1',
    uniqueKeys: false,
    customTags: VAULT_TAGS.map((tag) => ({ tag, resolve: (value: string) => value })),
  });
  return document.errors.length > 0 ? [] : collect(document.contents, '', text);
}

function collect(node: unknown, path: string, text: string): readonly InlineVault[] {
  if (isMap(node))
    return node.items.flatMap(({ key, value }) => {
      const name = isScalar(key) ? String(key.value) : String(key);
      return collect(value, path === '' ? name : `${path}.${name}`, text);
    });
  if (isSeq(node)) return node.items.flatMap((item, index) => collect(item, `${path}[${String(index)}]`, text));
  if (!isScalar(node) || !VAULT_TAGS.includes(node.tag ?? '')) return [];
  const [start, end] = node.range ?? [0, 0];
  // The range begins behind the tag.
  const from = text.lastIndexOf(node.tag ?? '', start);
  return [{ path, ciphertext: String(node.value), from, to: end }];
}

/** The text with one encrypted value replaced, in its own style: a block with the same indentation, or a quoted text. */
export function replaceInline(text: string, { from, to }: InlineVault, ciphertext: string): string {
  const old = text.slice(from, to);
  const [before, after] = [text.slice(0, from), text.slice(to)];
  if (!/^\S+[ \t]+[|>]/.test(old)) return `${before}!vault ${JSON.stringify(ciphertext)}${after}`;
  const indent = /\n([ \t]+)\S/.exec(old)?.[1] ?? '  ';
  const end = old.includes('\r\n') ? '\r\n' : '\n';
  const lines = ciphertext
    .trimEnd()
    .split('\n')
    .map((line) => `${indent}${line}`);
  return `${before}!vault |${end}${lines.join(end)}${old.endsWith('\n') ? end : ''}${after}`;
}

/** The text with an encrypted value written as a block, as `ansible-vault encrypt_string` prints it, where its line ends behind it. */
export function inBlockStyle(text: string, { from, to, ciphertext }: InlineVault): string {
  const rest = text.slice(to);
  const head = text.slice(text.lastIndexOf('\n', from - 1) + 1, from);
  if (!/^(?:\r?\n|$)/.test(rest) || !/^\w+: $/.test(head)) return text;
  const lines = ciphertext
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`);
  return `${text.slice(0, from)}!vault |\n${lines.join('\n')}${rest}`;
}
