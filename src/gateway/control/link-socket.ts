import { request, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { errorMessage } from '../../core/error.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { socketOf, type InstancePlace } from './instance-id.ts';
import { Link, PROCESS_CLOCK } from './link.ts';
import type { LinkConnection, LinkRole } from './links-options.ts';
import type { Links } from './links.ts';
import { LINK_VERSION, processOriginMs } from './messages.ts';

const PROTOCOL = 'hxllm-link';
const CONNECT_MS = 2000;

/** Takes a connection of another instance that wishes for a link of this version; others are refused. */
export function acceptLink(
  links: Pick<Links, 'accept'>,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  const { headers, url } = incoming;
  const { 'x-hxllm-instance': peer, 'x-hxllm-role': role, 'x-hxllm-link': version } = headers;
  const isLink = url === '/link' && headers.upgrade === PROTOCOL && version === String(LINK_VERSION);
  if (!isLink || typeof peer !== 'string' || (role !== 'decides' && role !== 'holds')) {
    socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    return;
  }
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${PROTOCOL}\r\n\r\n`);
  links.accept(peer, role, linkOver(socket, head));
}

/** Opens a link to another instance. */
export async function openLinkSocket(
  place: InstancePlace,
  { self, role }: { readonly self: string; readonly role: LinkRole },
): Promise<Result<LinkConnection>> {
  try {
    return ok(
      await new Promise<LinkConnection>((resolve, reject) => {
        const sent = request({
          socketPath: socketOf(place),
          path: '/link',
          agent: false,
          timeout: CONNECT_MS,
          headers: {
            host: 'localhost',
            connection: 'upgrade',
            upgrade: PROTOCOL,
            'x-hxllm-instance': self,
            'x-hxllm-role': role,
            'x-hxllm-link': String(LINK_VERSION),
          },
        });
        sent.once('upgrade', (_response, socket, head) => {
          socket.setTimeout(0);
          resolve(linkOver(socket, head));
        });
        sent.once('response', (response) => {
          response.resume();
          reject(new Error(`status ${String(response.statusCode)}`));
        });
        sent.once('timeout', () => sent.destroy(new Error('no answer')));
        sent.once('error', reject);
        sent.end();
      }),
    );
  } catch (error) {
    return fail({
      code: 'instance.no-link',
      summary: `instance ${place.id} does not share its slots`,
      detail: `Expected a link over ${socketOf(place)}, found: ${errorMessage(error)}.`,
      fix: `gateway --control status --runtime-dir ${place.folder}`,
    });
  }
}

/** Makes links over a connection that has been upgraded. */
function linkOver(socket: Duplex, head: Buffer): LinkConnection {
  return ({ onMessage, onEnd }) => {
    const link = new Link({
      transport: {
        write: (text) => {
          if (socket.writable) socket.write(text);
        },
        close: () => {
          socket.end();
        },
      },
      clock: PROCESS_CLOCK,
      originMs: processOriginMs(),
      onMessage,
      onEnd,
    });
    if (head.length > 0) socket.unshift(head);
    // A socket of an HTTP server refuses an encoding of its own.
    const decoder = new StringDecoder('utf8');
    socket
      .on('data', (bytes: Buffer) => {
        link.receive(decoder.write(bytes));
      })
      .on('error', () => {})
      .on('end', () => {
        link.closed();
      })
      .on('close', () => {
        link.closed();
      });
    return link;
  };
}
