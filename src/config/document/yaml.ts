import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Pair,
  type Scalar,
} from 'yaml';
import type { Where } from '../../core/problem.ts';
import { yamlMessage } from '../../core/yaml-message.ts';
import type { Findings } from '../findings.ts';
import { exactScalar, scalar, type Definition, type MapValue, type Value, type Variables } from '../value.ts';
import type { Keyring, OpenedVault } from '../vault/keyring.ts';
import { openVaults, VAULT_TAGS } from './inline-vaults.ts';
import { isImpossibleDate, readPlainScalar } from './plain-scalar.ts';

/** A YAML text and its origin. */
export interface YamlSource {
  readonly text: string;
  /** The file's name for messages. */
  readonly file: string;
  readonly encrypted: boolean;
}

const NUMBER_TAGS = new Set(['int', 'float', 'bool', 'null'].map((type) => `tag:yaml.org,2002:${type}`));
const ASIS = { resolve: (text: string): string => text };

/**
 * Reads YAML as Ansible does: version 1.1 by PyYAML's rules, `!vault` decrypted, `!unsafe` excluded from templates,
 * duplicate keys as warnings. `undefined` if it is empty or does not parse; the Problem has the line.
 */
export async function readYaml(source: YamlSource, keyring: Keyring, findings: Findings): Promise<Value | undefined> {
  const lines = new LineCounter();
  const customTags = [...VAULT_TAGS, '!unsafe'].map((tag) => ({ tag, ...ASIS }));
  const document = parseDocument(source.text, {
    version: '1.1',
    uniqueKeys: false,
    lineCounter: lines,
    customTags,
    prettyErrors: false,
  });
  const placeOf = (offset: number): Where => {
    const { line, col } = lines.linePos(offset);
    return { file: source.file, line, column: col };
  };
  const [error] = document.errors;
  if (error !== undefined) {
    const where = placeOf(error.pos[0]);
    findings.error({
      code: 'config.yaml',
      summary: 'cannot parse a YAML file',
      detail: `Expected YAML, found at line ${String(where.line)}: ${yamlMessage(error.message)}.`,
      fix: hintFor(source.text.split('\n')[(where.line ?? 1) - 1] ?? ''),
      where,
    });
    return undefined;
  }
  const opened = await openVaults(document, keyring, placeOf, findings);
  return opened === undefined ? undefined : new Reader(document, source, placeOf, opened, findings).readRoot();
}

const QUOTE = 'put the value into quotation marks: name: "{{ other }}"';

function hintFor(line: string): string {
  if (/:\s*\{\{/.test(line)) return QUOTE;
  if (line.includes('\t')) return 'indent with spaces, not with tabs';
  return 'correct the line: the usual causes are indentation, a missing ":" or a quotation mark';
}

function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The text of a key: as Ansible prints it in JSON, where `yes` is `true` and `0x10` is `16`. */
function keyOf(key: Scalar): string {
  const text = key.source ?? String(key.value);
  return key.type === 'PLAIN' && key.tag === undefined ? String(readPlainScalar(text)) : text;
}

/** Far more than a real file has. Aliases of aliases can expand to billions of nodes. */
const MOST_NODES = 100_000;

class Reader {
  readonly #document: Document;
  readonly #source: YamlSource;
  readonly #placeOf: (offset: number) => Where;
  readonly #opened: ReadonlyMap<Scalar, OpenedVault>;
  readonly #findings: Findings;
  readonly #isJson: boolean;
  #count = 0;

  constructor(
    document: Document,
    source: YamlSource,
    placeOf: (offset: number) => Where,
    opened: ReadonlyMap<Scalar, OpenedVault>,
    findings: Findings,
  ) {
    this.#document = document;
    this.#source = source;
    this.#placeOf = placeOf;
    this.#opened = opened;
    this.#findings = findings;
    this.#isJson = isJson(source.text);
  }

  readRoot(): Value | undefined {
    const value = this.#read(this.#document.contents, '');
    if (this.#count <= MOST_NODES) return value;
    this.#findings.error({
      code: 'config.yaml',
      summary: 'a YAML file is too large',
      detail: `Expected at most ${String(MOST_NODES)} values, found more. Each use of an alias counts.`,
      fix: 'use fewer aliases',
      where: { file: this.#source.file },
    });
    return undefined;
  }

  #read(node: unknown, path: string): Value | undefined {
    this.#count += 1;
    if (this.#count > MOST_NODES) return undefined;
    if (isAlias(node))
      return (
        this.#read(node.resolve(this.#document), path) ??
        this.#broken(
          node,
          'an alias (a word behind "*") without its anchor',
          'put a text that begins with "*" into quotation marks, or correct the name after "*"',
        )
      );
    if (isScalar(node)) return this.#scalar(node, path);
    const where = this.#where(node, path);
    const { encrypted } = this.#source;
    if (isSeq(node))
      return {
        kind: 'list',
        where,
        encrypted,
        items: node.items.flatMap((item, index) => this.#read(item, `${path}[${String(index)}]`) ?? []),
      };
    if (isMap(node)) return { kind: 'map', where, encrypted, ...this.#entries(node.items, path) };
    return undefined;
  }

  #where(node: unknown, path: string): Where {
    // Every node of a parsed document has a range. The library types it as optional, so its form is checked.
    const range =
      typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
        ? Number(node.range[0])
        : 0;
    return { ...this.#placeOf(range), ...(path === '' ? {} : { path }) };
  }

  #broken(node: unknown, seen: string, fix: string): undefined {
    const where = this.#where(node, '');
    this.#findings.error({
      code: 'config.yaml',
      summary: 'cannot parse a YAML file',
      detail: `Expected YAML, found at line ${String(where.line)}: ${seen}.`,
      fix,
      where,
    });
    return undefined;
  }

  #scalar(node: Scalar, path: string): Value {
    const where = this.#where(node, path);
    const opened = this.#opened.get(node);
    const ciphertext = String(node.value);
    if (opened?.state === 'locked')
      return { kind: 'locked', where, encrypted: true, file: this.#source.file, ciphertext };
    if (opened !== undefined) return scalar(opened.text, where, { encrypted: true, ciphertext });
    const how = { encrypted: this.#source.encrypted, literal: node.tag === '!unsafe' };
    const { source, tag, value } = node;
    if (source !== undefined && ((node.type === 'PLAIN' && tag === undefined) || NUMBER_TAGS.has(tag ?? ''))) {
      if (isImpossibleDate(source))
        this.#broken(node, `the date ${source}, which does not exist`, 'correct it, or put it into quotation marks');
      // Ansible reads a text that is JSON as JSON, where 1e3 is a number.
      return exactScalar(
        this.#isJson && /^-?\d.*[.eE]/.test(source) ? Number(source) : readPlainScalar(source),
        where,
        how,
      );
    }
    return scalar(
      value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? value
        : (node.source ?? ''),
      where,
      how,
    );
  }

  #entries(pairs: readonly Pair[], path: string): Pick<MapValue, 'entries' | 'overridden'> {
    const own = new Map<string, Value>();
    const overridden: Definition[] = [];
    const merged = new Map<string, Value>();
    for (const pair of pairs) {
      // Python refuses it too. An unquoted {{ x }} is the usual cause.
      if (!isScalar(pair.key) && !isAlias(pair.key)) this.#broken(pair.key, 'a key that is a mapping or a list', QUOTE);
      const key = isScalar(pair.key) ? keyOf(pair.key) : String(pair.key);
      if (key === '<<') {
        for (const [name, value] of this.#merged(pair.value, path)) if (!merged.has(name)) merged.set(name, value);
        continue;
      }
      const at = path === '' ? key : `${path}.${key}`;
      const before = own.get(key);
      if (before !== undefined) {
        overridden.push({ name: key, value: before });
        this.#findings.warning({
          code: 'config.duplicate-key',
          summary: `duplicate key ${at}`,
          detail: `Expected each key once, found it again. This value overrides line ${String(before.where.line)}.`,
          fix: 'remove one of them',
          where: this.#where(pair.key, at),
        });
      }
      const keyed = this.#where(pair.key, at);
      // The position is that of the key, which users search for; the value may begin lines below it.
      own.set(key, { ...(this.#read(pair.value, at) ?? scalar(null, keyed)), where: keyed });
    }
    const entries = new Map([...merged, ...own]);
    return overridden.length === 0 ? { entries } : { entries, overridden };
  }

  #merged(node: unknown, path: string): Variables {
    const value = this.#read(node, path);
    if (value?.kind === 'map') return value.entries;
    if (value?.kind !== 'list') return new Map();
    const maps = value.items.filter((item): item is MapValue => item.kind === 'map');
    return new Map(maps.toReversed().flatMap((item) => [...item.entries]));
  }
}
