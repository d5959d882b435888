import type { ModelGroup } from '../../schema/gateway-config.ts';
import { ResponseWriter } from '../http/response-writer.ts';
import { headerValue } from '../http/header-value.ts';
import { noteError, type Ended, type RequestContext, type RunningResponse } from '../request-context.ts';
import type { ParsedRequest } from '../client-dialect.ts';
import type { Failure, Usage } from '../exchange.ts';
import { INTERNAL_ERROR, STOPPING } from './failures.ts';
import { isLoaded } from './resident.ts';
import { endUsage } from './record-usage.ts';
import { forwardPlan } from './forward-plan.ts';
import { Forwarder } from './forwarder.ts';
import { writtenInTurns } from './own-turn.ts';
import { addModelHeaders, callHeaders } from './litellm-headers.ts';
import { routeWords, waitingWords } from './route-words.ts';
import type { Lease } from '../route/fleet.ts';
import { endedBy } from '../usage/access-log.ts';
import { serverTiming } from '../usage/server-timing.ts';
import { totalUsage } from '../usage/total.ts';

/** Subrequests of one request that run at a time; the others wait until one of these has ended. */
const MAX_PARALLEL_SUBREQUESTS = 8;
/** Bytes of the bodies of subrequests that run at a time: each has a copy of the request's. */
const MAX_PARALLEL_BYTES = 64 * 1024 * 1024;

/**
 * The response to one client: forwards each subrequest, sends their output as it comes, and cancels all of them when one fails or
 * the client leaves.
 */
export class ClientResponse implements RunningResponse {
  readonly #context: RequestContext;
  readonly #parsed: ParsedRequest;
  readonly #group: ModelGroup;
  readonly #writer: ResponseWriter;
  readonly #forwarders: readonly Forwarder[];
  readonly #usages: (Usage | undefined)[];
  #started = 0;
  #pending: number;
  #streaming = false;
  #done = false;

  constructor(context: RequestContext, parsed: ParsedRequest, group: ModelGroup) {
    this.#context = context;
    this.#parsed = parsed;
    this.#group = group;
    const { outgoing, dialect } = context;
    const onLag = (): void => {
      context.record.ended = 'client-too-slow';
    };
    this.#writer = new ResponseWriter(outgoing, {
      streamType: dialect.streamType,
      keepAlive: parsed.stream ? (parsed.keepAlive ?? dialect.keepAlive) : undefined,
      headers: () => {
        const headers = callHeaders(context);
        addModelHeaders(context, headers);
        this.#addHeaders(headers);
        if (context.record.truncated === true) headers['x-hxllm-truncated'] = 'true';
        if (context.record.context !== undefined) headers['x-hxllm-context'] = context.record.context;
        return headers;
      },
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
    const plan = forwardPlan(context, group, parsed);
    this.#forwarders = parsed.subrequests.map(
      (subrequest, index) =>
        new Forwarder(context, subrequest, plan, {
          onText,
          onFailure,
          onEnd: (text, usage) => {
            this.#ended(index, text, usage);
          },
        }),
    );
    context.response = this;
    // V8 allocates a function literal behind `property =` in the old generation, and it would keep its whole request there.
    const leave = (): void => {
      this.#leave();
    };
    context.leave = leave;
  }

  cut(): void {
    this.#fail(STOPPING);
    // Its connection ends in this turn.
    this.#context.usage?.recorder.flush();
  }

  leases(): readonly Lease[] {
    return this.#forwarders.flatMap(({ lease }) => lease ?? []);
  }

  /** Forwards the subrequests until the response is complete. */
  start(): void {
    if (isLoaded(this.#context, this.#parsed, this.#group)) {
      this.#context.record.route = {
        decision: 'resident',
        failedAttempts: 0,
        refit: undefined,
        insideMs: 0,
        isBatch: false,
      };
      this.#close('');
    }
    const inParallel = Math.min(MAX_PARALLEL_BYTES / this.#context.bodyBytes, MAX_PARALLEL_SUBREQUESTS);
    while (this.#started < Math.min(Math.max(1, inParallel), this.#forwarders.length) && !this.#done) this.#next();
  }

  #next(): void {
    const forwarder = this.#forwarders[this.#started];
    this.#started += 1;
    forwarder?.start();
  }

  #emit(text: string): void {
    if (this.#done) return;
    this.#streaming = true;
    this.#writer.writeChunk(text);
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
    const parsed = this.#parsed;
    const usages = this.#usages.filter((usage) => usage !== undefined);
    let rest = '';
    let pieces: Iterable<string> | undefined;
    try {
      pieces = parsed.closeInPieces?.(usages);
      if (pieces === undefined) rest = parsed.close(usages);
    } catch (error) {
      noteError(this.#context, error);
      this.#fail(INTERNAL_ERROR);
      return;
    }
    this.#context.record.usage = totalUsage(usages);
    if (pieces !== undefined) {
      void this.#sendPieces(pieces);
      return;
    }
    this.#finish(200, 'answered', () => {
      if (parsed.stream) this.#writer.end(text + rest);
      else this.#writer.send(rest);
    });
  }

  /** Sends the end of the response, behind the row of its usage. */
  #finish(status: number, ended: Ended, send: () => void): void {
    this.#done = true;
    endUsage(this.#context, status, ended, send);
  }

  async #sendPieces(pieces: Iterable<string>): Promise<void> {
    try {
      const body = await writtenInTurns(pieces, () => this.#done);
      if (this.#done) return;
      this.#finish(200, 'answered', () => {
        this.#writer.send(body);
      });
    } catch (error) {
      noteError(this.#context, error);
      this.#fail(INTERNAL_ERROR);
    }
  }

  #fail(failure: Failure): void {
    if (this.#done) return;
    this.#done = true;
    for (const forwarder of this.#forwarders) forwarder.cancel();
    const { dialect, record, id, outgoing } = this.#context;
    record.failure ??= failure.code ?? failure.kind;
    const response = dialect.errorResponse(failure, id);
    const ended = this.#streaming ? 'cut' : endedBy(response.status);
    record.ended = ended;
    const headers = callHeaders(this.#context);
    if (!this.#writer.begun) this.#addHeaders(headers);
    this.#countPart();
    this.#finish(this.#writer.begun ? outgoing.statusCode : response.status, ended, () => {
      if (this.#writer.begun) this.#writer.end(this.#parsed.errorFrame?.(failure) ?? dialect.errorFrame(failure, id));
      else this.#writer.sendError(response, headers);
    });
  }

  // The client has left, or has all of its response.
  #leave(): void {
    this.#writer.close();
    const isCut = !this.#done;
    this.#done = true;
    for (const forwarder of this.#forwarders) forwarder.cancel();
    if (isCut) this.#countPart();
  }

  // A response that does not come to its end costs the part of it that was passed on.
  #countPart(): void {
    const { record } = this.#context;
    const usages = [...this.#usages.filter((usage) => usage !== undefined), ...(record.parts ?? [])];
    if (usages.length > 0) record.usage = totalUsage(usages);
  }

  // A stream begins after 15 s, also where its request has no server yet.
  #waitingWords(): string | undefined {
    const ticket = this.#streaming || this.#done ? undefined : this.#forwarders[0]?.ticket;
    const waiting = ticket === undefined ? undefined : this.#context.service.scheduler.fleet.waiting.get(ticket);
    return waiting === undefined ? undefined : waitingWords(waiting.queue, waiting.waiter, performance.now());
  }

  // In one object: each spread of a small object costs as much as all of these.
  #addHeaders(headers: Record<string, string>): void {
    const { record, startedMs } = this.#context;
    const { backend, usage } = record;
    const words = this.#waitingWords() ?? routeWords(record);
    const timing = serverTiming(record);
    headers['openai-processing-ms'] = String(Math.round(performance.now() - startedMs));
    if (timing !== undefined) headers['server-timing'] = timing;
    if (backend !== undefined) headers['x-hxllm-backend'] = backend;
    if (words !== undefined) headers['x-hxllm-route'] = words;
    if (usage?.estimated === true) headers['x-hxllm-estimated'] = 'true';
    let ignored: Set<string> | undefined;
    for (const { ignoredParams } of this.#forwarders) {
      if (ignoredParams.size === 0) continue;
      ignored ??= new Set();
      for (const name of ignoredParams) ignored.add(name);
    }
    if (ignored !== undefined) headers['x-hxllm-ignored-params'] = headerValue([...ignored]);
  }
}
