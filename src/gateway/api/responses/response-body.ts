import type { Json } from '../../json.ts';
import type { ServerEvent, Usage } from '../../exchange.ts';
import type { Output } from './output.ts';
import type { SettingsText } from './settings.ts';
import { responseUsage } from './usage.ts';

/** The fields that all states of one response share. */
export interface ResponseHead {
  /** The gateway's own id. */
  readonly id: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  /** The alias that the client requested. */
  readonly model: string;
  readonly settings: SettingsText;
}

/** The reason why a response ended. */
export type EndReason = Extract<ServerEvent, { kind: 'end' }>['reason'];

/** The body of a response in progress, as JSON. */
export function inProgressBody(head: ResponseHead): string {
  return body(head, { status: 'in_progress', error: null, incomplete_details: null, output: [], usage: null });
}

/** The body of a response that has ended, as JSON; `incomplete_details` reports a response that was cut off. */
export function endedBody(head: ResponseHead, output: Output, reason: EndReason, usage: Usage): string {
  const isCutOff = reason === 'length';
  return body(head, {
    status: statusOf(reason),
    error: null,
    incomplete_details: isCutOff ? { reason: 'max_output_tokens' } : null,
    output: output.items(),
    usage: responseUsage(usage, output.thinkingChunks),
  });
}

/** The body of a failed response with its output so far, as JSON. */
export function failedBody(head: ResponseHead, output: Output, error: Json): string {
  return body(head, { status: 'failed', error, incomplete_details: null, output: output.items(), usage: null });
}

/** The status of a response that ended for this reason. */
export function statusOf(reason: EndReason): 'completed' | 'incomplete' {
  return reason === 'length' ? 'incomplete' : 'completed';
}

function body(
  { id, createdAt, model, settings }: ResponseHead,
  { status, error, incomplete_details, output, usage }: Json,
): string {
  const own = JSON.stringify({
    id,
    object: 'response',
    created_at: createdAt,
    status,
    error,
    incomplete_details,
    model,
    output,
    usage,
  });
  return `${own.slice(0, -1)},${settings.text.slice(1)}`;
}
