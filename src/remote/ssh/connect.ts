import type { Forward, Host, Target } from '../../core/host.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import type { Person } from '../person.ts';
import { dial, type Line } from './dial.ts';
import { openForward } from './forward.ts';
import { runSession } from './session.ts';
import { resolveSettings, type SshSettings } from './settings.ts';
import { createSlots } from './slots.ts';
import { stopped } from './unreachable.ts';
import { openWay, type Way } from './way.ts';

/** Sessions at once on one connection; OpenSSH's MaxSessions is 10, and forwards need some. */
const SESSIONS_MAX = 8;

/** Connects over SSH: settings, the way there, the verified and authenticated connection. */
export async function connectSsh(person: Person, target: Target, signal: AbortSignal): Promise<Result<Host>> {
  const settings = await resolveSettings(person, target, signal);
  if (signal.aborted) return fail(stopped(target.name));
  if (!settings.ok) return settings;
  const way = await openWay(person, target, settings.value, signal);
  if (!way.ok) return way;
  const line = await dial(settings.value, target.password, way.value.stream, signal);
  if (line.ok) return ok(createSshHost(target, settings.value, line.value, way.value));
  await way.value.close();
  const complaint = way.value.complaint();
  const [problem] = line.problems;
  return complaint === ''
    ? line
    : fail({ ...problem, detail: `${problem.detail} The ProxyCommand said: ${complaint}` });
}

function createSshHost(target: Target, settings: SshSettings, line: Line, way: Way): Host {
  const { client } = line;
  const slots = createSlots(SESSIONS_MAX);
  const forwards = new Set<Forward>();
  return {
    name: target.name,
    address: target.address,
    run: (command, options) => slots.use(() => runSession(settings, client, command, options)),
    forward: async (port) => {
      const opened = await openForward(settings, client, port);
      if (opened.ok) forwards.add(opened.value);
      return opened;
    },
    close: async () => {
      await Promise.all([...forwards].map((forward) => forward.close()));
      await line.close();
      await way.close();
    },
  };
}
