import { readLiteral, type Literal } from '../python/literal.ts';
import { splitWords } from '../python/shlex.ts';
import type { Findings } from '../findings.ts';
import type { Where } from '../../core/problem.ts';
import { exactScalar, scalar, type Value } from '../value.ts';
import { readHostPattern } from './host-pattern.ts';
import type { InventoryBuilder } from './inventory.ts';

const HEADER = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/;

/** The ends of lines of Python's `str.splitlines()`. */
const LINE_END = new RegExp(String.raw`\r\n|[\n\r\v\f\u{1C}-\u{1E}\u0085\u2028\u2029]`, 'u');

/** A group that was used before its declaration, and the kind of section that used it. */
interface Pending {
  readonly where: Where;
  readonly by: 'vars' | 'children';
  readonly parents: readonly string[];
}

/** An inventory file: its name for messages, and its absolute path. */
export interface InventoryFile {
  readonly file: string;
  readonly path: string;
}

/**
 * Reads an inventory in Ansible's INI format (lib/ansible/plugins/inventory/ini.py) into the builder, where groups of
 * earlier sources count as declared. Every wrong line is reported with its number.
 */
export function readIni(text: string, from: InventoryFile, builder: InventoryBuilder, findings: Findings): void {
  const reader = new IniReader(from, builder, findings);
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(LINE_END)
    .entries())
    reader.readLine(line.trim(), { file: from.file, line: index + 1 });
  reader.finish();
}

class IniReader {
  readonly #builder: InventoryBuilder;
  readonly #pending = new Map<string, Pending>();
  readonly #file: string;
  readonly #path: string;
  readonly #findings: Findings;
  #group = 'ungrouped';
  #state: 'hosts' | 'children' | 'vars' | 'unknown' = 'hosts';

  constructor({ file, path }: InventoryFile, builder: InventoryBuilder, findings: Findings) {
    this.#file = file;
    this.#path = path;
    this.#builder = builder;
    this.#findings = findings;
  }

  readLine(line: string, where: Where): void {
    if (line === '' || line.startsWith('#') || line.startsWith(';')) return;
    const header = HEADER.exec(line);
    if (header !== null) this.#header(header[1] ?? '', header[2] ?? 'hosts', where);
    else if (line.startsWith('[') && line.endsWith(']'))
      this.#wrong(
        where,
        'a header such as [litellm] or [litellm:vars], without spaces',
        line,
        'use only letters, digits, "_" and "-" in the name',
      );
    else if (this.#state === 'hosts') this.#host(line, where);
    else if (this.#state === 'vars') this.#variable(line, where);
    else if (this.#state === 'children') this.#child(line, where);
  }

  finish(): void {
    for (const [name, { where, by, parents }] of this.#pending) {
      if (by === 'vars')
        this.#wrong(
          where,
          `a group [${name}] for these variables`,
          `no such group in ${this.#file}`,
          `add a section [${name}], or correct the name`,
        );
      else
        this.#wrong(
          where,
          `a group [${name}] to put below [${parents.at(-1) ?? ''}]`,
          `no such group in ${this.#file}`,
          `add a section [${name}], or correct the name`,
        );
    }
  }

  #header(name: string, kind: string, where: Where): void {
    this.#group = name;
    this.#state = kind === 'hosts' || kind === 'children' || kind === 'vars' ? kind : 'unknown';
    if (this.#state === 'unknown')
      return this.#wrong(
        where,
        `[${name}], [${name}:children] or [${name}:vars]`,
        `[${name}:${kind}]`,
        'correct the word after the colon',
      );
    if (kind === 'vars' && !this.#builder.hasGroup(name) && !this.#pending.has(name))
      this.#pending.set(name, { where, by: 'vars', parents: [] });
    this.#builder.addGroup(name, this.#path);
    if (kind !== 'vars') {
      const pending = this.#pending.get(name);
      this.#pending.delete(name);
      for (const parent of pending?.parents ?? []) this.#join(parent, name, where);
    }
    return undefined;
  }

  #host(line: string, where: Where): void {
    const split = splitWords(line, { comments: true });
    // The rest of the line may contain a password.
    if (!split.ok)
      return this.#wrong(
        where,
        'a host and its variables',
        `${line.split(/\s/, 1).join('')} … (${split.reason})`,
        'close the quotation mark, or put a value with a quotation mark into the other kind of marks',
      );
    const [pattern = '', ...rest] = split.words;
    const hosts = readHostPattern(pattern);
    if (!hosts.ok)
      return this.#wrong(where, 'a host’s name or address', `${pattern}, which ${hosts.reason}`, 'correct the name');
    const port = hosts.port === undefined ? undefined : scalar(hosts.port, { ...where, path: 'ansible_port' });
    const place = { where, source: this.#path };
    for (const name of hosts.names) this.#builder.addHost(this.#group, name, place, port);
    for (const [index, word] of rest.entries()) {
      const equals = word.indexOf('=');
      // The word may be a password, or a part of one: `ansible_password = x`.
      if (equals < 0) {
        this.#wrong(
          where,
          'name=value after the host',
          `no "=" in the ${nth(index + 2)} word of the line`,
          'write NAME=VALUE without blanks around "=", put a value with blanks into quotation marks, or give each host a line of its own',
        );
        continue;
      }
      const name = word.slice(0, equals);
      for (const host of hosts.names)
        this.#builder.setHostVariable(host, name, readIniValue(word.slice(equals + 1), { ...where, path: name }));
    }
    return undefined;
  }

  #variable(line: string, where: Where): void {
    const equals = line.indexOf('=');
    if (equals < 0)
      return this.#wrong(
        where,
        `name=value in [${this.#group}:vars]`,
        // The rest of the line may be a password.
        `${/^[\w.-]+(?=\s*:)/.exec(line)?.[0] ?? 'a line'} without "="`,
        `write NAME=VALUE, or move the line to [${this.#group}] if it is a host`,
      );
    const name = line.slice(0, equals).trim();
    return this.#builder.setGroupVariable(
      this.#group,
      name,
      readIniValue(line.slice(equals + 1).trim(), { ...where, path: name }),
    );
  }

  #child(line: string, where: Where): void {
    const name = /^([^:\]\s]+)\s*(?:#.*)?$/.exec(line)?.[1];
    if (name === undefined)
      return this.#wrong(
        where,
        `a group’s name in [${this.#group}:children]`,
        'a line that is no name',
        'write one name on each line',
      );
    // Variables declare a group, too, as long as a later section confirms it.
    if (this.#builder.hasGroup(name)) return this.#join(this.#group, name, where);
    const pending = this.#pending.get(name);
    this.#pending.set(name, {
      where: pending?.where ?? where,
      by: 'children',
      parents: [...(pending?.parents ?? []), this.#group],
    });
    return undefined;
  }

  #join(parent: string, child: string, where: Where): void {
    if (!this.#builder.addChild(parent, child))
      this.#wrong(
        where,
        'groups that are not below themselves',
        `[${child}] below [${parent}], which is below [${child}]`,
        `remove ${child} from [${parent}:children]`,
      );
  }

  #wrong(where: Where, wanted: string, seen: string, fix: string): void {
    this.#findings.error({
      code: 'inventory.unreadable',
      summary: 'cannot parse a line of the inventory',
      detail: `Expected ${wanted}, found ${seen}.`,
      fix,
      where,
    });
  }
}

function nth(number: number): string {
  return ['', 'first', 'second', 'third'][number] ?? `${String(number)}th`;
}

/** The value of a variable in an INI inventory: a Python literal if it is one, otherwise the text. */
function readIniValue(text: string, where: Where): Value {
  const literal = readLiteral(text);
  if (literal !== undefined) return valueOf(literal, where);
  // A JavaScript number cannot hold every integer of Python.
  return /^[-+]?[1-9]\d*(?:_\d+)*$/.test(text) && text.length > 15
    ? exactScalar(BigInt(text.replaceAll(/[+_]/g, '')), where)
    : scalar(text, where);
}

function valueOf(literal: Literal, where: Where): Value {
  if (typeof literal !== 'object' || literal === null) return scalar(literal, where);
  const below = (step: string): Where => ({ ...where, path: `${where.path ?? ''}${step}` });
  if ('entries' in literal && literal instanceof Map)
    return {
      kind: 'map',
      where,
      encrypted: false,
      entries: new Map([...literal].map(([key, entry]) => [key, valueOf(entry, below(`.${key}`))])),
    };
  if (Array.isArray(literal))
    return {
      kind: 'list',
      where,
      encrypted: false,
      items: literal.map((item: Literal, index) => valueOf(item, below(`[${String(index)}]`))),
    };
  return scalar(null, where);
}
