import { withoutKeys } from '../../core/without-keys.ts';
import type { Deployment } from '../../schema/gateway-config.ts';
import type { ServerFailure } from '../exchange.ts';
import { noteError, type RequestContext, type RequestRecord } from '../request-context.ts';
import type { UpstreamListener, UpstreamRequest } from '../upstream/upstream-request.ts';
import { clientFailure } from './client-failure.ts';
import { beginUsage } from './record-usage.ts';

/** Longest text of a server in the log, characters. */
const MAX_TEXT_LENGTH = 4000;

/** An attempt: its start in ms after that of the request, why its deployment was chosen, and the alias that it serves. */
export interface RecordedAttempt {
  readonly askedMs: number;
  readonly reason: string;
  readonly group: string | undefined;
}

/** Records that a deployment is asked, before `ask` does so: the first attempt begins the usage of the request. */
export function recordAttempt(
  context: RequestContext,
  { model, writtenUrl, url, listed }: Deployment,
  { askedMs, reason, group }: RecordedAttempt,
  ask: () => void,
): void {
  const { record } = context;
  record.attempts += 1;
  record.truncated = false;
  record.context = undefined;
  record.askedMs = askedMs;
  record.model = model;
  record.modelId = listed.id;
  record.backend = writtenUrl;
  record.server = url;
  record.reason = reason;
  if (group !== undefined) record.group = group;
  beginUsage(context, ask);
}

/** A listener that records the parts of a request that a server did not honour, its parameters in `ignoredParams`, and passes on the events. */
export function recordingListener(
  record: RequestRecord,
  ignoredParams: Set<string>,
  onEvents: UpstreamListener['onEvents'],
): UpstreamListener {
  return {
    onEvents,
    onIgnoredParam: (parameter) => {
      ignoredParams.add(parameter);
    },
    onTruncated: () => {
      record.truncated = true;
    },
    onGrownContext: ({ tokens, from }) => {
      record.context = from === undefined ? String(tokens) : `${String(tokens)} (grown from ${String(from)})`;
    },
  };
}

/** Records the backend of a load that failed; no attempt was made. */
export function recordFailedLoad(
  record: RequestRecord,
  deployments: readonly Deployment[],
  failedLoad: { readonly deployment: string } | undefined,
): void {
  const deployment = deployments.find(({ id }) => id === failedLoad?.deployment);
  if (deployment !== undefined) record.backend = deployment.writtenUrl;
}

/** Records the failure of an attempt: with the server's words, if a client does not get them, and the gateway's own error. */
export function recordFailure(context: Pick<RequestContext, 'record' | 'service'>, failure: ServerFailure): void {
  const { record, service } = context;
  record.failure = failure.code ?? failure.kind;
  if (clientFailure(failure, service.config.backends) !== failure)
    record.failureText = withoutKeys(failure.message.slice(0, MAX_TEXT_LENGTH));
  if (failure.error !== undefined) noteError(context, failure.error);
}

/** Records the cost of the part that was passed on of an attempt that does not come to its end. */
export function recordPart(record: RequestRecord, upstreamRequest: UpstreamRequest | undefined): void {
  const usage = upstreamRequest?.usageSoFar;
  if (usage !== undefined) record.parts = [...(record.parts ?? []), usage];
}
