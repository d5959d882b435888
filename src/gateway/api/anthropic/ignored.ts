import type { Body } from '../dialect/body.ts';
import { isObject } from '../../json.ts';

// They name the caller or the request, or say where something may be kept, and promise nothing about the answer.
const SILENT = ['metadata', 'cache_control', 'diagnostics', 'anthropic_version', 'anthropic_beta', 'betas'];

// Without them the answer would be another one than was asked for.
const REFUSED: Readonly<Record<string, string>> = {
  container: 'there are no containers here',
  mcp_servers: 'this server calls no MCP servers',
};

/** Names what is there and changes nothing, and refuses what nobody could do without; the last to read a body. Values that ask for what happens anyway are not named. */
export function ignoredMessageParams(body: Body, ignoredParams: ReadonlySet<string>): readonly string[] {
  for (const name of SILENT) body.value(name);
  for (const [name, why] of Object.entries(REFUSED))
    if (isSaid(body.value(name))) body.refuse(name, `${name}: not supported: ${why}`);
  const more: string[] = [];
  const tier = body.text('service_tier');
  if (tier !== undefined && tier !== 'auto' && tier !== 'standard_only') more.push('service_tier');
  const speed = body.text('speed');
  if (speed !== undefined && speed !== 'standard') more.push('speed');
  if (!keepsAll(body.object('context_management'))) more.push('context_management');
  return [...ignoredParams, ...more, ...body.unread()];
}

function isSaid(value: unknown): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0);
}

// What is to be cleared of a conversation is cleared nowhere here; to keep all thoughts is what happens.
function keepsAll(management: Readonly<Record<string, unknown>> | undefined): boolean {
  const edits = management?.['edits'];
  if (!Array.isArray(edits)) return management === undefined || Object.keys(management).length === 0;
  return edits.every(
    (edit: unknown) =>
      isObject(edit) &&
      typeof edit['type'] === 'string' &&
      edit['type'].startsWith('clear_thinking_') &&
      edit['keep'] === 'all',
  );
}
