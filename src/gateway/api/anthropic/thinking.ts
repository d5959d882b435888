import type { Body } from '../dialect/body.ts';
import { isObject } from '../../json.ts';
import type { ChatRequest } from '../../exchange.ts';
import type { MessageHead } from './message-body.ts';

const EFFORTS: Readonly<Record<string, 'low' | 'medium' | 'high'>> = {
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
};

/** The thinking parameters of a request, for the model and for the encoder. */
export interface ThinkingParams extends Pick<ChatRequest, 'thinking' | 'thinkingName'> {
  readonly thinkingDisplay: MessageHead['thinking'];
}

/**
 * Reads `thinking` and `output_config.effort`. Thinking is off by default: clients that do not request it expect a short response
 * to fit into few tokens.
 */
export function readThinkingConfig(body: Body, ignoredParams: Set<string>): ThinkingParams {
  const config = body.object('thinking');
  const type = config?.['type'] ?? 'disabled';
  const effort = readEffort(body);
  if (type === 'disabled') {
    if (effort !== undefined) ignoredParams.add('output_config.effort');
    return { thinking: false, thinkingName: 'thinking', thinkingDisplay: 'none' };
  }
  if (type !== 'enabled' && type !== 'adaptive' && type !== 'between_tools')
    body.refuse('thinking.type', "thinking.type: Input should be 'enabled', 'adaptive', 'between_tools' or 'disabled'");
  const budget = config?.['budget_tokens'];
  if (type === 'enabled' && !(typeof budget === 'number' && Number.isSafeInteger(budget) && budget > 0))
    body.refuse('thinking.budget_tokens', 'thinking.budget_tokens: Input should be a positive integer');
  // No server supports a token budget.
  if (type === 'enabled') ignoredParams.add('thinking.budget_tokens');
  // With `adaptive` the model decides, so a model without thinking is no error.
  return {
    thinking: effort ?? (type === 'enabled' ? true : undefined),
    thinkingName: type === 'enabled' ? 'thinking' : 'output_config.effort',
    thinkingDisplay: config?.['display'] === 'omitted' ? 'withheld' : 'shown',
  };
}

/** Reads the format of the response: `output_config.format`, or its first name `output_format`. */
export function readFormat(body: Body, ignoredParams: Set<string>): Pick<ChatRequest, 'format' | 'formatName'> {
  const config = body.object('output_config') ?? {};
  for (const name of Object.keys(config))
    if (name !== 'format' && name !== 'effort') ignoredParams.add(`output_config.${name}`);
  const [format, at] = isPresent(config['format'])
    ? [config['format'], 'output_config.format']
    : [body.value('output_format'), 'output_format'];
  if (!isPresent(format)) return { format: undefined };
  const schema = isObject(format) && format['type'] === 'json_schema' ? format['schema'] : undefined;
  if (isObject(schema)) return { format: schema, formatName: at };
  return { format: body.refuse(at, `${at}: Input should be {"type": "json_schema", "schema": {…}}`) };
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function readEffort(body: Body): 'low' | 'medium' | 'high' | undefined {
  const effort = body.object('output_config')?.['effort'];
  if (!isPresent(effort)) return undefined;
  return typeof effort === 'string' && Object.hasOwn(EFFORTS, effort)
    ? EFFORTS[effort]
    : body.refuse(
        'output_config.effort',
        "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'",
      );
}
