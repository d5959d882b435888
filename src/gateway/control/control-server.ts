import { mkdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorMessage, errorStack } from '../../core/error.ts';
import { isObject, parseJson, type Json } from '../../core/json.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { askInstance, NOT_RUNNING, SILENT } from './control-request.ts';
import { socketOf, type InstancePlace } from './instance-id.ts';

/** Answers a request with a document, or with Problems. */
export type ControlHandler = (body: Json) => Promise<Result<object>>;

/** The handlers of a control socket, by method and path; `upgrade` takes connections for a link. */
export interface ControlHandlers {
  readonly routes: Readonly<Record<string, ControlHandler>>;
  readonly upgrade: (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** Longest body of a request, bytes. */
const MOST_BYTES = 64 * 1024;
const STATUS_MS = 2000;

/** Listens on the control socket of an instance; a socket that a dead one has left is replaced. */
export async function openControlSocket(place: InstancePlace, handlers: ControlHandlers): Promise<Result<Server>> {
  const path = socketOf(place);
  const other = await askInstance(place, { method: 'GET', path: '/status', timeoutMs: STATUS_MS });
  if (other.ok || other.problems[0].code === SILENT) return fail(alreadyRuns(place));
  if (other.problems[0].code !== NOT_RUNNING) return other;
  const server = createServer((incoming, outgoing) => {
    void answer(handlers, incoming, outgoing);
  });
  server.on('upgrade', handlers.upgrade);
  try {
    await mkdir(place.folder, { recursive: true });
    await rm(path, { force: true });
    await listenPrivately(server, path);
    return ok(server);
  } catch (error) {
    return fail({
      code: 'config.control-socket',
      summary: 'cannot listen on the control socket',
      detail: `Expected to listen on ${path}, found: ${errorMessage(error)}.`,
      fix: 'choose a folder that this user may write to with --runtime-dir',
    });
  }
}

/** Listens on a Unix socket that only this user may use. */
export async function listenPrivately(server: NetServer, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  // The socket is made within the call, so its mode is never another one.
  const before = process.umask(0o177);
  server.listen(path, resolve);
  process.umask(before);
  await promise;
  server.off('error', reject);
}

async function answer({ routes }: ControlHandlers, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const name = `${incoming.method ?? ''} ${(incoming.url ?? '').split('?', 1)[0] ?? ''}`;
  const handler = routes[name];
  const send = (status: number, document: object): void => {
    outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  };
  try {
    if (handler === undefined) {
      send(404, { problem: unknownVerb(name, Object.keys(routes)) });
      return;
    }
    const result = await handler(await readBody(incoming));
    if (result.ok) send(200, result.value);
    else send(409, { problem: result.problems[0] });
  } catch (error) {
    const problem: Problem = {
      code: 'bug.control',
      summary: 'the instance failed at this command; this is a bug in hxllm',
      detail: errorStack(error),
      fix: 'journalctl -u litellm # shows its last lines',
    };
    if (!outgoing.headersSent) send(500, { problem });
  }
}

async function readBody(incoming: IncomingMessage): Promise<Json> {
  let text = '';
  for await (const part of incoming.setEncoding('utf8')) {
    text += String(part);
    if (text.length > MOST_BYTES) throw new Error('the body is too long');
  }
  const body = parseJson(text);
  return isObject(body) ? body : {};
}

function alreadyRuns({ id, folder }: InstancePlace): Problem {
  return {
    code: 'config.instance-runs',
    summary: `instance ${id} runs already`,
    detail: `Expected no instance with this id, found one that listens on ${socketOf({ id, folder })}.`,
    fix: 'gateway --control status # shows the instances that run; use another --instance, or stop that one',
  };
}

function unknownVerb(name: string, known: readonly string[]): Problem {
  return {
    code: 'instance.unknown-verb',
    summary: 'the instance does not know this command',
    detail: `Expected one of ${known.join(', ')}, found ${name}.`,
    fix: 'use the gateway program of the newest deployment',
  };
}
