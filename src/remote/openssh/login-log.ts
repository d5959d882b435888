import type { KeyInWords } from '../ssh/host-key.ts';

/** A key that ssh offered. */
export interface OfferedKey {
  readonly file: string;
  readonly type: string;
  readonly fingerprint: string;
  readonly fromAgent: boolean;
  readonly inPart: boolean;
}

/** A login as the log of `ssh -v` tells it. */
export interface LoginLog {
  /** The TCP connection stands. */
  readonly connected: boolean;
  /** The server has sent its version. */
  readonly greeted: boolean;
  /** The keys are exchanged: the host key was accepted. */
  readonly exchanged: boolean;
  readonly authenticated: boolean;
  readonly hostKey: KeyInWords | undefined;
  readonly keys: readonly OfferedKey[];
  /** The methods that were tried, without `none` and `publickey`, in order. */
  readonly methods: readonly string[];
  /** The methods that can continue, by the server's last answer. */
  readonly accepted: readonly string[] | undefined;
  /** The lines for people, which are not the debugger's. */
  readonly said: readonly string[];
}

/** ssh names a kind of key by its algorithm (sshkey.c). */
const TYPES: Readonly<Record<string, string>> = {
  RSA: 'ssh-rsa',
  ED25519: 'ssh-ed25519',
  'ED25519-SK': 'sk-ssh-ed25519@openssh.com',
  'ECDSA-SK': 'sk-ecdsa-sha2-nistp256@openssh.com',
};

const OFFERED = /^debug1: Offering public key: (.*) (\S+) (SHA256:\S+)((?: (?:explicit|agent|token|authenticator))*)$/;

/** Reads the log of one ssh process. */
export function parseLoginLog(text: string): LoginLog {
  const lines = text.split(/\r?\n/);
  const first = (pattern: RegExp): RegExpExecArray | undefined =>
    lines.map((line) => pattern.exec(line)).find((found) => found !== null);
  const has = (pattern: RegExp): boolean => first(pattern) !== undefined;
  const keys: OfferedKey[] = [];
  const methods: string[] = [];
  let accepted: readonly string[] | undefined;
  for (const line of lines) {
    const [, file, type = '', fingerprint = '', marks = ''] = OFFERED.exec(line) ?? [];
    if (file !== undefined)
      keys.push({ file, type: TYPES[type] ?? type, fingerprint, fromAgent: marks.includes('agent'), inPart: false });
    const [, method] = /^debug1: Next authentication method: (\S+)/.exec(line) ?? [];
    if (method !== undefined && method !== 'publickey') methods.push(method);
    const [, open] = /^debug1: Authentications that can continue: (.*)$/.exec(line) ?? [];
    if (open !== undefined) accepted = open.split(',').filter((each) => each !== '');
    const last = keys.at(-1);
    if (/with partial success/.test(line) && last !== undefined) keys.splice(-1, 1, { ...last, inPart: true });
  }
  const [, type, fingerprint] = first(/^debug1: Server host key: (\S+) (SHA256:\S+)/) ?? [];
  return {
    connected: has(/^debug1: (?:Connection established|Executing proxy command)/),
    greeted: has(/^debug1: Remote protocol version/),
    exchanged: has(/^debug1: SSH2_MSG_NEWKEYS received/),
    authenticated: has(/^Authenticated to |^debug1: Authentication succeeded/),
    hostKey: type === undefined || fingerprint === undefined ? undefined : { type, fingerprint },
    keys,
    methods,
    accepted,
    said: lines.map((line) => line.trim()).filter((line) => line !== '' && !/^(?:debug\d: |OpenSSH_)/.test(line)),
  };
}

/** The words of a server that belong to its next question: ssh logs them and does not ask with them. */
export function wordsBeforeQuestion(text: string): string {
  const lines = text.trimEnd().split(/\r?\n/);
  const from = lines.findLastIndex((line) => /^(?:debug\d: |Authenticated )/.test(line)) + 1;
  return lines.slice(from).join('\n').trim();
}
