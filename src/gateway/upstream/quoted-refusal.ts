import type { Deployment } from '../../schema/gateway-config.ts';
import type { ModelRequest } from '../exchange.ts';
import { missingCapabilityIn, type MissingCapability } from './adapt-request.ts';
import { wireRequestFor } from './wire-request-for.ts';

/**
 * Whether a text of the client alone would be read as the refusal of a capability. A server may have quoted it (`Invalid tool
 * set_reasoning_effort: …`), so nothing is learned from the refusal.
 */
export function quotesRefusal(missing: MissingCapability, request: ModelRequest, deployment: Deployment): boolean {
  const call = wireRequestFor(request, deployment);
  return wordsOf(request).some((words) => {
    const found = missingCapabilityIn(call.fail(400, JSON.stringify({ error: { message: words } })), request);
    return found === missing || (concernsThinking(found) && concernsThinking(missing));
  });
}

// A request is sent without its effort first, and then without thinking.
function concernsThinking(missing: MissingCapability | undefined): boolean {
  return missing === 'thinking' || missing?.startsWith('effort:') === true;
}

/** Every key and text of a client in a request. */
function wordsOf(request: ModelRequest): readonly string[] {
  const words: string[] = [];
  const collect = (key: string, value: unknown): unknown => {
    words.push(key);
    if (typeof value === 'string') words.push(value);
    return value;
  };
  if (request.kind === 'embed') JSON.stringify(request.params.input, collect);
  else if (request.kind === 'completion') {
    const { prompt, suffix, system, template, format, stop } = request.params;
    JSON.stringify([prompt, suffix, system, template, format, stop], collect);
  } else {
    const { messages, tools, format, stop } = request.params;
    JSON.stringify([messages, tools, format, stop], collect);
  }
  return words;
}
