import { fail, ok, type Result } from '../../core/problem.ts';
import { readYaml } from '../document/yaml.ts';
import { Findings } from '../findings.ts';
import { readHostPattern } from '../inventory/host-pattern.ts';
import { readIni } from '../inventory/ini.ts';
import { GROUP, InventoryBuilder } from '../inventory/inventory.ts';
import { hostsOf } from '../inventory/membership.ts';
import { readYamlInventory } from '../inventory/yaml-inventory.ts';
import { Keyring } from '../vault/keyring.ts';
import { addToIniGroup } from './ini-group.ts';
import { addToYamlGroup } from './yaml-group.ts';

const COMMENT = 'The gateway’s hosts, added by hxllm.';

/** An inventory's text, and its file's name for messages. */
export interface InventoryText {
  readonly text: string;
  readonly file: string;
}

/**
 * Adds a host to `[litellm]` in an inventory's text. All existing bytes stay. The result is parsed again before it is
 * returned.
 */
export async function addToGroup({ text, file }: InventoryText, host: string): Promise<Result<string>> {
  const before = await hostsIn({ text, file });
  if (before.includes(host)) return ok(text);
  const yaml = isYaml(file);
  const after = yaml ? addToYamlGroup(text, GROUP, host, COMMENT) : addToIniGroup(text, GROUP, host, COMMENT);
  if (after !== undefined && (await hostsIn({ text: after, file })).includes(host)) return ok(after);
  return fail({
    code: 'inventory.edit-by-hand',
    summary: `cannot add [${GROUP}] without rewriting the file`,
    detail: `Expected a place in ${file} where the group ${GROUP} changes nothing else, found ${yaml ? 'flow style, an anchor or a document’s end' : 'lines that cannot be parsed'}.`,
    fix: yaml
      ? `add by hand to ${file}, at the top: {${GROUP}: {hosts: {${host}: }}}`
      : `add by hand to ${file}: [${GROUP}], and below it ${host}`,
    where: { file },
  });
}

function isYaml(file: string): boolean {
  return /\.(?:ya?ml|json)$/i.test(file);
}

async function hostsIn({ text, file }: InventoryText): Promise<readonly string[]> {
  const findings = new Findings();
  const builder = new InventoryBuilder();
  const from = { file, path: file };
  if (isYaml(file)) {
    const value = await readYaml({ text, file, encrypted: false }, new Keyring([]), findings);
    readYamlInventory(value, from, builder, findings);
  } else readIni(text, from, builder, findings);
  return findings.errors.length > 0 ? [] : hostsOf(builder.build(), GROUP);
}

/** Whether a text is one host's name, so that an inventory can contain it. */
export function isHostName(text: string): boolean {
  const read = readHostPattern(text);
  return (
    read.ok && read.port === undefined && read.names.length === 1 && /^[\w.:-]+$/.test(text) && !text.startsWith('-')
  );
}
