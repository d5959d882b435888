import type { Problem, Where } from '../../core/problem.ts';
import type { Findings } from '../findings.ts';
import { definitionsOf, describeValue, scalar, type MapValue, type Value } from '../value.ts';
import { readHostPattern } from './host-pattern.ts';
import type { InventoryFile } from './ini.ts';
import type { InventoryBuilder } from './inventory.ts';

/**
 * Reads an inventory in Ansible's YAML format (lib/ansible/plugins/inventory/yaml.py) into the builder. `undefined` is a
 * file that is empty or did not parse and has its Problem already.
 */
export function readYamlInventory(
  value: Value | undefined,
  { file, path }: InventoryFile,
  builder: InventoryBuilder,
  findings: Findings,
): void {
  const wrong = (where: Where, wanted: string, seen: string, fix: string): void => {
    findings.error({
      code: 'inventory.unreadable',
      summary: 'cannot read an entry of the inventory',
      detail: `Expected ${wanted}, found ${seen}.`,
      fix,
      where,
    });
  };
  const readHosts = (group: string, hosts: MapValue): void => {
    for (const [pattern, given] of hosts.entries) {
      const read = readHostPattern(pattern);
      if (!read.ok) {
        wrong(given.where, 'a host’s name or address', `${pattern}, which ${read.reason}`, 'correct the name');
        continue;
      }
      const variables = mapping(given) ?? emptyIn(given);
      if (variables === undefined)
        wrong(
          given.where,
          `variables of the host ${pattern}, as name: value`,
          describeValue(given),
          `write ${pattern}: with nothing after it, or variables below it`,
        );
      const port = read.port === undefined ? undefined : scalar(read.port, given.where);
      for (const name of read.names) {
        builder.addHost(group, name, { where: given.where, source: path }, port);
        for (const { name: key, value: entry } of variables === undefined ? [] : definitionsOf(variables))
          builder.setHostVariable(name, key, named(entry, key));
      }
    }
  };
  const readGroup = (name: string, given: Value): void => {
    builder.addGroup(name, path);
    const sections = mapping(given);
    if (sections === undefined)
      return wrong(
        given.where,
        `the group ${name} with hosts, vars or children below it`,
        describeValue(given),
        `write ${name}: and below it hosts:`,
      );
    for (const [section, content] of sections.entries) {
      const entries = sectionOf(content);
      if (section !== 'hosts' && section !== 'vars' && section !== 'children') {
        findings.warning({
          code: 'inventory.unknown-section',
          summary: `${section} in the group ${name} is ignored`,
          detail: `Expected hosts, vars or children, found ${section}.`,
          fix: `move ${section} below hosts:, vars: or children:`,
          where: content.where,
        });
      } else if (entries === undefined)
        wrong(
          content.where,
          `a mapping below ${section}: of the group ${name}`,
          describeValue(content),
          section === 'hosts'
            ? 'write each host as name: on its own line, without "-"'
            : 'write each entry as name: on its own line, without "-"',
        );
      else if (section === 'hosts') readHosts(name, entries);
      else if (section === 'vars')
        for (const { name: key, value: entry } of definitionsOf(entries))
          builder.setGroupVariable(name, key, named(entry, key));
      else readChildren(name, entries);
    }
    return undefined;
  };
  const readChildren = (parent: string, children: MapValue): void => {
    for (const [child, below] of children.entries) {
      readGroup(child, below);
      if (!builder.addChild(parent, child))
        wrong(
          below.where,
          'groups that are not below themselves',
          `${child} below ${parent}, which is below ${child}`,
          `remove ${child} from the children of ${parent}`,
        );
    }
  };
  if (value === undefined) return;
  if (value.kind !== 'map')
    return wrong(
      { file, line: 1 },
      'groups with their hosts, all: first',
      describeValue(value),
      'write all: and below it hosts: and children:',
    );
  const plugin = value.entries.get('plugin');
  if (plugin !== undefined) return findings.error(pluginProblem(plugin, file));
  for (const [name, given] of value.entries) readGroup(name, given);
  return undefined;
}

/** hxllm runs no inventory plugin: its hosts would be missing without a word. */
function pluginProblem(plugin: Value, file: string): Problem {
  return {
    code: 'inventory.plugin',
    summary: 'the inventory is the configuration of a plugin',
    detail: `Expected an inventory with its hosts in it, found the configuration of an inventory plugin (${describeValue(plugin)}).`,
    fix: `ansible-inventory -i ${file} --list --yaml --output hosts.yml  # and use that file in its place`,
    where: plugin.where,
  };
}

/** A mapping; `null` is an empty one. */
function mapping(value: Value): MapValue | undefined {
  if (value.kind === 'map') return value;
  return value.kind === 'scalar' && value.value === null ? mapOf(value, []) : undefined;
}

/** For the variables of a host, every value that is false in Python is an empty mapping. */
function emptyIn(value: Value): MapValue | undefined {
  const isEmpty =
    value.kind === 'scalar'
      ? ['', 0, false].some((one) => one === value.value)
      : 'items' in value && value.items.length === 0;
  return isEmpty ? mapOf(value, []) : undefined;
}

/** Ansible treats a single text as a mapping with that key. */
function sectionOf(value: Value): MapValue | undefined {
  if (value.kind === 'map') return value;
  if (value.kind !== 'scalar' || (value.value !== null && typeof value.value !== 'string')) return undefined;
  return mapOf(value, value.value === null ? [] : [[value.value, scalar(null, value.where)]]);
}

function mapOf({ where, encrypted }: Value, entries: readonly (readonly [string, Value])[]): MapValue {
  return { kind: 'map', where, encrypted, entries: new Map(entries) };
}

/** Renames a variable to its own name, without the path through the groups. */
function named(value: Value, name: string): Value {
  const base = value.where.path ?? name;
  return renamed(value, base, name);
}

function renamed(value: Value, from: string, to: string): Value {
  const path = value.where.path;
  const where = { ...value.where, path: path?.startsWith(from) === true ? to + path.slice(from.length) : to };
  if (value.kind === 'list') return { ...value, where, items: value.items.map((item) => renamed(item, from, to)) };
  if (value.kind === 'map')
    return {
      ...value,
      where,
      entries: new Map([...value.entries].map(([key, entry]) => [key, renamed(entry, from, to)])),
    };
  return { ...value, where };
}
