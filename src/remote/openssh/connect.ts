import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Forward, Host, Target } from '../../core/host.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { shellLine } from '../../core/shell.ts';
import type { LocalUser } from '../local-user.ts';
import { SessionPool, type Link } from '../session-pool.ts';
import { openForward } from '../ssh/forward.ts';
import { readHostKeys } from '../ssh/host-key.ts';
import { tryPort } from '../ssh/port-trial.ts';
import { resolveSettings, type SshSettings } from '../ssh/settings.ts';
import { jumpTargets } from '../ssh/tunnel.ts';
import { stopped } from '../ssh/unreachable.ts';
import { speakTls } from '../tls/tls.ts';
import { hopArguments, sharedArguments, type Login } from './arguments.ts';
import { serveQuestions } from './askpass.ts';
import { startProblem } from './failure.ts';
import { wordsBeforeQuestion } from './login-log.ts';
import { Questions } from './questions.ts';
import { createRunFolder, type RunFolder } from './run-folder.ts';
import { endGroup, runSession } from './session.ts';
import { readLog, SharedConnection, type SharedStart } from './shared-connection.ts';
import { openStream } from './stream.ts';
import { judgeOpenSsh } from './version.ts';

/** As sshd's LoginGraceTime: a login may wait for a directory server, PAM or the touch of a key. */
const LOGIN_TIMEOUT_MS = 120_000;

/** ssh itself gives up first, and says why. */
const GIVEN_UP_AFTER_MS = 1500;

/** A host on the way, with its settings. */
interface Stop {
  readonly target: Target;
  readonly settings: SshSettings;
}

interface SharedLink extends Link {
  readonly shared: SharedConnection;
}

/** Connects by the installed `ssh`: one process holds the connection, and each command is a session of it. */
export async function connectOpenSsh(localUser: LocalUser, target: Target, signal: AbortSignal): Promise<Result<Host>> {
  const unfit = await judgeOpenSsh(localUser, signal);
  if (signal.aborted) return fail(stopped(target.name));
  if (unfit !== undefined) return fail({ ...unfit, where: { host: target.name } });
  const way = await wayTo(localUser, target, signal);
  if (signal.aborted) return fail(stopped(target.name));
  if (!way.ok) return way;
  const folder = await createRunFolder(localUser, target.name, way.value.length);
  if (!folder.ok) return folder;
  const host = await connectIn(folder.value, localUser, way.value, signal).catch(async (error: unknown) => {
    await folder.value.remove();
    throw error;
  });
  if (!host.ok) await folder.value.remove();
  return host;
}

/** The jump hosts from the nearest on, then the host. */
async function wayTo(localUser: LocalUser, target: Target, signal: AbortSignal): Promise<Result<readonly Stop[]>> {
  const settings = await resolveSettings(localUser, target, signal);
  if (!settings.ok) return settings;
  const way: Stop[] = [];
  for (const jump of jumpTargets(target, settings.value)) {
    const hop = { ...jump, name: `${target.name} (through ${jump.name})` };
    const hopSettings = await resolveSettings(localUser, hop, signal);
    if (!hopSettings.ok) return hopSettings;
    way.push({ target: hop, settings: hopSettings.value });
  }
  return ok([...way, { target, settings: settings.value }]);
}

async function connectIn(
  folder: RunFolder,
  localUser: LocalUser,
  way: readonly Stop[],
  signal: AbortSignal,
): Promise<Result<Host>> {
  const last = way.at(-1);
  if (last === undefined) throw new Error('a way without a host');
  const { target, settings } = last;
  let [count, log] = [0, ''];
  const questions = new Questions(settings, target.password, () => Promise.resolve(wordsBeforeQuestion(readLog(log))));
  const server = await serveQuestions(folder.questions, questions.answer);
  const asks = settings.prompts !== undefined || target.password !== undefined;
  const open = async (until: AbortSignal): Promise<Result<SharedLink>> => {
    count += 1;
    const control = join(folder.path, `m${String(count)}`);
    const logins = await loginsOf(folder, way, asks);
    const login = logins.at(-1);
    if (login === undefined) throw new Error('a way without a host');
    ({ log } = login);
    const start: SharedStart = {
      localUser,
      folder: folder.path,
      askpass: folder.askpass(0),
      argv: sharedArguments(login, control),
      control,
      log: login.log,
      greetingMs: settings.connectTimeoutMs * way.length + GIVEN_UP_AFTER_MS,
      loginMs: LOGIN_TIMEOUT_MS,
    };
    const shared = new SharedConnection(start);
    const end = await shared.opened(start, until);
    if (end === 'open') return ok(linkOf(settings, shared, open));
    await shared.close();
    const { locked } = questions;
    return fail(await startProblem({ logins, end, said: shared.said, locked, loginMs: LOGIN_TIMEOUT_MS }));
  };
  const first = await open(signal);
  const end = async (): Promise<void> => {
    await server.close();
    await folder.remove();
  };
  if (first.ok) return ok(hostOf(target, settings, first.value, open, end));
  await end();
  return first;
}

let logs = 0;

/** The logins on a way, each behind the one before it. */
async function loginsOf(folder: RunFolder, way: readonly Stop[], asks: boolean): Promise<readonly Login[]> {
  const logins: Login[] = [];
  let through: string | undefined;
  for (const [index, { target, settings }] of way.entries()) {
    logs += 1;
    const known = settings.checkHostKey || (await readHostKeys(settings, NEVER)).entries.length > 0;
    const login: Login = {
      target,
      settings,
      through,
      asks: asks && (index === way.length - 1 || settings.prompts !== undefined),
      log: join(folder.path, `log-${String(logs)}`),
      // A known host must show a known key, as by the other transport.
      newKeys: known ? undefined : join(folder.path, `keys-${String(index)}`),
    };
    logins.push(login);
    const next = way[index + 1];
    if (next === undefined) continue;
    through = join(folder.path, `way-${String(logs)}`);
    const askpass = shellLine([folder.askpass(index + 1)]);
    await writeFile(through, `SSH_ASKPASS=${askpass} exec ${shellLine(hopArguments(login, next.settings))}\n`, {
      mode: 0o600,
    });
  }
  return logins;
}

const NEVER = new AbortController().signal;

function linkOf(
  settings: SshSettings,
  shared: SharedConnection,
  open: (signal: AbortSignal) => Promise<Result<SharedLink>>,
): SharedLink {
  const endElsewhere = async (group: string): Promise<void> => {
    const other = await open(NEVER);
    if (!other.ok) return;
    await endGroup(other.value.shared, group);
    await other.value.close();
  };
  return {
    shared,
    run: (command, options, onOpen) => runSession(settings, shared, command, options, onOpen, endElsewhere),
    close: () => shared.close(),
  };
}

function hostOf(
  target: Target,
  settings: SshSettings,
  first: SharedLink,
  open: (signal: AbortSignal) => Promise<Result<Link>>,
  end: () => Promise<void>,
): Host {
  const pool = new SessionPool(settings, first, open);
  const forwards = new Set<Forward>();
  return {
    name: target.name,
    address: target.address,
    user: settings.user,
    run: (command, options) => pool.run(command, options),
    forward: async (address, port) => {
      const opened = await openForward(settings, (signal) => openStream(first.shared, address, port, signal));
      if (opened.ok) forwards.add(opened.value);
      return opened;
    },
    tryPort: (port, options) => tryPort(settings, port, options),
    tls: (request, options) =>
      speakTls(
        target.name,
        (hostname, port, signal) => openStream(first.shared, hostname, port, signal),
        request,
        options,
      ),
    close: async () => {
      await Promise.all([...forwards].map((forward) => forward.close()));
      await pool.close();
      await end();
    },
  };
}
