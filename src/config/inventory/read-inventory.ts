import { basename, extname } from 'node:path';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { readYaml } from '../document/yaml.ts';
import { Findings } from '../findings.ts';
import type { SourceFiles } from '../source-files.ts';
import { scalar } from '../value.ts';
import { filesIn, ignoring, type IgnoredNames } from './folder.ts';
import { readHostPattern } from './host-pattern.ts';
import { readIni, type InventoryFile } from './ini.ts';
import { InventoryBuilder, type Inventory } from './inventory.ts';
import { shownSource, type InventorySource } from './sources.ts';
import { readYamlInventory } from './yaml-inventory.ts';

/** The inventory of all sources, and the files that it was read from. */
export interface ReadInventory {
  readonly inventory: Inventory;
  /** Absolute paths, in order. */
  readonly files: readonly string[];
}

/** The sources of an inventory, and the tools to read them with. */
export interface InventoryReading {
  readonly sources: readonly InventorySource[];
  readonly ignored: IgnoredNames;
  readonly cwd: string;
  readonly files: SourceFiles;
  readonly findings: Findings;
}

const YAML = new Set(['.yml', '.yaml', '.json']);

/** A file that hxllm never skips in a folder: its hosts would be missing without a word. */
const NEVER_SKIPPED = new Set(['inventory.program', 'inventory.plugin', 'inventory.toml']);

/**
 * Reads all sources in order into one inventory, as Ansible does: later ones add to earlier ones and override them. In a
 * folder, a file that cannot be read as an inventory is skipped with a warning, and nothing of it counts.
 */
export async function readInventories(reading: InventoryReading): Promise<Result<ReadInventory>> {
  const { sources, findings, cwd } = reading;
  const isIgnored = ignoring(reading.ignored);
  if (!isIgnored.ok) return isIgnored;
  let builder = new InventoryBuilder();
  const read: string[] = [];
  const empty: Problem[] = [];
  for (const source of sources) {
    if (source.kind === 'hosts') {
      addHosts(source.text, builder);
      continue;
    }
    if (source.kind === 'file') {
      const attempt = new Findings();
      const opened = await readOneInventory(source.path, builder, reading.files, attempt);
      for (const problem of attempt.warnings) findings.warning(problem);
      for (const problem of attempt.errors) findings.error(problem);
      if (!opened.ok) return opened;
      read.push(source.path);
      continue;
    }
    const listed = await filesIn(source.path, isIgnored.value).catch(() => undefined);
    if (listed === undefined) return fail(notFound(shownSource(source, cwd)));
    const before = read.length;
    const reasons: string[] = [];
    for (const path of listed) {
      const attempt = new Findings();
      const copy = builder.copy();
      const opened = await readOneInventory(path, copy, reading.files, attempt);
      const [problem] = opened.ok ? attempt.errors : opened.problems;
      if (problem !== undefined && NEVER_SKIPPED.has(problem.code)) return fail(problem);
      if (problem !== undefined) {
        findings.warning(skipped(reading.files.shown(path), problem));
        reasons.push(`${basename(path)}: ${problem.detail}`);
      } else {
        for (const warning of attempt.warnings) findings.warning(warning);
        builder = copy;
        read.push(path);
      }
    }
    if (read.length === before) empty.push(emptyFolder(shownSource(source, cwd), reasons));
  }
  const [first] = empty;
  const inventory = builder.build();
  if (first !== undefined && read.length === 0 && inventory.hosts.size === 0) return fail(first);
  for (const problem of empty) findings.warning(problem);
  warnOfSameNames(inventory, findings);
  return ok({ inventory, files: read });
}

/** `-i host1,host2`: each host as it is, without ranges (lib/ansible/plugins/inventory/host_list.py). */
function addHosts(text: string, builder: InventoryBuilder): void {
  for (const part of text.split(',')) {
    const word = part.trim();
    if (word === '') continue;
    const parsed = word.includes('[') && !/^\[[^\]]+\]:\d+$/.test(word) ? undefined : readHostPattern(word);
    const [name = word] = parsed?.ok === true ? parsed.names : [];
    const where = { path: `-i ${text}` };
    const port = parsed?.ok === true && parsed.port !== undefined ? scalar(parsed.port, where) : undefined;
    // Ansible adds only hosts that it does not know yet.
    if (!builder.hasHost(name)) builder.addHost('ungrouped', name, { where, source: text }, port);
  }
}

/** Reads one file into the builder: YAML by its extension, otherwise INI; without an extension YAML if it is a mapping. */
export async function readOneInventory(
  path: string,
  builder: InventoryBuilder,
  files: SourceFiles,
  findings: Findings,
): Promise<Result<void>> {
  const from: InventoryFile = { file: files.shown(path), path };
  const { file } = from;
  const extension = extname(path).toLowerCase();
  if (extension === '.toml') return fail(toml(file));
  const source = await files.open(path);
  if (!source.ok) return source;
  if (source.value === undefined) return fail(notFound(file));
  if (source.value.locked) return fail(locked(file));
  const { text, encrypted } = source.value;
  if (text.startsWith('#!') || extension === '.py') return fail(program(file, text));
  if (extension !== '' && !YAML.has(extension)) return ok(readIni(text, from, builder, findings));
  // A file without an extension is YAML if it parses as a mapping. A file with one may still be INI for Ansible.
  const attempt = new Findings();
  const value = await readYaml({ text, file, encrypted }, files.keyring, attempt);
  const copy = builder.copy();
  const ini = new Findings();
  if (value?.kind !== 'map') readIni(text, from, copy, ini);
  const isIni = value?.kind !== 'map' && (extension === '' || (attempt.errors.length > 0 && ini.errors.length === 0));
  if (isIni) return ok(readIni(text, from, builder, findings));
  for (const warning of attempt.warnings) findings.warning(warning);
  for (const error of attempt.errors) findings.error(error);
  return ok(readYamlInventory(value, from, builder, findings));
}

function warnOfSameNames({ hosts, groups }: Inventory, findings: Findings): void {
  for (const [name, { where }] of hosts)
    if (groups.has(name))
      findings.warning({
        code: 'inventory.same-name',
        summary: `a host and a group are called ${name}`,
        detail: `Expected a name for each, found ${name} twice. As in Ansible, variables on a line of the host that stands below [${name}] hold for every host of the group.`,
        fix: `rename the host: NAME ansible_host=${name}`,
        where,
      });
}

function skipped(file: string, { detail, where }: Problem): Problem {
  return {
    code: 'inventory.skipped',
    summary: `${file} is skipped: no inventory can be read from it`,
    detail: `As Ansible, hxllm goes on with the other files of the folder; nothing of this file counts. ${detail}`,
    fix: `correct ${file}, move it out of the folder, or name it in ignore_patterns of [inventory] in ansible.cfg`,
    where: where ?? { file },
  };
}

function notFound(file: string): Problem {
  return {
    code: 'inventory.not-found',
    summary: 'no inventory found',
    detail: `Expected an Ansible inventory, found no file ${file}.`,
    fix: 'hxllm inventory --init HOST  # or use yours with -i FILE',
    where: { file },
  };
}

function emptyFolder(file: string, reasons: readonly string[]): Problem {
  return {
    code: 'inventory.not-found',
    summary: 'no inventory in the folder',
    detail: `Expected an inventory in the folder ${file}, found none.${reasons.map((reason) => ` ${reason}`).join('')}`,
    fix: `hxllm inventory -i ${file} --init HOST  # or use yours with -i FILE`,
    where: { file },
  };
}

function locked(file: string): Problem {
  return {
    code: 'vault.password-needed',
    summary: 'the inventory is encrypted',
    detail: `Expected an inventory in ${file}, found an Ansible Vault and no password.`,
    fix: 'run again with --ask-vault-pass',
    where: { file },
  };
}

function toml(file: string): Problem {
  return {
    code: 'inventory.toml',
    summary: 'the inventory is TOML',
    detail: `Expected an inventory in INI or YAML, found ${file}.`,
    fix: `ansible-inventory -i ${file} --list --yaml --output hosts.yml  # and use that file in its place`,
    where: { file },
  };
}

function program(file: string, text: string): Problem {
  const first = text.split('\n', 1).join('');
  return {
    code: 'inventory.program',
    summary: 'the inventory is a program',
    detail: `Expected an inventory in INI or YAML, found the program ${file}${first.startsWith('#!') ? ` (${first})` : ''}.`,
    fix: `ansible-inventory -i ${file} --list --yaml --output hosts.yml  # and use that file in its place; outside of a folder of inventories the script stays as it is`,
    where: { file, line: 1 },
  };
}
