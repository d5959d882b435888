import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import dnsPacket, { type Answer, type RecordType } from 'dns-packet';

/** A record of a name server, `TYPE NAME` by its values. A name that has none is NXDOMAIN. */
export type Zone = Readonly<Record<string, readonly string[]>>;

/** The DNS message that answers a question from a zone. `code` is the response code of RFC 1035, 6: 3 is NXDOMAIN, 5 REFUSED. */
export function answerOf(
  type: string,
  name: string,
  zone: Zone,
  options: { code?: number; cut?: boolean; id?: number } = {},
): Buffer {
  const alias = type === 'PTR' || type === 'SRV' ? undefined : zone[`CNAME ${name}`]?.[0];
  const owner = alias ?? name;
  const values = zone[`${type} ${owner}`] ?? [];
  const known = Object.keys(zone).some((key) => key.endsWith(` ${name}`));
  const kind = type as RecordType; // the tests ask for types that DNS has
  return dnsPacket.encode({
    type: 'response',
    id: options.id ?? 1,
    flags:
      dnsPacket.RECURSION_DESIRED |
      (options.cut === true ? dnsPacket.TRUNCATED_RESPONSE : 0) |
      (options.code ?? (known ? 0 : 3)),
    questions: [{ type: kind, name }],
    answers:
      options.cut === true
        ? []
        : [
            ...(alias === undefined ? [] : [recordOf('CNAME', name, alias)]),
            ...values.map((value) => recordOf(kind, owner, value)),
          ],
  });
}

function recordOf(type: RecordType, name: string, value: string): Answer {
  if (type === 'SRV') {
    const [target = '', port = ''] = value.split(':');
    return { type, name, data: { target, port: Number(port) } };
  }
  return { type, name, data: value } as Answer; // A, AAAA, CNAME and PTR have a text
}

/** How a name server behaves. */
export interface Habits {
  /** The response code of every answer. */
  readonly code?: number;
  /** Answers over UDP are cut, so the whole answer is asked for over TCP. */
  readonly cut?: boolean;
  /** It reads and never answers. */
  readonly silent?: boolean;
}

/** A running name server, and the questions that it got, each as `PROTOCOL TYPE NAME`. */
export interface NameServer extends AsyncDisposable {
  readonly asked: string[];
}

/** Starts a name server on one address and port, over UDP and TCP. */
export async function startNameServer(
  address: string,
  port: number,
  zone: Zone,
  habits: Habits = {},
): Promise<NameServer> {
  const asked: string[] = [];
  const respond = (protocol: string, bytes: Buffer): Buffer => {
    const { id, questions = [] } = dnsPacket.decode(bytes);
    const { type = 'A', name = '' } = questions[0] ?? {};
    asked.push(`${protocol} ${type} ${name}`);
    return answerOf(type, name, zone, { ...habits, cut: habits.cut === true && protocol === 'udp', id: id ?? 0 });
  };
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (bytes, { port: from, address: peer }) => {
    const answer = respond('udp', bytes);
    if (habits.silent !== true) socket.send(answer, from, peer);
  });
  await new Promise<void>((resolve) => {
    socket.bind(port, address, resolve);
  });
  const server = createServer((connection) => {
    connection
      .on('error', () => undefined)
      .on('data', (bytes) => {
        const answer = respond('tcp', bytes.subarray(2));
        const length = Buffer.alloc(2);
        length.writeUInt16BE(answer.length);
        connection.write(Buffer.concat([length, answer]));
      });
  });
  await new Promise<void>((resolve) => {
    server.listen(port, address, resolve);
  });
  return { asked, [Symbol.asyncDispose]: () => close(socket, server) };
}

async function close(socket: Socket, server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.close(resolve);
  });
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
