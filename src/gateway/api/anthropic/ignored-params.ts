import type { Body } from '../dialect/body.ts';
import { isObject } from '../../json.ts';

// Parameters that identify the caller or the request, or control caches, and do not affect the response.
const NO_EFFECT = ['metadata', 'cache_control', 'diagnostics', 'anthropic_version', 'anthropic_beta', 'betas'];

// Without these the response would differ from the one that the client requested.
const UNSUPPORTED: Readonly<Record<string, string>> = {
  container: 'this server has no containers',
  mcp_servers: 'this server calls no MCP servers',
};

/**
 * Lists the parameters without effect and rejects unsupported ones that a response depends on; call it last, after all other reads
 * of the body. Values that ask for the default behaviour are not listed.
 */
export function ignoredMessageParams(body: Body, ignoredParams: ReadonlySet<string>): readonly string[] {
  for (const name of NO_EFFECT) body.value(name);
  for (const [name, why] of Object.entries(UNSUPPORTED))
    if (isPresent(body.value(name))) body.refuse(name, `${name}: not supported: ${why}`);
  const noEffect: string[] = [];
  const tier = body.text('service_tier');
  if (tier !== undefined && tier !== 'auto' && tier !== 'standard_only') noEffect.push('service_tier');
  const speed = body.text('speed');
  if (speed !== undefined && speed !== 'standard') noEffect.push('speed');
  if (!keepsAllThinking(body.object('context_management'))) noEffect.push('context_management');
  return [...ignoredParams, ...noEffect, ...body.unread()];
}

function isPresent(value: unknown): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0);
}

// The gateway clears nothing from a conversation, so it supports only `clear_thinking_*` edits that keep all thinking.
function keepsAllThinking(management: Readonly<Record<string, unknown>> | undefined): boolean {
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
