import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { quietPort } from '../../port.ts';
import { until } from '../../until.ts';

/** A Kerberos realm of its own on loopback, with a key for `host/localhost`. */
export interface Realm extends AsyncDisposable {
  /** The variables of a server, and of a client with and without a ticket. */
  readonly server: Readonly<Record<string, string>>;
  readonly client: Readonly<Record<string, string>>;
  /** Gets a ticket of a user. */
  kinit(user: string): void;
}

/** Starts the realm with one user. `bin`: the folder of MIT Kerberos' programs. */
export async function startRealm(bin: string, folder: string, user: string): Promise<Realm> {
  const port = String(await quietPort());
  await mkdir(folder, { recursive: true });
  const place = (name: string): string => join(folder, name);
  // Unpacked packages have the module of the database elsewhere.
  const [modules] = globSync(join(bin, '../root/usr/lib/*-linux-gnu/krb5/plugins/kdb'));
  await writeFile(
    place('krb5.conf'),
    `[libdefaults]
 default_realm = TEST.HX
 dns_lookup_kdc = false
 dns_canonicalize_hostname = false
 rdns = false
[realms]
 TEST.HX = {
  kdc = 127.0.0.1:${port}
 }
[domain_realm]
 localhost = TEST.HX
`,
  );
  await writeFile(
    place('kdc.conf'),
    `[kdcdefaults]
 kdc_listen = 127.0.0.1:${port}
 kdc_tcp_listen = 127.0.0.1:${port}
[realms]
 TEST.HX = {
  database_name = ${place('principal')}
  key_stash_file = ${place('stash')}
  acl_file = ${place('acl')}
 }
${modules === undefined ? '' : `[dbmodules]\n db_module_dir = ${modules}\n`}`,
  );
  const environment = {
    PATH: process.env['PATH'] ?? '',
    KRB5_CONFIG: place('krb5.conf'),
    KRB5_KDC_PROFILE: place('kdc.conf'),
  };
  const program = (name: string): string =>
    name === 'kinit' && bin === '/usr/sbin' ? '/usr/bin/kinit' : join(bin, name);
  const run = (name: string, argv: readonly string[], input = ''): void => {
    execFileSync(program(name), argv, {
      env: { ...environment, KRB5CCNAME: `FILE:${place('cache')}` },
      input,
      stdio: 'pipe',
    });
  };
  run('kdb5_util', ['create', '-s', '-r', 'TEST.HX', '-P', 'master']);
  for (const query of [
    `addprinc -pw secret ${user}`,
    'addprinc -randkey host/localhost',
    `ktadd -k ${place('keytab')} host/localhost`,
  ])
    run('kadmin.local', ['-r', 'TEST.HX', '-q', query]);
  const kdc = spawn(program('krb5kdc'), ['-n', '-r', 'TEST.HX'], { env: environment, stdio: 'ignore' });
  const answers = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = createConnection(Number(port), '127.0.0.1')
        .once('connect', () => {
          resolve(true);
          socket.destroy();
        })
        .once('error', () => resolve(false));
    });
  await until('the server of the realm answers', answers);
  return {
    server: { KRB5_CONFIG: environment.KRB5_CONFIG, KRB5_KTNAME: place('keytab') },
    client: { KRB5_CONFIG: environment.KRB5_CONFIG, KRB5CCNAME: `FILE:${place('cache')}` },
    kinit: (name) => {
      run('kinit', [name], 'secret\n');
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(kdc, 'exit');
      kdc.kill('SIGKILL');
      await ended;
    },
  };
}
