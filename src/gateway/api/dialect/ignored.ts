import type { Body } from './body.ts';

// They name the caller or the request and promise nothing about the answer.
const SILENT = [
  'user',
  'metadata',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
  'prompt_cache_options',
  'client_metadata',
];

/** Names what is there and changes nothing, the last to read a body; values that ask for what happens anyway are not named. */
export function ignoredParamsOf(body: Body, ignoredParams: readonly string[] = []): readonly string[] {
  for (const name of SILENT) body.value(name);
  const more: string[] = [];
  if (body.flag('store') === true) more.push('store');
  const tier = body.text('service_tier');
  if (tier !== undefined && tier !== 'auto' && tier !== 'default') more.push('service_tier');
  return [...ignoredParams, ...more, ...body.unread()];
}
