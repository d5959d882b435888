import { resolve } from 'node:path';
import { fail, ok, type Result } from '../../core/problem.ts';
import type { Secret } from '../../core/secret.ts';
import type { AnsibleSettings } from '../ansible-cfg/settings.ts';
import { shownPath } from '../shown-path.ts';
import { Keyring } from './keyring.ts';
import { askedPassword, filePassword, type OpenText, type PasswordSource } from './password.ts';
import { isPrompt } from './prompt.ts';

/** The choice of vault passwords by a command line. */
export interface VaultRequest {
  readonly cwd: string;
  readonly home: string;
  /** `--vault-password-file`. */
  readonly vaultPasswordFile: string | undefined;
  /** Each `--vault-id`: `ID@SOURCE` or `SOURCE`, as in Ansible. */
  readonly vaultIds?: readonly string[] | undefined;
  /** Asks for the password of `ID@prompt`; undefined without a terminal. */
  readonly askVaultId?: ((id: string) => Promise<Secret<Buffer> | undefined>) | undefined;
  /** `--ask-vault-pass`. Called at most once, and only if a file is encrypted. */
  readonly askVaultPassword: (() => Promise<Secret<Buffer> | undefined>) | undefined;
}

/** Makes a source that may use the sources before it. */
type Make = (opens: OpenText) => PasswordSource;

/**
 * All sources of vault passwords, in the order in which they are tried: a typed one, then in Ansible's order the identities of its settings,
 * each `--vault-id`, `--vault-password-file` and the file of its settings. A password file that is itself encrypted is opened with the
 * sources before it.
 */
export function passwordSources(
  request: VaultRequest,
  { vaultIdentities, vaultPasswordFile }: Pick<AnsibleSettings, 'vaultPasswordFile' | 'vaultIdentities'>,
): readonly PasswordSource[] {
  const { cwd, home, askVaultId, askVaultPassword: ask } = request;
  const typedFile = request.vaultPasswordFile;
  // A job without a terminal still opens what its other sources open.
  const identities = vaultIdentities.filter(({ path }) => path !== undefined || askVaultId !== undefined);
  const makes: readonly Make[] = [
    ...(ask === undefined ? [] : [() => askedPassword(ask)]),
    ...identities.map(({ id, path }): Make =>
      path === undefined
        ? () => promptSource(id, request)
        : (opens) => filePassword(path, shownPath(path, cwd), id, opens),
    ),
    ...(request.vaultIds ?? []).map(
      (text): Make =>
        (opens) =>
          identitySource(text, request, opens),
    ),
    ...(typedFile === undefined
      ? []
      : [(opens: OpenText) => filePassword(pathOf(typedFile, cwd, home), typedFile, undefined, opens)]),
    ...(vaultPasswordFile === undefined
      ? []
      : [(opens: OpenText) => filePassword(vaultPasswordFile, shownPath(vaultPasswordFile, cwd), undefined, opens)]),
  ];
  const sources: PasswordSource[] = [];
  for (const make of makes) sources.push(make(openedWith(new Keyring([...sources]))));
  return sources;
}

/** Opens encrypted password files with the passwords of a keyring. */
export function openedWith(keyring: Keyring): OpenText {
  return async (text, file): Promise<Result<Buffer>> => {
    const opened = await keyring.unlock(text, { file });
    if (!opened.ok) return opened;
    if (opened.value.state === 'open') return ok(opened.value.bytes);
    return fail({
      code: 'vault.password-encrypted',
      summary: 'the file with the vault password is itself encrypted',
      detail: `Expected a password from a source before ${file}, which opens it, found no such source.`,
      fix: `run again with --ask-vault-pass, or with --vault-id ID@FILE for the password that opens ${file}`,
      where: { file },
    });
  };
}

// Ansible splits at the first @; without one the text is the source.
function identitySource(text: string, request: VaultRequest, opens: OpenText): PasswordSource {
  const at = text.indexOf('@');
  const [id, source] = at < 0 ? [undefined, text] : [text.slice(0, at), text.slice(at + 1)];
  const named = id === '' ? undefined : id;
  return isPrompt(source)
    ? promptSource(named, request)
    : filePassword(pathOf(source, request.cwd, request.home), source, named, opens);
}

function promptSource(id: string | undefined, { askVaultId }: VaultRequest): PasswordSource {
  return askedPassword(() => askVaultId?.(id ?? 'default') ?? Promise.resolve(undefined), id);
}

function pathOf(text: string, cwd: string, home: string): string {
  return resolve(cwd, text.replace(/^~(?=\/)/, home));
}
