import { cpSync, globSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildDist } from '../../../src/cli/package/build.ts';
import { KNOWN_HOSTS, hostFolder } from '../../lab/place.ts';
import type { LabHost } from '../../lab/host/host.ts';
import type { DelayRelay } from '../../lab/delay-relay.ts';
import { knownHostLines } from './hosts.ts';
import type { Workspace } from './tools.ts';

const ROOT = join(import.meta.dirname, '../../..');
const LAB = join(import.meta.dirname, '../../lab');

/** Installs hxllm below `folder` as npm would: built, without its sources. Returns its program. */
export async function installProgram(folder: string): Promise<string> {
  const place = join(folder, 'hxllm');
  await buildDist();
  for (const name of ['bin', 'dist', 'templates', 'package.json'])
    cpSync(join(ROOT, name), join(place, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(place, 'node_modules'));
  return join(place, 'bin/hxllm.js');
}

/** An operator's folder whose inventory has these hosts, each behind its relay. */
export function createInventory(
  folder: string,
  hosts: readonly { readonly host: LabHost; readonly relay: DelayRelay }[],
): void {
  mkdirSync(folder, { recursive: true });
  for (const name of ['inventories', 'vault-password'])
    cpSync(join(LAB, name), join(folder, name), { recursive: true });
  const known = join(folder, 'known_hosts');
  writeFileSync(known, `${hosts.flatMap(({ host, relay }) => knownHostLines(host, relay.port)).join('\n')}\n`);
  const inventory = join(folder, 'inventories/dev.ini');
  const lines = hosts.map(
    ({ host, relay }) => `${host.name} ansible_host=127.0.0.1 ansible_port=${String(relay.port)}`,
  );
  const text = readFileSync(inventory, 'utf8');
  writeFileSync(inventory, text.replace(/^hx-api-server .*$/m, lines.join('\n')).replaceAll(KNOWN_HOSTS, known));
}

/** Changes one variable: the alias of a model. */
export function changeVariable(folder: string): void {
  const file = join(folder, 'inventories/group_vars/all/main.yml');
  const text = readFileSync(file, 'utf8');
  if (!text.includes('"llama3-8b"')) throw new Error(`${file} has no alias llama3-8b`);
  writeFileSync(file, text.replace('"llama3-8b"', '"llama3-8b-changed"'));
}

/** Copies the files that hxllm put on a host, for the playbook to put them on others. */
export function takePayload(host: LabHost, folder: string): NonNullable<Workspace['payload']> {
  const root = join(hostFolder(host.name), 'root');
  const release = readlinkSync(join(root, 'opt/litellm/current')).replace(/^releases\//, '');
  const [node = ''] = globSync('*/bin/node', { cwd: join(root, 'opt/litellm/runtimes') });
  mkdirSync(join(folder, 'units'), { recursive: true });
  cpSync(join(root, 'opt/litellm/runtimes', node), join(folder, 'node'));
  cpSync(join(root, 'opt/litellm/releases', release), join(folder, 'release'), { recursive: true });
  for (const unit of globSync('litellm*.{service,socket}', { cwd: join(root, 'etc/systemd/system') }))
    cpSync(join(root, 'etc/systemd/system', unit), join(folder, 'units', unit));
  return { folder, release, runtime: node.replace(/\/bin\/node$/, '') };
}
