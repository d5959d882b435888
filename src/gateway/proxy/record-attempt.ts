import type { Deployment } from '../../schema/gateway-config.ts';
import type { RequestRecord } from '../request-context.ts';

/** Records that a deployment is asked, `askedMs` after the start of the request, and why it was chosen. */
export function recordAttempt(
  record: RequestRecord,
  { model, writtenUrl, url, listed }: Deployment,
  askedMs: number,
  reason: string,
): void {
  record.attempts += 1;
  record.askedMs = askedMs;
  record.model = model;
  record.modelId = listed.id;
  record.backend = writtenUrl;
  record.server = url;
  record.reason = reason;
}
