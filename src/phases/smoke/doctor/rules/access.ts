import { describeReply, jsonOf, replyOf, at, type Diagnosis as MissingAnswer } from '../../exchange.ts';
import {
  cause,
  hostOf,
  resultOf,
  evidenceOf,
  serviceOf,
  type Diagnosis,
  type Rule,
  type Symptoms,
} from '../diagnosis.ts';

const NAMES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'tls.expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'tls.name',
};

const LOOPBACK = /^(?:127\.|\[::1\]$|\[::ffff:127\.)/;

/** Nothing answers over HTTP at the address: its name, its certificate, its port, a firewall, or another program. */
export const connectionRule: Rule = (symptoms) => {
  const { seen } = symptoms.outside;
  const { target } = symptoms;
  if (!seen.health.outcome.answered) return noAnswer(symptoms, seen.health.outcome.trouble);
  const alive = resultOf(symptoms, 'health.alive');
  const reachable = resultOf(symptoms, 'http.reachable');
  const wrong = [reachable, alive].find((result) => result?.outcome === 'fail');
  return wrong === undefined
    ? undefined
    : cause(
        'http.other-server',
        `another server than the gateway answers at ${target.url}`,
        [evidenceOf(wrong)],
        wrong.fix ?? '',
      );
};

function noAnswer(symptoms: Symptoms, { kind, seen, fix, code = '' }: MissingAnswer): Diagnosis {
  const { target, expected } = symptoms;
  const { name, url } = target;
  if (kind === 'dns') return cause('dns.name', `the name of the gateway does not resolve`, [seen], fix);
  if (kind === 'tls') {
    const id = NAMES[code] ?? 'tls.untrusted';
    const summary = {
      'tls.expired': `the certificate of the gateway at ${url} has expired`,
      'tls.name': `the certificate of the gateway at ${url} is for another name`,
    }[id];
    return cause(
      id,
      summary ?? `the connection to ${url} cannot be trusted`,
      [seen],
      id === 'tls.untrusted' || expected === undefined
        ? fix
        : `hxllm preflight --only trust --limit ${name} -v  # then a new certificate in litellm_tls_cert, and hxllm enforce`,
    );
  }
  const listeners = hostOf(symptoms)?.listeners;
  const runs = serviceOf(symptoms) !== undefined;
  if (
    runs &&
    listeners?.known === true &&
    expected !== undefined &&
    (kind === 'refused' || kind === 'timeout' || kind === 'unreachable')
  ) {
    const places = listeners.value.map((address) => `${address}:${String(expected.port)}`).join(', ');
    if (listeners.value.length > 0 && listeners.value.every((address) => LOOPBACK.test(address)))
      return cause(
        'http.loopback',
        `the gateway on ${name} listens on its own loopback only`,
        [seen, `the service runs and listens on ${places}`],
        `hxllm inventory explain ${name}  # shows where litellm_listen comes from`,
      );
    if (listeners.value.length > 0)
      return cause(
        'http.firewall',
        `something between this machine and ${name} blocks port ${String(expected.port)}`,
        [seen, `the service runs and listens on ${places}`],
        `hxllm preflight --only network --limit ${name} -v  # the firewall of the host; or: hxllm doctor --through-ssh`,
      );
  }
  return cause('http.no-answer', `no gateway answers at ${url}`, [seen], fix);
}

/** The gateway refuses the key, or takes requests that it should refuse. */
export const keyRule: Rule = (symptoms) => {
  const { outside, target, expected } = symptoms;
  const reply = replyOf(outside.seen.models);
  const path = 'GET /v1/models';
  if (reply !== undefined && (reply.status === 401 || reply.status === 403)) {
    const ours = expected !== undefined;
    if (target.key === undefined)
      return cause(
        'auth.no-key',
        'the gateway needs a key, and none was given',
        [`${path}: ${describeReply(reply)}`],
        ours ? 'hxllm doctor --ask-vault-pass' : 'the same command with --key-file FILE',
      );
    return cause(
      'auth.wrong-key',
      ours ? 'the gateway has another master key than the vault' : 'the server refuses this key',
      [`${path} with the key: ${describeReply(reply)}`, ...keyOnHost(symptoms)],
      ours
        ? `hxllm enforce --limit ${target.name}  # gives the gateway the key of the vault`
        : 'the same command with the file of a key that this server knows',
    );
  }
  const open = ['auth.key-required', 'auth.wrong-key-refused', 'auth.revoked-key-refused']
    .map((id) => resultOf(symptoms, id))
    .find((result) => result?.outcome === 'fail' && at(jsonOfModels(symptoms), 'object') === 'list');
  if (open === undefined || !isTaken(symptoms, open.id)) return undefined;
  return cause('auth.open', 'the gateway answers requests that have no valid key', [evidenceOf(open)], open.fix ?? '');
};

// Whether litellm.env on the host is the one that these files render says whose key is the old one.
function keyOnHost(symptoms: Symptoms): readonly string[] {
  const { expected } = symptoms;
  const health = serviceOf(symptoms);
  if (health === undefined || expected === undefined) return [];
  const [wanted, found] = [expected.files.get(expected.envFile), health.files.get(expected.envFile)];
  if (wanted === undefined) return [];
  if (found === undefined) return [`${expected.envFile} is not on the host`];
  return [
    wanted === found
      ? `${expected.envFile} on the host has the key of the vault, so the process started with an older one`
      : `${expected.envFile} on the host is not the one that the vault’s key makes`,
  ];
}

function jsonOfModels({ outside }: Symptoms): unknown {
  const reply = replyOf(outside.seen.models);
  return reply === undefined ? undefined : jsonOf(reply);
}

// A refusal with another text than OpenAI's is a fault of form, and no open door.
function isTaken({ outside: { seen } }: Symptoms, id: string): boolean {
  const exchanges =
    id === 'auth.key-required' ? seen.withoutKey : [id === 'auth.wrong-key-refused' ? seen.wrongKey : seen.revokedKey];
  return exchanges.some((exchange) => (replyOf(exchange)?.status ?? 500) < 400);
}
