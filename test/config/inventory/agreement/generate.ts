import { createDice, type Dice } from './dice.ts';
import { iniText, jsonText, yamlInventoryText, yamlVariables } from './texts.ts';

/** One generated inventory: its files by path, and the run of `ansible-inventory --list` over them. */
export interface Case {
  readonly seed: number;
  readonly files: Readonly<Record<string, string>>;
  /** Each `-i`. */
  readonly inventories: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Names of groups and hosts that a case draws from. */
export interface Names {
  readonly groups: readonly string[];
  /** Host patterns with ranges and ports, as an inventory has them. */
  readonly hosts: readonly string[];
}

const GROUPS = [
  'litellm',
  'llm',
  'web',
  'db',
  'app',
  'prod',
  'stage',
  'eu-west',
  'g.dot',
  'größe',
  'z9',
  '_low',
  'Top',
];
const HOSTS = [
  'h1',
  'h2',
  'h3',
  'hx-api-server',
  'web[01:03]',
  'db-[a:c]',
  'n[1:5:2].example.net',
  'half[:2]',
  'two[1:2]-[x:y]',
  '10.0.0.[1:3]',
  '192.0.2.7',
  'api.example.net:2222',
  '2001:db8::1',
  '[2001:db8::2]:2201',
  'hôte',
  'under_score',
  'with-dash',
  'UPPER',
  'p[08:10]:22',
  'localhost',
  'end_:22',
  'web',
];

/** Generates the inventory of a seed. */
export function generateCase(seed: number): Case {
  const dice = createDice(seed);
  const names: Names = {
    groups: dice.some(GROUPS, 1 + dice.below(6)),
    hosts: dice.some(HOSTS, 1 + dice.below(6)),
  };
  const files: Record<string, string> = {};
  const inventories: string[] = [];
  const environment: Record<string, string> = {};
  for (const index of Array.from({ length: dice.chance(0.35) ? 2 + dice.below(2) : 1 }).keys())
    inventories.push(addSource(index, names, files, environment, dice));
  if (dice.chance(0.1))
    inventories.push(dice.one(['extra1,extra2', 'h1,', 'api.example.net:2222,h9', '10.0.0.1,2001:db8::9', 'a[1:2],']));
  const folders = ['', ...inventories.map((path) => folderOf(path, files))];
  for (const folder of new Set(folders)) addVariableFiles(folder, names, files, dice);
  return { seed, files, inventories, environment };
}

/** The folder whose group_vars count for a source. */
function folderOf(source: string, files: Readonly<Record<string, string>>): string {
  if (source.includes(',')) return '';
  return source in files ? source.slice(0, source.lastIndexOf('/') + 1) : `${source}/`;
}

function addSource(
  index: number,
  names: Names,
  files: Record<string, string>,
  environment: Record<string, string>,
  dice: Dice,
): string {
  const base = dice.one(['', `inv${String(index)}/`, 'inventories/', 'inventories/']);
  if (dice.chance(0.55)) {
    const path =
      base +
      dice.one([
        `dev${String(index)}.ini`,
        `hosts${String(index)}`,
        `dev${String(index)}.yml`,
        `all${String(index)}.yaml`,
        `x${String(index)}.json`,
      ]);
    files[path] = inventoryText(path, names, dice);
    return path;
  }
  const folder = dice.one([`inv${String(index)}`, `inventories${String(index)}`, 'nested/stage']);
  const count = 1 + dice.below(4);
  for (const name of dice.some(
    [
      '00-first',
      '10-a.yml',
      '20-b',
      'a.ini',
      'b.yaml',
      'hosts',
      'z.json',
      'Z',
      'é.yml',
      'sub/inner',
      'sub/deep/x.yml',
      'n.d/hosts',
    ],
    count + 1,
  ))
    files[`${folder}/${name}`] = inventoryText(name, names, dice);
  // Names that Ansible leaves out, and files that are no inventories.
  if (dice.chance(0.5))
    for (const [name, text] of dice.some(LEFT_OUT, 1 + dice.below(4))) files[`${folder}/${name}`] = text;
  if (dice.chance(0.15))
    environment['ANSIBLE_INVENTORY_IGNORE_REGEX'] = dice.one(['^Z$', 'hosts', '\\.ya?ml$,^20', '^[0-9]+-', 'sub']);
  if (dice.chance(0.1))
    environment['ANSIBLE_INVENTORY_IGNORE'] = dice.one([
      '.yml,.md',
      '.json',
      '~,.orig,.txt,.yaml,.md,.bak,.retry,.cfg',
    ]);
  return folder;
}

const LEFT_OUT: readonly (readonly [string, string])[] = [
  ['README.md', 'hidden1\n'],
  ['notes.txt', 'hidden2\n'],
  ['old.bak', 'hidden3\n'],
  ['hosts~', 'hidden4\n'],
  ['.hidden', 'hidden5\n'],
  ['x.retry', 'hidden6\n'],
  ['ansible.cfg', '[defaults]\nx=1\n'],
  ['dev.ini.orig', 'hidden7\n'],
  ['doc.rst', 'hidden8\n'],
  ['.git/config', 'hidden9\n'],
  ['vars_plugins/x', 'hidden10\n'],
  ['junk', 'some words here\n'],
  ['LICENSE', 'Copyright (c) 2026 the authors\n'],
  ['list.yml', '- a\n- b c\n'],
  ['broken.yml', 'all: {hosts: [\n'],
  ['sub/README.md', 'hidden11\n'],
  ['empty', ''],
  ['empty.yml', ''],
  ['comment.yml', '# nothing\n'],
  ['bad.ini', '[a b]\nx\n'],
  ['twice.ini', '[a:oops]\n'],
];

function inventoryText(path: string, names: Names, dice: Dice): string {
  if (path.endsWith('.json')) return jsonText(names, dice);
  return /\.ya?ml$/.test(path) || (!path.includes('.') && dice.chance(0.2))
    ? yamlInventoryText(names, dice)
    : iniText(names, dice);
}

/** Adds group_vars and host_vars, in every form that Ansible reads, and in forms that it leaves out. */
function addVariableFiles(folder: string, names: Names, files: Record<string, string>, dice: Dice): void {
  const owners: readonly (readonly [string, string])[] = [
    ...['all', 'ungrouped', ...names.groups].map((name) => ['group_vars', name] as const),
    ...['h1', 'web01', 'db-b', 'hx-api-server', '10.0.0.2', '2001:db8::1', 'hôte', 'n3.example.net', 'extra1'].map(
      (name) => ['host_vars', name] as const,
    ),
  ];
  for (const [kind, name] of dice.some(owners, dice.below(5))) {
    const base = `${folder}${kind}/${name}`;
    if (Object.keys(files).some((path) => path === base || path.startsWith(`${base}/`) || path.startsWith(`${base}.`)))
      continue;
    const single = dice.chance(0.55);
    if (single) files[base + dice.one(['', '.yml', '.yaml', '.json'])] = '';
    else
      for (const file of dice.some(
        [
          'main.yml',
          'vault.yml',
          '10-a.yaml',
          'z',
          'x.json',
          'deep/y.yml',
          'deep/er/z.yml',
          '.hidden.yml',
          'copy.yml~',
          'note.txt',
          'dir.d/a.yml',
        ],
        1 + dice.below(4),
      ))
        files[`${base}/${file}`] = '';
    // A folder or an earlier extension hides these.
    if (dice.chance(0.3)) files[`${base}.yml`] ??= 'hidden_by: nothing\n';
    if (dice.chance(0.2)) files[`${base}.json`] ??= '{"hidden_by": "yml"}';
    for (const path of Object.keys(files))
      if (files[path] === '' && path.startsWith(base)) files[path] = variableText(path, dice);
  }
}

function variableText(path: string, dice: Dice): string {
  if (/txt$|~$/.test(path)) return 'not: read\n';
  return yamlVariables(path.endsWith('.json'), path.endsWith('vault.yml'), dice);
}
