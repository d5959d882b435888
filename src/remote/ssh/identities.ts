import { access } from 'node:fs/promises';
import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import type { Secret } from '../../core/secret.ts';
import { shellLine } from '../../core/shell.ts';
import { agentWith, keysOfAgent, type AgentKey } from './agent.ts';
import { keyFingerprint } from './host-key.ts';
import { keyboardInteractive } from './keyboard-interactive.ts';
import { LockedKeyAgent } from './locked-key.ts';
import { parsePublicKey, readPrivateKey, type PrivateKey } from './private-key.ts';
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

/**
 * Gathers the attempts: the inventory's keys; keys of ssh_config that the agent has; files that ssh_config names; the agent's
 * other keys; the default files; then the password. OpenSSH tries the agent's other keys before all files, and an agent with many
 * keys then uses up the server's MaxAuthTries.
 */
export async function gatherIdentities(
  settings: SshSettings,
  password: Secret | undefined,
  signal: AbortSignal,
): Promise<Identities> {
  const { user: username, agentSocket, identitiesOnly, usualKeysAreDefaults } = settings;
  const [named = [], usual = []] = await Promise.all(
    [settings.namedKeys, settings.usualKeys].map((files) => Promise.all(files.map(readPrivateKey))),
  );
  const agent = agentSocket === undefined ? { keys: [] } : await keysOfAgent(agentSocket, signal);
  const held = (key: Buffer | undefined): ParsedKey | undefined =>
    key === undefined ? undefined : agent.keys.find((each) => each.getPublicSSH().equals(key));
  const ofAgent = (key: ParsedKey): Candidate[] =>
    agentSocket === undefined
      ? []
      : [
          {
            key,
            label: `${key.comment === '' ? 'a key' : key.comment} from the agent (${inWords(key)})`,
            methodOf: (signing, hash) => {
              const offered = { key: signing, held: key, hash };
              return { type: 'agent', username, agent: agentWith(agentSocket, offered, signal) };
            },
          },
        ];
  const ofFile = (file: PrivateKey): Candidate[] => {
    if (file.state === 'usable')
      return [
        {
          key: file.key,
          label: `${file.file} (${inWords(file.key)})`,
          methodOf: (key) => ({ type: 'publickey', username, key: asKeyOption(key) }),
        },
      ];
    const key = file.state === 'encrypted' || file.state === 'public' ? held(file.publicKey) : undefined;
    return key === undefined ? ofLocked(file) : ofAgent(key);
  };
  const stillLocked = new Map<string, string>();
  const ofLocked = (file: PrivateKey): Candidate[] => {
    const { prompts } = settings;
    if (file.state !== 'encrypted' || prompts === undefined || file.publicKey === undefined) return [];
    const key = parsePublicKey(file.publicKey);
    if (key === undefined) return [];
    const unlock = async (): Promise<ParsedKey | undefined> => {
      const unlocked = await prompts.unlock(file.file, signal);
      if (unlocked === undefined) stillLocked.set(file.file, shellLine(['ssh-add', file.file]));
      return unlocked;
    };
    return [
      {
        key,
        label: `${file.file} (${inWords(key)}, encrypted)`,
        methodOf: (offered, hash) => ({ type: 'agent', username, agent: new LockedKeyAgent(offered, hash, unlock) }),
      },
    ];
  };
  const inAgent = (file: PrivateKey): Candidate[] => {
    const key = file.state === 'usable' ? held(file.key.getPublicSSH()) : undefined;
    return key === undefined ? (file.state === 'usable' ? [] : ofFile(file)) : ofAgent(key);
  };
  const others = identitiesOnly ? [] : agent.keys.flatMap(ofAgent);
  const files = usual.flatMap(ofFile);
  const candidates = [
    ...named.flatMap(ofFile),
    ...usual.flatMap(inAgent),
    ...(usualKeysAreDefaults ? [...others, ...files] : [...files, ...others]),
  ];
  const once = candidates.filter(
    ({ key }, index) => candidates.findIndex((other) => other.key.getPublicSSH().equals(key.getPublicSSH())) === index,
  );
  const certificates = await Promise.all(
    [...named, ...usual].map(async ({ file }) => ((await exists(`${file}-cert.pub`)) ? `${file}-cert.pub` : undefined)),
  );
  const closed = [...named, ...usual.filter(({ state }) => state !== 'missing')].flatMap((file) =>
    reasonsOf(file, (key) => held(key) !== undefined, settings),
  );
  const unusable = [
    ...closed,
    ...(agent.why === undefined ? [] : [{ label: agent.why, fix: undefined }]),
    ...[...settings.certificates, ...certificates.filter((file) => file !== undefined)].map((file) =>
      certificate(file, settings),
    ),
  ];
  return {
    attempts: [...attemptsOf(once), ...ofPassword(settings, password, signal)],
    // An encrypted key that the server takes may stay locked during the login.
    get unusable() {
      const locked = [...stillLocked].map(([file, fix]) => ({
        label: `${file} stays locked, without its passphrase`,
        fix,
      }));
      return [...unusable, ...locked];
    },
  };
}

interface Candidate {
  readonly key: ParsedKey;
  readonly label: string;
  methodOf(key: ParsedKey, hash: AgentKey['hash']): AnyAuthMethod;
}

// ssh2 chooses one hash for an RSA key, SHA-1 if the server names none. A key that calls itself after its algorithm signs with exactly
// that one: first SHA-512 as in OpenSSH, and after all other keys SHA-256, for servers that take it alone.
function attemptsOf(candidates: readonly Candidate[]): AuthAttempt[] {
  const rsa = (candidate: Candidate, hash: 'sha512' | 'sha256'): AuthAttempt => {
    const { key } = candidate;
    const type = hash === 'sha512' ? 'rsa-sha2-512' : 'rsa-sha2-256';
    const signing = Object.create(key, {
      type: { value: type },
      sign: { value: (data: Buffer) => key.sign(data, hash) },
    }) as ParsedKey; // the key itself with another name, which ssh2 writes as the algorithm
    const label = hash === 'sha512' ? candidate.label : `${candidate.label} with rsa-sha2-256`;
    return { label, method: candidate.methodOf(signing, hash) };
  };
  const isRsa = ({ key }: Candidate): boolean => key.type === 'ssh-rsa';
  return [
    ...candidates.map((candidate) =>
      isRsa(candidate)
        ? rsa(candidate, 'sha512')
        : { label: candidate.label, method: candidate.methodOf(candidate.key, undefined) },
    ),
    ...candidates.filter(isRsa).map((candidate) => rsa(candidate, 'sha256')),
  ];
}

// ssh2 takes a parsed key, too (its parseKey gives it back), which its types leave out.
function asKeyOption(key: ParsedKey): string {
  return key as unknown as string;
}

function certificate(file: string, { withOpenSsh }: SshSettings): Identities['unusable'][number] {
  return {
    label: `${file} is a user certificate, which hxllm cannot use without the installed ssh; a server that trusts certificates alone refuses the key alone: add its public key to ~/.ssh/authorized_keys on the host`,
    fix: withOpenSsh,
  };
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function inWords(key: ParsedKey): string {
  return `${key.type} ${keyFingerprint(key.getPublicSSH())}`;
}

function ofPassword(
  { user: username, hostName, prompts }: SshSettings,
  password: Secret | undefined,
  signal: AbortSignal,
): AuthAttempt[] {
  const answers = keyboardInteractive(username, hostName, password, prompts, signal);
  if (password === undefined) return prompts === undefined ? [] : [{ label: 'keyboard-interactive', method: answers }];
  // The password leaves this process only for the server, after its host key was verified. PAM often accepts it only as
  // an answer.
  return [
    { label: 'the password', method: { type: 'password', username, password: password.reveal() } },
    { label: 'the password as an answer', method: answers },
  ];
}

/** The reason why a key file is not tried, if there is one. `isHeld`: whether the agent has a key. */
export function reasonsOf(
  file: PrivateKey,
  isHeld: (key: Buffer | undefined) => boolean,
  { prompts, withOpenSsh }: SshSettings,
): Identities['unusable'] {
  if (file.state === 'missing') return [{ label: `${file.file} does not exist`, fix: undefined }];
  if (file.state === 'unusable')
    return [
      {
        label: `${file.file} cannot be used (${file.why})`,
        fix: file.fix ?? (file.foreign === true ? withOpenSsh : undefined),
      },
    ];
  if (file.state === 'usable' || isHeld(file.publicKey)) return [];
  if (file.state === 'public')
    return [
      {
        label: `${file.file} has a public key only, and no agent has its private key`,
        fix: `ssh-add -L  # Expected this key in the list: ${file.file}. Start its agent, or name its socket as IdentityAgent in ~/.ssh/config`,
      },
    ];
  if (prompts !== undefined && file.publicKey !== undefined) return [];
  const locked = `${file.file} is encrypted, and no agent has the key`;
  return prompts === undefined
    ? [
        {
          label: `${locked}. There is no terminal to ask for its passphrase`,
          fix: shellLine(['ssh-add', file.file]),
        },
      ]
    : [
        {
          label: `${locked}. Before its passphrase is asked for, its public key must be known: ${file.file}.pub is missing`,
          fix: `${shellLine(['ssh-keygen', '-yf', file.file])} >${shellLine([`${file.file}.pub`])}`,
        },
      ];
}
