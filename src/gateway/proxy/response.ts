import type { ServerResponse } from 'node:http';
import type { ModelGroup } from '../../schema/gateway-config.ts';
import { ResponseWriter } from '../http/response-writer.ts';
import { headerValue } from '../http/header-value.ts';
import type { RequestContext } from '../request-context.ts';
import type { ClientDialect, Failure, ParsedRequest, Usage } from '../exchange.ts';
import { INTERNAL_ERROR } from './failures.ts';
import { Forwarder } from './forwarder.ts';
import { replicaId } from '../route/replica.ts';
import { isReady, runnerKey } from '../route/residency.ts';
import type { Service } from '../service.ts';
import { serverTiming } from '../usage/server-timing.ts';
import { totalUsage } from '../usage/total.ts';

/** How many shares of one order are served at a time; the others wait for one of these to end. */
const MAX_PARALLEL_SUBREQUESTS = 8;

/** An order, and the client who waits for its answer. */
export interface ProxyRequest {
  readonly service: Service;
  readonly context: RequestContext;
  readonly outgoing: ServerResponse;
  readonly dialect: ClientDialect;
  readonly parsed: ParsedRequest;
  readonly group: ModelGroup;
}

/** One reply to one client: lets each share of the order be served, sends on what they say as it comes, and gives all of them up when one fails or the client leaves. */
export class ClientResponse {
  readonly #commission: ProxyRequest;
  readonly #response: ResponseWriter;
  readonly #forwarders: readonly Forwarder[];
  readonly #usages: (Usage | undefined)[];
  #started = 0;
  #pending: number;
  #streaming = false;
  #done = false;

  constructor(request: ProxyRequest) {
    this.#commission = request;
    const { service, outgoing, parsed, dialect, context, group } = request;
    const onLag = (): void => {
      context.record.ended = 'client-too-slow';
    };
    this.#response = new ResponseWriter(outgoing, {
      streamType: dialect.streamType,
      keepAlive: parsed.stream ? (parsed.keepAlive ?? dialect.keepAlive) : undefined,
      headers: () => this.#headers(),
      onLag,
    });
    this.#pending = parsed.subrequests.length;
    this.#usages = parsed.subrequests.map(() => undefined);
    const onText = (text: string): void => {
      this.#emit(text);
    };
    const onFailure = (failure: Failure): void => {
      this.#fail(failure);
    };
    this.#forwarders = parsed.subrequests.map(
      (subrequest, index) =>
        new Forwarder(
          { service, context, subrequest, group },
          {
            onText,
            onFailure,
            onEnd: (text, usage) => {
              this.#ended(index, text, usage);
            },
          },
        ),
    );
    const cut = (): void => {
      this.#fail(STOPPING);
    };
    // V8 puts a function that is written right behind `property =` among what is old, where it keeps its whole request from the quick collections.
    context.cut = cut;
    outgoing.once('close', () => {
      this.#leave();
    });
  }

  /** Goes on until the client has its answer. */
  start(): void {
    if (isLoaded(this.#commission)) this.#close('');
    while (this.#started < Math.min(MAX_PARALLEL_SUBREQUESTS, this.#forwarders.length) && !this.#done) this.#next();
  }

  #next(): void {
    const forwarder = this.#forwarders[this.#started];
    this.#started += 1;
    forwarder?.start();
  }

  #emit(text: string): void {
    if (this.#done) return;
    this.#streaming = true;
    this.#response.writeChunk(text);
  }

  #ended(index: number, text: string, usage: Usage): void {
    if (this.#done) return;
    this.#usages[index] = usage;
    this.#pending -= 1;
    if (this.#pending === 0) this.#close(text);
    else {
      if (text !== '') this.#emit(text);
      this.#next();
    }
  }

  #close(text: string): void {
    const { parsed, context } = this.#commission;
    const usages = this.#usages.filter((usage) => usage !== undefined);
    let rest: string;
    try {
      rest = parsed.close(usages);
    } catch {
      this.#fail(INTERNAL_ERROR);
      return;
    }
    this.#done = true;
    context.record.usage = totalUsage(usages);
    if (parsed.stream) this.#response.end(text + rest);
    else this.#response.send(rest);
  }

  #fail(failure: Failure): void {
    if (this.#done) return;
    this.#done = true;
    for (const forwarder of this.#forwarders) forwarder.cancel();
    const { dialect, parsed, context } = this.#commission;
    context.record.failure ??= failure.code ?? failure.kind;
    context.record.ended = this.#streaming
      ? 'cut'
      : failure.kind === 'invalid' || failure.kind === 'overloaded' || failure.kind === 'limited'
        ? 'refused'
        : 'failed';
    if (this.#response.begun)
      this.#response.end(parsed.errorFrame?.(failure) ?? dialect.errorFrame(failure, context.id));
    else this.#response.sendError(dialect.errorResponse(failure, context.id), this.#headers());
  }

  // The client is gone, or has all of its answer.
  #leave(): void {
    this.#response.close();
    this.#done = true;
    for (const forwarder of this.#forwarders) forwarder.cancel();
  }

  #headers(): Readonly<Record<string, string>> {
    const { context } = this.#commission;
    const { backend, reason, ignoredParams } = context.record;
    const timing = serverTiming(context.record);
    return {
      'openai-processing-ms': String(Math.round(performance.now() - context.startedMs)),
      ...(timing === undefined ? {} : { 'server-timing': timing }),
      ...(backend === undefined ? {} : { 'x-hxllm-backend': backend }),
      ...(reason === undefined ? {} : { 'x-hxllm-route': reason }),
      ...(context.record.usage?.estimated === true ? { 'x-hxllm-estimated': 'true' } : {}),
      ...(ignoredParams.size === 0 ? {} : { 'x-hxllm-ignored-params': headerValue([...ignoredParams]) }),
    };
  }
}

// Whoever only wants a model to be in memory waits for no place of one that is.
function isLoaded({ parsed: { subrequests }, group: { deployments }, service: { scheduler } }: ProxyRequest): boolean {
  if (!subrequests.every(({ request }) => request.kind === 'load')) return false;
  return deployments.some(({ url, model, options }) => {
    const residency = scheduler.fleet.replicas.get(replicaId(url, model))?.residency;
    return residency?.state === 'resident' && isReady(residency, runnerKey(options));
  });
}

const STOPPING: Failure = {
  kind: 'overloaded',
  code: 'stopping',
  message: 'The server is being stopped and could not wait for the end of this answer.',
  retryAfterMs: 1000,
};
