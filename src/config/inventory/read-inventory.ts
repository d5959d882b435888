import { readdir, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { readYaml } from '../document/yaml.ts';
import { Findings } from '../findings.ts';
import type { SourceFiles } from '../source-files.ts';
import type { Inventory } from './inventory.ts';
import { readIni } from './ini.ts';
import { readYamlInventory } from './yaml-inventory.ts';

const YAML = new Set(['.yml', '.yaml', '.json']);

/**
 * Reads an inventory file: YAML by its extension, otherwise INI. A file without an extension is YAML if it parses as a
 * mapping.
 */
export async function readInventory(path: string, files: SourceFiles, findings: Findings): Promise<Result<Inventory>> {
  const read = await readFile(path, files, findings);
  if (!read.ok) return read;
  for (const [name, { where }] of read.value.hosts)
    if (read.value.groups.has(name))
      findings.warning({
        code: 'inventory.same-name',
        summary: `a host and a group are called ${name}`,
        detail: `Expected a name for each, found ${name} twice. As in Ansible, variables on a line of the host that stands below [${name}] hold for every host of the group.`,
        fix: `rename the host: NAME ansible_host=${name}`,
        where,
      });
  return read;
}

async function readFile(path: string, files: SourceFiles, findings: Findings): Promise<Result<Inventory>> {
  const file = files.shown(path);
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) return fail(await folderInstead(path, file));
  const source = await files.open(path);
  if (!source.ok) return source;
  if (source.value === undefined) return fail(notFound(file));
  if (source.value.locked)
    return fail({
      code: 'vault.password-needed',
      summary: 'the inventory is encrypted',
      detail: `Expected an inventory in ${file}, found an Ansible Vault and no password.`,
      fix: 'run again with --ask-vault-pass',
      where: { file },
    });
  const { text } = source.value;
  if (text.startsWith('#!'))
    return fail({
      code: 'inventory.program',
      summary: 'the inventory is a program',
      detail: `Expected an inventory in INI or YAML, found a script (${text.split('\n', 1).join('')}).`,
      fix: `${file} --list  # and copy the hosts to inventories/dev.ini`,
      where: { file, line: 1 },
    });
  const extension = extname(path).toLowerCase();
  if (YAML.has(extension)) {
    const value = await readYaml({ text, file, encrypted: source.value.encrypted }, files.keyring, findings);
    return ok(readYamlInventory(value, file, findings));
  }
  if (extension === '') {
    const attempt = new Findings();
    const value = await readYaml({ text, file, encrypted: source.value.encrypted }, files.keyring, attempt);
    if (value?.kind === 'map') {
      for (const warning of attempt.warnings) findings.warning(warning);
      return ok(readYamlInventory(value, file, findings));
    }
  }
  return ok(readIni(text, file, findings));
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

async function folderInstead(path: string, file: string): Promise<Problem> {
  const names = (await readdir(path).catch(() => []))
    .filter((name) => /\.(?:ini|ya?ml)$/.test(name) || name === 'hosts')
    .toSorted();
  return {
    code: 'inventory.folder',
    summary: 'the inventory is a folder',
    detail: `Expected one inventory file, found the folder ${file}${names.length === 0 ? '' : ` with ${names.join(', ')}`}.`,
    fix: `-i ${file}/${names[0] ?? 'dev.ini'}`,
    where: { file },
  };
}
