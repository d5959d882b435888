import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectSsh } from '../../../src/remote/ssh/connect.ts';
import { must } from '../../lab/command.ts';
import { startDelayRelay, type DelayRelay } from '../../lab/delay-relay.ts';
import type { LabHost } from '../../lab/host/host.ts';
import { down, up } from '../../lab/lab.ts';
import { takeLease } from '../../lab/lease.ts';
import { KEY, USER } from '../../lab/place.ts';
import { targetOf } from '../../remote/target.ts';
import { bootBenchHosts, settle, withManyHosts } from './hosts.ts';
import { measure, difference } from './measure.ts';
import { readOptions, USAGE, type Options, type Setting } from './options.ts';
import { deployTable, judge, type Row } from './report.ts';
import { TASKS, TOOLS, type Task, type Tool, type Workspace } from './tools.ts';
import { changeVariable, createInventory, installProgram, takePayload } from './workspace.ts';

// npm run bench:deploy [-- OPTIONS]: hxllm and Ansible do the same work on hosts of the lab that are alike.

/** A tool with hosts of its own behind their relays, and its operator's folder. */
interface Lane {
  readonly tool: Tool;
  readonly hosts: readonly LabHost[];
  readonly relays: readonly DelayRelay[];
  readonly folder: string;
}

let options: Options | 'help' | undefined;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 64;
}
if (options === 'help') process.stdout.write(USAGE);
else if (options !== undefined)
  try {
    await main(options);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }

async function main({ settings, tools }: Options): Promise<void> {
  const lease = takeLease();
  if (!lease.ok) throw new Error(`${lease.problems[0].summary}: ${lease.problems[0].detail}`);
  const folder = mkdtempSync(join(tmpdir(), 'hxb-'));
  const rows: Row[] = [];
  let login: number | undefined;
  try {
    const [ansible = ''] = (await must(['ansible-playbook', '--version'])).split('\n');
    process.stdout.write(
      `${new Date().toISOString().slice(0, 10)}, ${String(cpus().length)} cores (${cpus()[0]?.model ?? ''}), Linux ${release()}, node ${process.version}, ${ansible}\n\n`,
    );
    const program = await installProgram(folder);
    for (const setting of settings) {
      const chosen = TOOLS.filter(({ name }) => name === 'hxllm' || (setting.rivals && tools.test(name)));
      const measured = await runSetting(setting, chosen, { folder, program });
      rows.push(...measured.rows);
      process.stdout.write('\n');
      if (setting.name === '1 host, 100 ms') login = measured.login;
    }
    if (login !== undefined)
      process.stdout.write(`A connection that only authenticates: ${String(login)} round trips.\n`);
    for (const { text, isMet } of judge(rows, login))
      process.stdout.write(`- ${isMet === undefined ? '' : isMet ? 'met: ' : '**missed**: '}${text}\n`);
  } finally {
    await down();
    rmSync(folder, { recursive: true, force: true });
    lease.value.release();
  }
}

/** All tools do all tasks, each on hosts of its own; they take turns, so that all meet the same load of the machine. */
async function runSetting(
  setting: Setting,
  tools: readonly Tool[],
  installed: { readonly folder: string; readonly program: string },
): Promise<{ readonly rows: readonly Row[]; readonly login: number }> {
  const signal = AbortSignal.timeout(3_600_000);
  const lab = await up({ ollama: 'sim', signal, say: note });
  if (!lab.ok) throw new Error(`${lab.problems[0].summary}: ${lab.problems[0].detail}`);
  await using stack = new AsyncDisposableStack();
  stack.use(withManyHosts());
  stack.defer(async () => {
    await down();
  });
  note(`${setting.name}: booting ${String(setting.hosts * tools.length)} hosts`);
  const all = await bootBenchHosts(1, setting.hosts * tools.length, signal);
  const lanes: Lane[] = [];
  for (const [index, tool] of tools.entries()) {
    const hosts = all.slice(index * setting.hosts, (index + 1) * setting.hosts);
    const relays: DelayRelay[] = [];
    for (const host of hosts) {
      const relay = await startDelayRelay({ host: host.address, port: 22 }, setting.rttMs);
      stack.use(relay);
      relays.push(relay);
    }
    const folder = join(installed.folder, setting.name.replaceAll(/\W+/g, '-'), String(index));
    createInventory(
      folder,
      hosts.flatMap((host, at) => (relays[at] === undefined ? [] : [{ host, relay: relays[at] }])),
    );
    lanes.push({ tool, hosts, relays, folder });
  }
  const rows: Row[] = [];
  let payload: Workspace['payload'];
  for (const task of TASKS) {
    for (const lane of lanes) {
      // The dry run shows the change that the last task makes.
      if (task === 'dry run') changeVariable(lane.folder);
      rows.push(await runTask(setting, task, lane, { ...installed, folder: lane.folder, payload }));
      const [first] = lane.hosts;
      if (lane.tool.name === 'hxllm' && payload === undefined && first !== undefined)
        payload = takePayload(first, join(installed.folder, `payload-${setting.name.replaceAll(/\W+/g, '-')}`));
    }
    // A later task may fail, or be cut off.
    const table = deployTable(rows.filter((row) => row.task === task)).split('\n');
    process.stdout.write(table.slice(task === TASKS[0] ? 0 : 2).join('\n'));
  }
  return { rows, login: await countLogin(lanes[0]) };
}

async function runTask(setting: Setting, task: Task, lane: Lane, place: Workspace): Promise<Row> {
  const cost = await measure({
    argv: lane.tool.command(task, place),
    folder: lane.folder,
    environment: lane.tool.environment,
    relays: lane.relays,
    hosts: lane.hosts.map(({ name }) => name),
  });
  note(`${setting.name}, ${task}, ${lane.tool.name}: ${cost.wallS.toFixed(1)} s`);
  await Promise.all(lane.hosts.map(settle));
  return { setting: setting.name, task, tool: lane.tool.name, cost };
}

/** Round trips of a connection of hxllm that authenticates and does nothing. */
async function countLogin(lane: Lane | undefined): Promise<number> {
  const relay = lane?.relays[0];
  if (lane === undefined || relay === undefined) throw new Error('no lane');
  const before = relay.traffic();
  const host = await connectSsh(
    { home: lane.folder, userName: 'root', environment: {} },
    targetOf({
      port: relay.port,
      user: USER,
      identityFiles: [KEY],
      sshArguments: ['-o', `UserKnownHostsFile=${join(lane.folder, 'known_hosts')}`],
    }),
    AbortSignal.timeout(60_000),
  );
  if (!host.ok) throw new Error(`${host.problems[0].summary}: ${host.problems[0].detail}`);
  const { roundTrips } = difference(relay.traffic(), before);
  await host.value.close();
  return roundTrips;
}

function note(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}
