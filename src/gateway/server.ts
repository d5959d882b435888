import { errorCode, errorStack } from '../core/error.ts';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { getPath } from 'hono/utils/url';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { limitChunks } from './http/chunk-limit.ts';
import { LIMITS, type ConnectionLimits } from './http/connection-limits.ts';
import { Connections } from './http/connections.ts';
import { setCorsHeaders } from './http/cors.ts';
import { LinedResponse } from './http/lined-response.ts';
import { headFailure } from './http/request-head.ts';
import { settleHost } from './http/request-host.ts';
import { plainTarget } from './http/request-target.ts';
import { sendWhole } from './http/response-writer.ts';
import { answerOptions, METHODS } from './http/server-options.ts';
import { sendRaw, parseFailure } from './http/parse-error.ts';
import { newRequestId, openContext, type GatewayEnv, type RequestContext } from './request-context.ts';
import { handleRequest } from './proxy/handler.ts';
import { closeUsage } from './proxy/record-usage.ts';
import type { Service } from './service.ts';
import { dialectOf, plainRouteOf, type PlainRoute } from './api/endpoints.ts';
import type { Failure, Usage } from './exchange.ts';
import { limitHeaders } from './limits/limit-headers.ts';
import type { CountedRequest } from './limits/limiter.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics/metrics.ts';
import { OPENAI } from './api/openai/dialect.ts';
import { endedBy, isLogged, rejectedLine, accessLogLine } from './usage/access-log.ts';

/**
 * Longer than the idle time of proxies in front (nginx 60 s, load balancers 60 s), so that the gateway is never the first to close.
 */
const KEEP_ALIVE_MS = 75_000;

/** The dialect of the endpoint that the router finds, for every form of a target; the endpoint only for its plain form. */
function routeOf(target: string, headers: IncomingMessage['headers']): PlainRoute {
  return plainRouteOf(target) ?? { dialect: dialectOf(routedPath(target), headers), endpoint: undefined };
}

/** A target that Node's URL parser or the router changes. */
const CHANGED_TARGET = /[%#\\]|\/\.|^[^/]/;

/** The path that the router matches. */
export function routedPath(target: string): string {
  if (!CHANGED_TARGET.test(target)) return target.split('?', 1)[0] ?? '';
  return URL.canParse(target, 'http://localhost')
    ? getPath({ url: new URL(target, 'http://localhost').href } as Request) // It reads `url` alone.
    : target;
}

/**
 * Puts an application behind an HTTP server. The server answers and logs every request, also one that cannot be parsed: in the
 * client's dialect, or in OpenAI's if its path is not known.
 */
export function createGatewayServer(
  app: Hono<GatewayEnv>,
  service: () => Service,
  log: Log,
  metrics: Metrics,
  limits: Partial<ConnectionLimits> = {},
): { readonly server: Server; readonly connections: Connections } {
  const { headersMs, wholeMs, lookMs, sendMs } = { ...LIMITS, ...limits };
  const server = createServer<typeof IncomingMessage, typeof LinedResponse>({
    ServerResponse: LinedResponse,
    requireHostHeader: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    headersTimeout: headersMs,
    requestTimeout: wholeMs,
    connectionsCheckingInterval: lookMs,
  });
  server.timeout = sendMs;
  const connections = new Connections(server);
  /** The request that the listener begins, which it does within its call. */
  let begun: RequestContext | undefined;
  let validHost: string | undefined;

  // An error in a listener would end the process, and so every other request.
  const logErrors = (stream: Duplex | ServerResponse, act: () => void): void => {
    try {
      act();
    } catch (error) {
      log({ event: 'request-error', error: errorStack(error) });
      stream.destroy();
    }
  };
  // `again` is called when the earlier requests of its connection have ended, if there are too many to begin with it now.
  const open = (
    incoming: IncomingMessage,
    outgoing: LinedResponse,
    again?: () => void,
  ): { readonly context: RequestContext; readonly failure: Failure | undefined } | undefined => {
    if (again !== undefined && connections.mustWait(outgoing, again)) return undefined;
    incoming.url = plainTarget(incoming.url ?? '');
    settleHost(incoming);
    const failure = headFailure(incoming);
    const context = openContext(incoming, outgoing, service(), routeOf, performance.now(), connections.bodies);
    setCorsHeaders(context);
    if (incoming.headers['transfer-encoding'] !== undefined) limitChunks(incoming, outgoing);
    connections.track(incoming.socket, outgoing, context);
    const onClose = (): void => {
      context.leave?.();
      if (context.admission !== undefined) endAdmission(context.admission, context.record.usage);
      connections.untrack(incoming.socket, outgoing, context);
      if (!isLogged(context)) return;
      const status = outgoing.headersSent ? outgoing.statusCode : context.record.status;
      const line = accessLogLine(context, status, outgoing.writableFinished, performance.now());
      if (context.service.usage !== undefined) closeUsage(context, line.status, line.ended);
      metrics.ended(line, context);
      log(line);
    };
    outgoing.on('close', () => {
      logErrors(outgoing, onClose);
    });
    return { context, failure };
  };
  const listener = getRequestListener(
    (request) => {
      if (begun === undefined) return new Response(null, { status: 500 });
      // The listener has taken the Host header for valid; it does not look at it where the target has an authority.
      if (begun.incoming.url?.startsWith('/') === true) validHost = begun.incoming.headers.host;
      return app.fetch(request, begun);
    },
    {
      hostname: 'localhost',
      overrideGlobalObjects: false,
      autoCleanupIncoming: false,
      errorHandler: () => invalidTarget(),
    },
  );
  const refuse = ({ incoming, outgoing, headers, record, dialect, id }: RequestContext, failure: Failure): void => {
    record.failure = failure.kind;
    incoming.resume();
    sendWhole(outgoing, dialect.errorResponse(failure, id), headers);
  };
  const serve = ({ context, failure }: NonNullable<ReturnType<typeof open>>): void => {
    if (failure !== undefined) {
      refuse(context, failure);
      return;
    }
    const { incoming, outgoing, method, path, endpoint, headers } = context;
    if (method === 'OPTIONS' && answerOptions(incoming, outgoing, headers)) return;
    // The router and its Request take 3 to 6 µs and 3 KB.
    const isPlain = method === 'POST' && incoming.url === path && incoming.headers.host === validHost;
    if (isPlain && endpoint !== undefined) {
      void handleRequest(context, endpoint);
      return;
    }
    for (const name of Object.keys(headers)) outgoing.setHeader(name, headers[name] ?? '');
    begun = context;
    void listener(incoming, outgoing);
    begun = undefined;
  };
  const handle = (incoming: IncomingMessage, outgoing: LinedResponse, act: typeof serve): void => {
    const begin = (again?: () => void): void => {
      logErrors(outgoing, () => {
        const opened = open(incoming, outgoing, again);
        if (opened !== undefined) act(opened);
      });
    };
    begin(() => {
      begin();
    });
  };
  server.on('request', (incoming, outgoing) => {
    handle(incoming, outgoing, serve);
  });
  server.on('checkContinue', (incoming, outgoing) => {
    handle(incoming, outgoing, (opened) => {
      const { shouldKeepAlive } = outgoing;
      // A client that gets a final status instead may send its body, or not.
      outgoing.shouldKeepAlive = false;
      opened.context.askForBody = () => {
        outgoing.shouldKeepAlive = shouldKeepAlive;
        outgoing.writeContinue();
      };
      serve(opened);
    });
  });
  server.on('checkExpectation', (incoming, outgoing) => {
    handle(incoming, outgoing, ({ context }) => {
      outgoing.shouldKeepAlive = false;
      refuse(context, EXPECTATION_FAILED);
    });
  });
  const respondBare = (socket: Socket, failure: Failure, what: string): void => {
    const id = newRequestId();
    const line = rejectedLine(id, sendRaw(socket, OPENAI, failure, id), what);
    metrics.ended(line);
    log(line);
  };
  const respondToPart = (
    socket: Socket,
    { record, dialect, id, outgoing, headers, admission }: RequestContext,
    failure: Failure,
  ): void => {
    record.failure = failure.kind;
    if (admission !== undefined) limitHeaders(headers, admission.nearest, Date.now());
    record.status = sendRaw(socket, dialect, failure, id, { ...outgoing.getHeaders(), ...headers });
    record.ended = endedBy(record.status);
  };
  server.on('connect', (incoming, socket) => {
    const failure: Failure = {
      kind: 'wrong-method',
      code: null,
      message: `Not allowed to CONNECT to ${(incoming.url ?? '').slice(0, 200)}. (HINT: Perhaps you meant to use a different HTTP method?)`,
      allow: METHODS,
    };
    logErrors(socket, () => {
      if (socket instanceof Socket) respondBare(socket, failure, 'CONNECT');
      else socket.destroy();
    });
  });
  const answered = new WeakSet<Socket>();
  server.on('clientError', (error, socket) => {
    const failure = parseFailure(error);
    if (failure === undefined || !(socket instanceof Socket) || !socket.writable) socket.destroy();
    else if (!answered.has(socket)) {
      answered.add(socket);
      connections.whenAnswered(socket, (arriving) => {
        logErrors(socket, () => {
          if (arriving === undefined) respondBare(socket, failure, errorCode(error) || error.name);
          else respondToPart(socket, arriving.context, failure);
        });
      });
    }
  });
  return { server, connections };
}

const EXPECTATION_FAILED: Failure = {
  kind: 'not-expected',
  code: null,
  message: 'Unsupported Expect header: only 100-continue is supported.',
};

// The URL or the Host header is invalid.
function invalidTarget(): Response {
  const { status, headers, body } = OPENAI.errorResponse({
    kind: 'invalid',
    code: null,
    message: 'Invalid URL or Host header.',
  });
  return new Response(body, { status, headers });
}

function endAdmission(admission: CountedRequest, usage: Usage | undefined): void {
  admission.end(usage === undefined ? 0 : usage.promptTokens + usage.completionTokens, performance.now());
}
