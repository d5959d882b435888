import type { Json } from '../../json.ts';
import type { ServerEvent, Usage } from '../../exchange.ts';
import type { Output } from './output.ts';
import type { Settings } from './settings.ts';
import { responseUsage } from './usage.ts';

/** What all states of one response have in common. */
export interface ResponseHead {
  /** The gateway's own. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  /** The alias that was asked for. */
  readonly model: string;
  readonly settings: Settings;
}

/** Why a response ended. */
export type End = Extract<ServerEvent, { kind: 'end' }>['reason'];

/** A response that is being made. */
export function begunBody(head: ResponseHead): Json {
  return body(head, { status: 'in_progress', error: null, incomplete_details: null, output: [], usage: null });
}

/** A response that has ended; one that was cut off at its limit says so. */
export function endedBody(head: ResponseHead, output: Output, reason: End, usage: Usage): Json {
  const cut = reason === 'length';
  return body(head, {
    status: statusOf(reason),
    error: null,
    incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
    output: output.items(),
    usage: responseUsage(usage, output.thoughts),
  });
}

/** A response that has failed, with what was made of it. */
export function failedBody(head: ResponseHead, output: Output, error: Json): Json {
  return body(head, { status: 'failed', error, incomplete_details: null, output: output.items(), usage: null });
}

/** The status of a response that ended so. */
export function statusOf(reason: End): 'completed' | 'incomplete' {
  return reason === 'length' ? 'incomplete' : 'completed';
}

function body(
  { id, createdAt, model, settings }: ResponseHead,
  { status, error, incomplete_details, output, usage }: Json,
): Json {
  return {
    id,
    object: 'response',
    created_at: createdAt,
    status,
    error,
    incomplete_details,
    model,
    output,
    usage,
    ...settings,
  };
}
