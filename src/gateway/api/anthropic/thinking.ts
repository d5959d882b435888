import type { Body } from '../dialect/body.ts';
import { isObject } from '../../json.ts';
import type { ChatRequest } from '../../exchange.ts';
import type { MessageHead } from './head.ts';

const EFFORTS: Readonly<Record<string, 'low' | 'medium' | 'high'>> = {
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

/** What a request says about thinking, to the model and to whoever writes the answer. */
export interface Thinking extends Pick<ChatRequest, 'thinking' | 'thinkingName'> {
  readonly shown: MessageHead['thinking'];
}

/** Reads `thinking`, and `output_config.effort` where that says how much. Without a word nobody thinks: clients that do not ask for thoughts count on a short answer's being one. */
export function readThinkingConfig(body: Body, ignoredParams: Set<string>): Thinking {
  const given = body.object('thinking');
  const type = given?.['type'] ?? 'disabled';
  const effort = readEffort(body);
  if (type === 'disabled') {
    if (effort !== undefined) ignoredParams.add('output_config.effort');
    return { thinking: false, thinkingName: 'thinking', shown: 'none' };
  }
  if (type !== 'enabled' && type !== 'adaptive' && type !== 'between_tools')
    body.refuse('thinking.type', "thinking.type: Input should be 'enabled', 'adaptive', 'between_tools' or 'disabled'");
  const budget = given?.['budget_tokens'];
  if (type === 'enabled' && !(typeof budget === 'number' && Number.isSafeInteger(budget) && budget > 0))
    body.refuse('thinking.budget_tokens', 'thinking.budget_tokens: Input should be a positive integer');
  // No server takes a number.
  if (type === 'enabled') ignoredParams.add('thinking.budget_tokens');
  // Where the model decides, one that cannot think need not.
  return {
    thinking: effort ?? (type === 'enabled' ? true : undefined),
    thinkingName: type === 'enabled' ? 'thinking' : 'output_config.effort',
    shown: given?.['display'] === 'omitted' ? 'withheld' : 'shown',
  };
}

/** Reads the shape that an answer is to have: `output_config.format`, or `output_format` as it was called first. */
export function readFormat(body: Body, ignoredParams: Set<string>): ChatRequest['format'] {
  const config = body.object('output_config') ?? {};
  for (const name of Object.keys(config))
    if (name !== 'format' && name !== 'effort') ignoredParams.add(`output_config.${name}`);
  const [format, at] = isGiven(config['format'])
    ? [config['format'], 'output_config.format']
    : [body.value('output_format'), 'output_format'];
  if (!isGiven(format)) return undefined;
  const schema = isObject(format) && format['type'] === 'json_schema' ? format['schema'] : undefined;
  return isObject(schema) ? schema : body.refuse(at, `${at}: Input should be {"type": "json_schema", "schema": {…}}`);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function readEffort(body: Body): 'low' | 'medium' | 'high' | undefined {
  const effort = body.object('output_config')?.['effort'];
  if (!isGiven(effort)) return undefined;
  return typeof effort === 'string' && Object.hasOwn(EFFORTS, effort)
    ? EFFORTS[effort]
    : body.refuse(
        'output_config.effort',
        "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'",
      );
}
