import type { Deployment } from '../../schema/gateway-config.ts';
import type { Usage } from '../exchange.ts';

/** How a request ended, for those who read logs. */
export type Ended = 'answered' | 'refused' | 'failed' | 'cut' | 'client-left' | 'client-too-slow';

/** What is known about one request; filled in while it is served, written down when it ends. Never what it says. */
export interface RequestRecord {
  caller?: string;
  /** The model as asked for. */
  alias?: string;
  stream?: boolean;
  /** The last deployment that was tried. */
  model?: string;
  /** Its server, as the file has it. */
  backend?: string;
  /** The same as the gateway has it, one name for each server. */
  server?: string;
  reason?: string;
  /** Parameters that the client set and that nobody honours, by their names in its dialect. */
  readonly ignoredParams: Set<string>;
  attempts: number;
  /** How long the request has waited for a place, ms; several attempts add up. */
  queueMs?: number;
  /** The code or kind of what went wrong. */
  failure?: string;
  usage?: Usage;
  /** How long it has waited for a load, which is not in that, ms. */
  loadMs?: number;
  /** When the server was asked that answered, from the request's beginning, ms. */
  askedMs?: number;
  /** From the request's beginning to the first content, ms. */
  firstMs?: number;
  ended?: Ended;
}

/** Notes that a deployment is asked, so long after the request's beginning, and why that one. */
export function recordAttempt(
  record: RequestRecord,
  { model, writtenUrl, url }: Deployment,
  askedMs: number,
  reason: string,
): void {
  record.attempts += 1;
  record.askedMs = askedMs;
  record.model = model;
  record.backend = writtenUrl;
  record.server = url;
  record.reason = reason;
}
