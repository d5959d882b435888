import type { Config } from '../../config/config.ts';
import type { Problem } from '../../core/problem.ts';

/** What is wrong with an inventory that gives preflight no host to look at. */
export function problemsOf({ inventoryFile, groupDefined, hosts, allHosts }: Config): readonly Problem[] {
  if (hosts.length > 0) return [];
  const where = { file: inventoryFile };
  const seen = allHosts.length === 0 ? 'The inventory has no hosts at all.' : `Its hosts are ${allHosts.join(', ')}.`;
  if (groupDefined) {
    return [{ code: 'inventory.no-hosts', summary: 'no host of the group [litellm] is left to look at', detail: `Wanted at least one host in [litellm] that --limit allows. ${seen}`, fix: `hxllm inventory -i ${inventoryFile} HOST`, where }];
  }
  const candidate = allHosts.length === 1 ? (allHosts[0] ?? 'HOST') : 'HOST';
  return [{ code: 'inventory.no-group', summary: 'the inventory has no group [litellm]', detail: `Wanted the group [litellm] with the host that is to run the gateway, or --limit HOST. ${seen}`, fix: `hxllm inventory -i ${inventoryFile} ${candidate}`, where }];
}
