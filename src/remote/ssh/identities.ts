import ssh2, { type AnyAuthMethod, type IdentityCallback, type ParsedKey } from 'ssh2';
import type { Secret } from '../../core/secret.ts';
import { keyFingerprint } from './host-key.ts';
import { readPrivateKey, type PrivateKey } from './private-key.ts';
import type { SshSettings } from './settings.ts';

/** One authentication attempt; `label` names it in messages. */
export interface AuthAttempt {
  readonly label: string;
  readonly method: AnyAuthMethod;
}

/** The attempts in order, and the unusable keys with their reason and a fix. */
export interface Identities {
  readonly attempts: readonly AuthAttempt[];
  readonly unusable: readonly { readonly label: string; readonly fix: string | undefined }[];
}

/** An agent for ssh2 that offers only one of its keys. */
class AgentKey extends ssh2.OpenSSHAgent {
  readonly #key: ParsedKey;

  constructor(socket: string, key: ParsedKey) {
    super(socket);
    this.#key = key;
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    callback(null, [this.#key]);
  }
}

/** Gathers keys in OpenSSH's order: configured keys, the agent's keys, default files; then the password. */
export async function gatherIdentities(settings: SshSettings, password: Secret | undefined): Promise<Identities> {
  const { user: username, agentSocket, identitiesOnly } = settings;
  const [named, usual] = await Promise.all(
    [settings.namedKeys, settings.usualKeys].map((files) => Promise.all(files.map(readPrivateKey))),
  );
  const agent = agentSocket === undefined ? { keys: [] } : await keysOfAgent(agentSocket);
  const held = (key: Buffer | undefined): ParsedKey | undefined =>
    key === undefined ? undefined : agent.keys.find((each) => each.getPublicSSH().equals(key));
  const ofAgent = (key: ParsedKey): AuthAttempt[] =>
    agentSocket === undefined
      ? []
      : [
          {
            label: `${key.comment === '' ? key.type : key.comment} from the agent (${keyFingerprint(key.getPublicSSH())})`,
            method: { type: 'agent', username, agent: new AgentKey(agentSocket, key) },
          },
        ];
  const ofFile = (file: PrivateKey): AuthAttempt[] => {
    if (file.state === 'usable') return [{ label: file.file, method: { type: 'publickey', username, key: file.key } }];
    const key = file.state === 'encrypted' ? held(file.publicKey) : undefined;
    return key === undefined ? [] : ofAgent(key);
  };
  const keys = [
    ...(named ?? []).flatMap(ofFile),
    ...(identitiesOnly ? [] : agent.keys.flatMap(ofAgent)),
    ...(usual ?? []).flatMap(ofFile),
  ];
  const attempts = [
    ...keys.filter((attempt, index) => keys.findIndex(({ label }) => label === attempt.label) === index),
    ...ofPassword(username, password),
  ];
  const closed = [...(named ?? []), ...(usual ?? []).filter(({ state }) => state !== 'missing')].flatMap((file) =>
    reasonsOf(file, held),
  );
  return {
    attempts,
    unusable: [...closed, ...(agent.why === undefined ? [] : [{ label: agent.why, fix: undefined }])],
  };
}

function ofPassword(username: string, password: Secret | undefined): AuthAttempt[] {
  if (password === undefined) return [];
  // The password leaves this process only for the server, after its host key was verified. PAM often accepts it only as
  // an answer.
  const text = password.reveal();
  return [
    { label: 'the password', method: { type: 'password', username, password: text } },
    {
      label: 'the password as an answer',
      method: {
        type: 'keyboard-interactive',
        username,
        prompt: (_name, _instructions, _language, prompts, finish) => {
          finish(prompts.map(() => text));
        },
      },
    },
  ];
}

function reasonsOf(file: PrivateKey, held: (key: Buffer | undefined) => ParsedKey | undefined): Identities['unusable'] {
  if (file.state === 'missing') return [{ label: `${file.file} does not exist`, fix: undefined }];
  if (file.state === 'unusable') return [{ label: `${file.file} cannot be used (${file.why})`, fix: undefined }];
  if (file.state === 'usable' || held(file.publicKey) !== undefined) return [];
  return [{ label: `${file.file} is encrypted, and no agent has the key`, fix: `ssh-add ${file.file}` }];
}

interface AgentAnswer {
  readonly keys: readonly ParsedKey[];
  readonly why?: string;
}

function keysOfAgent(socket: string): Promise<AgentAnswer> {
  return new Promise((resolve) => {
    new ssh2.OpenSSHAgent(socket).getIdentities((error, keys) => {
      resolve(
        error === null || error === undefined
          ? { keys: (keys ?? []).flatMap((key) => ('getPublicSSH' in Object(key) ? [key as ParsedKey] : [])) }
          : { keys: [], why: `the agent at ${socket} does not answer` },
      );
    });
  });
}
