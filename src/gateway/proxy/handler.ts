import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ModelGroup } from '../../schema/gateway-config.ts';
import { authenticate } from '../auth/bearer.ts';
import { readBody } from '../http/request-body.ts';
import { answerWhole } from '../http/response-writer.ts';
import type { Visit } from '../request-context.ts';
import { answerCount } from './count-tokens.ts';
import type { ClientDialect, Failure, Order, Outcome, Share } from '../exchange.ts';
import { pinned } from './pinned-backend.ts';
import { OUR_FAULT } from './failures.ts';
import { Reply } from './response.ts';
import { notGiven } from './runner-options.ts';
import type { Service } from '../service.ts';

/** Of a model that nobody has, what is shown. */
const LONGEST_NAME = 200;

/** What an endpoint takes: a request's bytes, as an order. */
export interface Endpoint {
  readonly dialect: ClientDialect;
  readonly read: (bytes: Buffer, nowMs: number) => Outcome<Order>;
  /** Where only the tokens of the prompt are asked for: how they are told. */
  readonly counted?: (tokens: number) => string;
}

/** One request at the door. */
export interface Door {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly visit: Visit;
}

/** Answers a request that has a body, writing straight to its client: auth → request → route → upstream → usage. */
export function answer(
  { incoming, outgoing, visit }: Door,
  service: Service,
  { dialect, read, counted }: Endpoint,
): void {
  const turnAway = (failure: Failure): void => {
    visit.account.failure = failure.code ?? failure.kind;
    answerWhole(outgoing, dialect.refusal(failure, visit.id));
  };
  const caller = authenticate(incoming.headers, service.config.masterKey);
  if (!caller.ok) {
    turnAway(caller.failure);
    return;
  }
  visit.account.caller = caller.value.name;
  const take = (body: Outcome<Buffer>): void => {
    const order = body.ok ? read(body.value, Date.now()) : body;
    if (!order.ok) {
      turnAway(order.failure);
      return;
    }
    const { model: asked, stream, ignored, runner } = order.value;
    const model = dialect.aliasOf?.(asked, service.models) ?? asked;
    const group = service.models.get(model);
    // Whatever else a client says there has no place in the log at any length.
    visit.account.alias = group === undefined ? model.slice(0, LONGEST_NAME) : model;
    visit.account.stream = stream;
    // Other servers are sent the request as it came, where it is in their dialect, and say for themselves what they cannot do.
    if (
      group !== undefined &&
      (group.deployments.some(({ provider }) => provider === 'ollama') || order.value.shares.every(isForeign))
    )
      for (const name of [...ignored, ...notGiven(runner, group, service.desk.fleet)]) visit.account.unmet.add(name);
    const [first] = visit.account.unmet;
    const servers: Outcome<ModelGroup> =
      group === undefined ? { ok: false, failure: unknownModel(model) } : pinned(group, incoming.headers);
    if (!servers.ok) turnAway(servers.failure);
    else if (service.config.strict && first !== undefined) turnAway(notHonoured(first));
    else {
      const commission = { service, visit, outgoing, dialect, order: order.value, group: servers.value };
      if (counted === undefined) new Reply(commission).start();
      else void answerCount(commission, counted);
    }
  };
  readBody(incoming, service.config.maxBodyBytes, (body) => {
    try {
      take(body);
    } catch (error) {
      // A mistake of ours costs this request, and none of the others that are under way.
      process.emitWarning(error instanceof Error ? error : String(error));
      turnAway(OUR_FAULT);
    }
  });
}

// Whether what is asked came in a dialect that no server speaks.
function isForeign({ asks }: Share): boolean {
  return asks.kind === 'load' || asks.request.original === undefined;
}

/** What a model that nobody has means. */
export function unknownModel(model: string): Failure {
  return {
    kind: 'not-found',
    code: 'model_not_found',
    message: `The model \`${model.slice(0, LONGEST_NAME)}\` does not exist or you do not have access to it.`,
    model,
  };
}

function notHonoured(param: string): Failure {
  return {
    kind: 'invalid',
    code: 'unsupported_parameter',
    message: `Unsupported parameter: '${param.slice(0, 64)}' cannot be honoured by this server.`,
    param: param.slice(0, 64),
  };
}
