import type { Config } from '../../config/config.ts';
import { hostOfAddress } from '../../config/edit/backend-address.ts';
import { addToGroup, isHostName } from '../../config/edit/group-edit.ts';
import { newInventory } from '../../config/edit/layout.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import type { Drafts } from './drafts.ts';
import type { InventoryRequest } from './request.ts';
import type { InventorySubject } from './subject.ts';

/** The host to add to `[litellm]`: the given one, or the only candidate. hxllm does not guess between several. */
export function chooseHost(request: InventoryRequest): {
  readonly joining: string | undefined;
  readonly candidates: readonly string[];
} {
  const { config } = request;
  const given = request.host ?? request.init;
  if (given !== undefined || config === undefined) return { joining: given, candidates: [] };
  if (config.groupDefined && config.hosts.length > 0) return { joining: undefined, candidates: [] };
  // Without the group, --limit names the host.
  const candidates =
    config.hosts.length > 0 ? config.hosts.map(({ target }) => target.name) : candidatesIn(config, request.backends);
  return { joining: candidates.length === 1 ? candidates[0] : undefined, candidates };
}

/** All hosts except those that litellm_backends names. */
function candidatesIn(config: Config, given: readonly string[]): readonly string[] {
  const urls = [
    ...given,
    ...config.candidates.flatMap(({ settings }) => settings.backends?.map((backend) => backend.url) ?? []),
  ];
  const servers = new Set(urls.filter((url) => URL.canParse(url)).map(hostOfAddress));
  return config.allHosts.filter(
    (name) => !servers.has(name) && ![...servers].some((server) => server.split('.', 1)[0] === name),
  );
}

/** Adds the host to the inventory, or drafts a new inventory with it. */
export async function draftGroup(
  request: InventoryRequest,
  drafts: Drafts,
): Promise<Result<InventorySubject['group']>> {
  const { config, inventoryFile } = request;
  const { joining, candidates } = chooseHost(request);
  const hosts = config?.groupDefined === true ? config.hosts.map(({ target }) => target.name) : [];
  const file = drafts.shown(inventoryFile);
  if (joining === undefined || hosts.includes(joining)) return ok({ hosts, added: undefined, candidates, file });
  const [user, host] = joining.includes('@')
    ? [joining.slice(0, joining.indexOf('@')), joining.slice(joining.indexOf('@') + 1)]
    : [undefined, joining];
  if (!isHostName(host) || user === '') {
    return fail({
      code: 'usage.host',
      summary: `${joining} is not a host name`,
      detail: `Expected the name or address of a host, found ${JSON.stringify(joining)}.`,
      fix: 'hxllm inventory --init hx-api-server  # set a port or another user in the inventory: ansible_port=PORT ansible_user=NAME',
    });
  }
  if (hosts.includes(host)) return ok({ hosts, added: undefined, candidates, file });
  // With `-i host1,host2` alone there is no file; the default one is another inventory.
  if (config !== undefined && !config.files.includes(inventoryFile)) return fail(noFile(config.inventories));
  const text = await drafts.text(inventoryFile);
  const after = text === undefined ? ok(newInventory(host, user)) : await addToGroup({ text, file }, host);
  if (!after.ok) return after;
  await drafts.write(inventoryFile, after.value);
  return ok({ hosts: [...hosts, host], added: host, candidates, file });
}

function noFile(inventories: readonly string[]): Problem {
  return {
    code: 'usage.no-inventory-file',
    summary: 'there is no inventory file to add to',
    detail: `Expected an inventory file or a folder of them, found only a list of hosts: ${inventories.join(' ')}.`,
    fix: 'hxllm inventory --init HOST  # writes inventories/dev.ini; or name a file with -i FILE',
  };
}
