import { shellLine } from '../../../core/shell.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import type { ExistingLitellm, LitellmUnit } from '../../../facts/existing/existing.ts';
import { copiedPaths } from '../../../facts/foreign.ts';
import { isLitellmUnit, untakeable } from '../../../facts/untakeable.ts';
import { commandOn, knowing, lineOn, type PreflightCheck, type PreflightSubject } from '../subject.ts';

const after = ['system.bash', 'privilege.sudo'];

/** The LiteLLM that a host has already, and the part of it that a take-over replaces. `place.*` judges the paths of hxllm itself. */
export const EXISTING: readonly PreflightCheck[] = [
  {
    id: 'existing.programs',
    title: 'no LiteLLM is installed',
    severity: 'note',
    why: 'Looks for virtual environments and other installations of LiteLLM, with its version and that of Python. They need space and updates as long as they stay.',
    remedy: 'Nothing is to do before a take-over. Remove the virtual environment when nobody goes back to it.',
    asks: ['existing'],
    after,
    judge: onHost(judgePrograms),
  },
  {
    id: 'existing.services',
    title: 'no other LiteLLM runs',
    severity: 'warning',
    why: 'Looks for units of the system and of users by other names, and for processes of LiteLLM outside of litellm.service. A take-over does not touch them, so clients can go on using them.',
    remedy: 'Stop and disable the units when their clients use the new gateway.',
    asks: ['existing'],
    after,
    judge: onHost(judgeServices),
  },
  {
    id: 'existing.containers',
    title: 'no LiteLLM runs in a container',
    severity: 'warning',
    why: 'Asks Docker and Podman for containers of LiteLLM. A take-over does not touch containers, and a running one can hold the port.',
    remedy: 'Stop the container, and remove it when nobody goes back to it.',
    asks: ['existing'],
    after,
    judge: onHost(judgeContainers),
  },
  {
    id: 'existing.configuration',
    title: 'no configuration of LiteLLM waits to be read',
    severity: 'note',
    why: 'Looks for configuration files that a LiteLLM on the host reads. hxllm reads the same format, so the file shows which aliases clients know.',
    remedy: 'Compare its aliases with litellm_models; hxllm gateway --config FILE --check names what hxllm leaves out.',
    asks: ['existing'],
    after,
    judge: onHost(judgeConfiguration),
  },
  {
    id: 'existing.database',
    title: 'no LiteLLM here has a database',
    severity: 'warning',
    why: 'Looks for DATABASE_URL and database_url, and shows server and name without user and password. Virtual keys, budgets and spend are in it; hxllm reads none of them, so clients with a virtual key are refused.',
    remedy: 'Give these clients litellm_master_key, or keep LiteLLM for them on another port.',
    asks: ['existing'],
    after,
    judge: onHost(judgeDatabase),
  },
  {
    id: 'existing.take-over',
    title: 'there is nothing to take over',
    severity: 'note',
    why: 'Says what enforce --take-over would copy, stop and replace, and what it would leave alone, from what was found here.',
    remedy: 'Run hxllm enforce --take-over --dry-run, which shows every step.',
    asks: ['existing', 'foreign'],
    after,
    judge: onHost(judgeTakeOver),
  },
];

function onHost(judge: (existing: ExistingLitellm, subject: PreflightSubject) => Verdict): PreflightCheck['judge'] {
  return (subject) =>
    subject.host.settings.serviceManager === 'process'
      ? notApplicable('litellm_service_manager is process: hxllm keeps to its own folder')
      : knowing((facts) => facts.existing, judge)(subject);
}

function judgePrograms({ programs, isCut }: ExistingLitellm, { host: { target } }: PreflightSubject): Verdict {
  if (programs.length === 0 && isCut)
    return unknown(
      'the search took longer than 6 s',
      commandOn(target, 'sudo', 'find', '/', '-xdev', '-path', '*/bin/litellm'),
    );
  if (programs.length === 0) return pass('no program litellm in /home, /root, /opt, /srv, /usr/local and /var/lib');
  const [first] = programs;
  return failed(
    'no program of LiteLLM',
    programs.map(wordsOf).join('; '),
    `nothing to do: a take-over leaves it alone  # when nobody goes back to it: ${shellLine(['sudo', 'rm', '-r', folderOf(first?.path ?? '')])}`,
  );
}

function wordsOf({ path, version, python, owner }: ExistingLitellm['programs'][number]): string {
  const versions = [
    version === '' ? 'LiteLLM' : `LiteLLM ${version}`,
    ...(python === '' ? [] : [`Python ${python}`]),
    `of ${owner}`,
  ];
  return `${path} (${versions.join(', ')})`;
}

function folderOf(program: string): string {
  return program.startsWith('/usr/') ? program : program.replace(/\/bin\/litellm$/, '');
}

function judgeServices({ units, processes }: ExistingLitellm, { host: { target } }: PreflightSubject): Verdict {
  const running = units.filter(({ state }) => !['inactive', 'failed'].includes(state));
  const names = new Set(running.map(({ path }) => path.slice(path.lastIndexOf('/') + 1)));
  // The unit of the guide is one of the foreign things, which a take-over stops; containers have a check of their own.
  const loose = processes.filter(
    ({ unit }) => unit !== 'litellm.service' && !names.has(unit) && !/^(?:docker|libpod)-/.test(unit),
  );
  const asleep = units.filter((unit) => !running.includes(unit)).map(({ path }) => path);
  if (running.length === 0 && loose.length === 0)
    return pass(asleep.length === 0 ? 'none' : `none; ${asleep.join(', ')} is not running`);
  const [unit] = running;
  const [process] = loose;
  const fix =
    unit !== undefined
      ? stopUnit(unit, target)
      : `${commandOn(target, 'sudo', 'kill', String(process?.pid ?? ''))}  # ${process?.unit === '' ? 'no unit' : (process?.unit ?? '')} started it`;
  return failed(
    'no other unit or process of LiteLLM',
    [
      ...running.map(({ path, user, state }) => `${path}${user === '' ? '' : ` of ${user}`} (${state})`),
      ...loose.map(
        ({ pid, user, unit: by, port }) =>
          `process ${String(pid)} of ${user}${by === '' ? '' : `, started by ${by}`}${port === '' ? '' : `, on port ${port}`}`,
      ),
    ].join('; '),
    fix,
  );
}

function stopUnit({ path, user }: LitellmUnit, target: PreflightSubject['host']['target']): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (user === '') return commandOn(target, 'sudo', 'systemctl', 'disable', '--now', name);
  if (user === 'any user') return lineOn(target, `systemctl --user disable --now ${name}`);
  return lineOn(
    target,
    shellLine([
      'sudo',
      '-u',
      user,
      'sh',
      '-c',
      `XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user disable --now ${name}`,
    ]),
  );
}

function judgeContainers({ containers }: ExistingLitellm, { host: { target } }: PreflightSubject): Verdict {
  const running = containers.filter(({ state }) => /^(?:Up|Restarting|running)/i.test(state));
  const [first] = running;
  if (first === undefined)
    return pass(
      containers.length === 0
        ? 'none'
        : `none; ${containers.map(({ name, state }) => `${name} is there (${state})`).join(', ')}`,
    );
  return failed(
    'no running container of LiteLLM',
    running
      .map(
        ({ engine, name, image, state, ports }) =>
          `${engine}: ${name} of ${image} (${state}${ports === '' ? '' : `, ${ports}`})`,
      )
      .join('; '),
    lineOn(target, `sudo ${first.engine} update --restart=no ${first.name}; sudo ${first.engine} stop ${first.name}`),
  );
}

function judgeConfiguration({ configs }: ExistingLitellm, { host: { target } }: PreflightSubject): Verdict {
  const [first] = configs;
  if (first === undefined) return pass('none but hxllm’s own');
  return failed(
    'no configuration but hxllm’s own',
    configs
      .map(
        ({ path, entries }) => `${path} with ${String(entries)} ${entries === 1 ? 'entry' : 'entries'} in model_list`,
      )
      .join('; '),
    `${commandOn(target, 'sudo', 'cat', first.path)} > theirs.yaml; hxllm gateway --config theirs.yaml --check  # keep theirs.yaml private: it may hold keys`,
  );
}

function judgeDatabase({ databases }: ExistingLitellm): Verdict {
  if (databases.length === 0) return pass('none was named');
  return failed(
    'no database with virtual keys, which hxllm would not read',
    databases.map(({ where, url }) => `${url}, named by ${where}`).join('; '),
    'give clients with virtual keys litellm_master_key, or keep LiteLLM for them on another port  # a take-over leaves the database alone',
  );
}

function judgeTakeOver(existing: ExistingLitellm, { host: { target, settings }, seen }: PreflightSubject): Verdict {
  const fact = seen.reached ? seen.facts.foreign : undefined;
  if (fact?.known !== true) return unknown(fact?.why ?? 'it was not asked');
  const foreign = fact.value;
  const left = [
    ...existing.programs.map(({ path }) => folderOf(path)),
    ...existing.units.map(({ path }) => path),
    ...existing.containers.map(({ engine, name }) => `${engine} container ${name}`),
    ...existing.configs.map(({ path }) => path).filter((path) => !copiedPaths(foreign).includes(path)),
    ...new Set(existing.databases.map(({ url }) => url)),
  ];
  const untouched = left.length === 0 ? '' : `; it would not touch ${left.join(', ')}`;
  if (foreign.length === 0 && left.length === 0) return pass('no LiteLLM was found');
  const wanted = 'a host without LiteLLM';
  const fix = shellLine(['hxllm', 'enforce', '--limit', target.name, '--take-over', '--dry-run']);
  if (foreign.length === 0)
    return failed(
      wanted,
      `enforce needs no --take-over: nothing is at the paths and the port of hxllm${untouched}`,
      shellLine(['hxllm', 'enforce', '--limit', target.name, '--dry-run']),
    );
  const refused = untakeable(foreign);
  if (refused.length > 0)
    return failed(
      wanted,
      `a take-over would refuse: ${refused.map(({ looksLike }) => looksLike).join('; ')}${untouched}`,
      'see place.replaceable',
    );
  const copied = copiedPaths(foreign);
  const stopped = [...new Set(foreign.filter((one) => isLitellmUnit(one)).flatMap(({ unit }) => unit ?? []))];
  return failed(
    wanted,
    [
      `a take-over would ${copied.length === 0 ? 'copy nothing' : `copy ${copied.join(', ')} to /var/backups/litellm-TIME (0700, of root)`}`,
      ...(stopped.length === 0 ? [] : [`stop ${stopped.join(', ')}`]),
      `put hxllm’s files in their place on port ${String(settings.port)}, and print the command that puts the old ones back`,
    ].join(', ') + untouched,
    fix,
  );
}
