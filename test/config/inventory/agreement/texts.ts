import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dice } from './dice.ts';
import type { Names } from './generate.ts';
import { INI_VALUES, JSON_VALUES, LINE_VALUES, YAML_VALUES } from './values.ts';

const vaults = join(import.meta.dirname, '../../fixtures/vault');
/** Encrypted files of one password, and the lines of an inline `!vault`. */
const ENCRYPTED = ['default.vault', 'labelled.vault'].map((name) => readFileSync(join(vaults, name), 'utf8'));
const INLINE = readFileSync(join(vaults, 'inline.yml'), 'utf8')
  .split('\n')
  .slice(1)
  .map((line) => line.trim())
  .filter((line) => line !== '');

const VARIABLES = [
  'x',
  'y',
  'z',
  'litellm_port',
  'litellm_models',
  'ansible_host',
  'ansible_user',
  'ansible_port',
  'nested',
  'größe',
  'with-dash',
  'UP',
];

/** An inventory in INI, with sections in any order, comments, odd blanks, and sometimes the line ends of Windows. */
export function iniText({ groups, hosts }: Names, dice: Dice): string {
  const lines: string[] = [];
  const blank = (): string => dice.one(['', '', ' ', '\t']);
  const comment = (): string => (dice.chance(0.2) ? dice.one(['  # note', ' # a=b']) : '');
  const hostLine = (): string => {
    const words = dice
      .some(VARIABLES, dice.chance(0.5) ? 0 : 1 + dice.below(3))
      .map((name) => `${name}=${dice.one(INI_VALUES)}`);
    return [dice.one(hosts), ...words].join(dice.one([' ', '  ', '\t'])) + comment();
  };
  const several = (line: () => string, most: number): readonly string[] =>
    Array.from({ length: dice.below(most + 1) }, line);
  const variableLine = (): string =>
    dice.one(VARIABLES) + dice.one(['=', ' = ', '= ']) + dice.one(dice.chance(0.5) ? LINE_VALUES : INI_VALUES);
  const sections: (readonly string[])[] = [];
  for (const [index, group] of groups.entries()) {
    sections.push([`[${group}]${comment()}`, ...several(hostLine, 3)]);
    if (dice.chance(0.4))
      sections.push([
        `[${group}:vars]`,
        ...several(variableLine, 3),
        ...(dice.chance(0.3) ? [`ansible_group_priority=${dice.one(['1', '5', '10', '-1', '"7"'])}`] : []),
      ]);
    // Children stand behind their parents in one order of all groups, so there is no circle.
    const children = dice.shuffled(dice.some(groups.slice(index + 1), dice.below(3)));
    if (children.length > 0 && dice.chance(0.5))
      sections.push([`[${group}:children]`, ...children.map((name) => name + comment())]);
  }
  if (dice.chance(0.3)) sections.push(['[all:vars]', ...several(variableLine, 3)]);
  if (dice.chance(0.1)) sections.push(['[ungrouped]', ...several(hostLine, 2)]);
  lines.push(...several(hostLine, 2));
  for (const section of dice.shuffled(sections)) {
    for (const line of section) {
      if (dice.chance(0.08)) lines.push(dice.one(['# a comment', '; a comment', '', '   ', '#[web]']));
      lines.push(blank() + line + (dice.chance(0.1) ? '  ' : ''));
    }
  }
  return lines.join(dice.chance(0.1) ? '\r\n' : '\n') + '\n';
}

/** An inventory in YAML. */
export function yamlInventoryText({ groups, hosts }: Names, dice: Dice): string {
  const lines: string[] = dice.chance(0.3) ? ['---'] : [];
  const variables = (indent: number): void => {
    for (const name of dice.some(VARIABLES, 1 + dice.below(3))) lines.push(...yamlLines(name, indent, dice));
    if (dice.chance(0.1)) lines.push(...yamlLines(dice.one(VARIABLES), indent, dice));
  };
  const hostLines = (indent: number): void => {
    lines.push(`${pad(indent)}hosts:`);
    for (const host of dice.some(hosts, 1 + dice.below(3))) {
      const key = /[[\]:]|^\d/.test(host) || dice.chance(0.1) ? JSON.stringify(host) : host;
      const form = dice.one(['null', 'vars', 'vars', 'flow']);
      lines.push(
        `${pad(indent + 1)}${key}:${form === 'flow' ? ' {x: 1, y: "{{ z }}"}' : form === 'null' ? dice.one(['', ' {}', ' null', ' ~']) : ''}`,
      );
      if (form === 'vars') variables(indent + 2);
    }
  };
  const group = (name: string, rest: readonly string[], indent: number): void => {
    lines.push(
      `${pad(indent)}${JSON.stringify(name) === `"${name}"` && dice.chance(0.9) ? name : JSON.stringify(name)}:`,
    );
    const sections = dice.shuffled(['hosts', 'vars', 'children']).filter(() => dice.chance(0.6));
    for (const section of sections) {
      if (section === 'hosts') hostLines(indent + 1);
      if (section === 'vars') {
        lines.push(`${pad(indent + 1)}vars:`);
        variables(indent + 2);
        if (name !== 'all' && dice.chance(0.2))
          lines.push(`${pad(indent + 2)}ansible_group_priority: ${dice.one(['1', '10', '-3', '"4"'])}`);
      }
      if (section === 'children' && rest.length > 0 && indent < 4) {
        lines.push(`${pad(indent + 1)}children:`);
        for (const child of dice.some(rest, 1 + dice.below(2)))
          group(child, rest.slice(rest.indexOf(child) + 1), indent + 2);
      }
    }
    if (dice.chance(0.1)) lines.push('', `${pad(indent)}# a comment`);
  };
  if (dice.chance(0.6)) group('all', groups, 0);
  else
    for (const [index, name] of dice.some(groups, 3).entries())
      group(name, groups.slice(groups.indexOf(name) + 1 + index), 0);
  return lines.join('\n') + '\n';
}

/** An inventory in JSON. */
export function jsonText({ groups, hosts }: Names, dice: Dice): string {
  const variables = (): string =>
    `{${dice
      .some(VARIABLES, 2)
      .map((name) => `${JSON.stringify(name)}: ${dice.one(JSON_VALUES)}`)
      .join(', ')}}`;
  const hostList = (): string =>
    `{${dice
      .some(hosts, 2)
      .map((host) => `${JSON.stringify(host)}: ${dice.one(['null', variables()])}`)
      .join(', ')}}`;
  const entries = dice
    .some(groups, 2)
    .map((name) => `${JSON.stringify(name)}: {"hosts": ${hostList()}, "vars": ${variables()}}`);
  return `{"all": {"children": {${entries.join(', ')}}, "vars": ${variables()}}}`;
}

/** A file of group_vars or host_vars. */
export function yamlVariables(json: boolean, vault: boolean, dice: Dice): string {
  if (vault && dice.chance(0.7)) return dice.one(ENCRYPTED);
  const names = dice.some(VARIABLES, 1 + dice.below(4));
  if (json) return `{${names.map((name) => `${JSON.stringify(name)}: ${dice.one(JSON_VALUES)}`).join(', ')}}\n`;
  if (dice.chance(0.05)) return dice.one(['', '---\n', '# only a comment\n', '{}\n', 'null\n']);
  const lines = names.flatMap((name) => yamlLines(name, 0, dice));
  if (dice.chance(0.15)) lines.push('defaults: &d {p: 1, q: 2}', 'merged:', '  <<: *d', '  q: 3');
  if (dice.chance(0.1)) lines.push(...yamlLines(dice.one(names), 0, dice));
  if (dice.chance(0.1)) lines.push('ansible_group_priority: 9');
  return [...(dice.chance(0.3) ? ['---'] : []), ...lines].join(dice.chance(0.05) ? '\r\n' : '\n') + '\n';
}

function yamlLines(name: string, indent: number, dice: Dice): readonly string[] {
  if (dice.chance(0.08))
    return [`${pad(indent)}${name}: !vault |`, ...INLINE.map((line) => `${pad(indent + 5)}${line}`)];
  const value = dice.one(YAML_VALUES);
  const unique = value.replace(/&(?:anchor|same)/, `&a${String(dice.below(1_000_000))}`);
  const [first = '', ...rest] = unique.split('\n');
  const block = rest.map((line) => (line === '' ? '' : line.replace('$', pad(indent + 1))));
  return [
    `${pad(indent)}${name}:${first === '' ? '' : ` ${first}`}`,
    ...(block.at(-1) === '' ? block.slice(0, -1) : block),
  ];
}

function pad(indent: number): string {
  return '  '.repeat(indent);
}
