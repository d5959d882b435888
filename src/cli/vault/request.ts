import type { ConfigRequest } from '../../config/load.ts';
import { typedPassword } from '../../config/vault/password.ts';
import type { Secret } from '../../core/secret.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** The options of every command that may need a vault. */
export interface VaultOptions {
  readonly askVaultPass?: boolean;
  readonly vaultPasswordFile?: string;
  /** Each `--vault-id`. */
  readonly vaultId?: readonly string[];
}

/** The options of every command that reads the operator's files. */
export interface FileOptions extends VaultOptions {
  /** Each `-i`. */
  readonly inventory?: readonly string[];
  readonly limit?: string;
}

/** The questions of one command line about vault passwords. Each is asked at most once. */
export interface VaultQuestions {
  /** Asks for the password without an id; `undefined` if nothing was typed. */
  ask(): Promise<Secret<Buffer> | undefined>;
  /** Asks for the password of an id. */
  askId(id: string): Promise<Secret<Buffer> | undefined>;
  /** Sets the password without an id, instead of asking. */
  give(password: Secret<Buffer>): void;
  /** Whether that password was asked for or given. */
  known(): boolean;
}

/** The questions on a terminal; `pause` is called before each. */
export function vaultQuestions(terminal: Terminal, signal: AbortSignal, pause: () => void = () => {}): VaultQuestions {
  const answers = new Map<string, Promise<Secret<Buffer> | undefined>>();
  const once = (question: string): Promise<Secret<Buffer> | undefined> => {
    const answer = answers.get(question) ?? askAloud(question);
    answers.set(question, answer);
    return answer;
  };
  const askAloud = async (question: string): Promise<Secret<Buffer> | undefined> => {
    if (!terminal.interactive) return undefined;
    pause();
    return typedPassword((await terminal.askHidden(question, signal)) ?? '');
  };
  return {
    ask: () => once(PLAIN),
    askId: (id) => once(`Vault password (${id}): `),
    give: (password) => void answers.set(PLAIN, Promise.resolve(password)),
    known: () => answers.has(PLAIN),
  };
}

const PLAIN = 'Vault password: ';

/** The request for the operator's files: the user's environment, the inventories and all of Ansible's sources of vault passwords. */
export function fileRequest(terminal: Terminal, options: FileOptions, questions: VaultQuestions): ConfigRequest {
  const { cwd, home, userName, environment } = terminal;
  return {
    cwd,
    home,
    userName,
    environment,
    inventories: options.inventory ?? [],
    limit: options.limit,
    vaultPasswordFile: options.vaultPasswordFile,
    vaultIds: options.vaultId,
    askVaultId: terminal.interactive ? (id) => questions.askId(id) : undefined,
    askVaultPassword: options.askVaultPass === true || questions.known() ? () => questions.ask() : undefined,
  };
}

/** The words of a command line that repeat these options. */
export function fileWords(options: FileOptions): readonly string[] {
  const { inventory, limit, vaultPasswordFile, vaultId, askVaultPass } = options;
  return [
    ...(inventory ?? []).flatMap((source) => ['-i', source]),
    ...(limit === undefined ? [] : ['--limit', limit]),
    ...(vaultPasswordFile === undefined ? [] : ['--vault-password-file', vaultPasswordFile]),
    ...(vaultId ?? []).flatMap((source) => ['--vault-id', source]),
    ...(askVaultPass === true ? ['--ask-vault-pass'] : []),
  ];
}
