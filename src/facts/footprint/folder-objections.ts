import { HIDDEN_FROM_UNIT } from '../../core/hidden-from-unit.ts';
import type { Objection } from '../objection.ts';
import { allNotes, type FolderState, type Footprint } from './footprint.ts';

// mkfs.ext4 makes it in every new file system.
const OF_FILE_SYSTEM = 'lost+found';

/**
 * The reasons why the folders of the settings cannot be hxllm's: a folder must be new, empty, hxllm's already, or hold only
 * what a take-over copies. enforce sets owner and mode of its folders, which would lock others out of theirs. The service must get
 * there: not through a link below /home, nor through a folder that its account may not enter. A folder above of another user is a
 * warning: its owner could put another folder there. `copied` are the paths that a take-over copies.
 */
export function folderObjections(
  {
    configDir,
    installDir,
    stateDir,
  }: { readonly configDir: string; readonly installDir: string; readonly stateDir: string },
  footprint: Footprint,
  copied: readonly string[],
): readonly Objection[] {
  const another = (path: string, variable: string, other: string): string =>
    `set ${variable} in group_vars to a folder of its own, for example ${other === path ? `${other}-gateway` : other}`;
  return [
    {
      path: configDir,
      subject: `litellm_config_dir, ${configDir}`,
      fix: another(configDir, 'litellm_config_dir', '/etc/hxllm'),
    },
    {
      path: installDir,
      subject: `litellm_install_dir, ${installDir}`,
      fix: another(installDir, 'litellm_install_dir', '/opt/hxllm'),
    },
    // systemd takes no other folder, and would give everything in it to the service.
    {
      path: stateDir,
      subject: `the folder of the gateway’s state, ${stateDir}`,
      fix: `sudo mv ${stateDir} ${stateDir}.before`,
    },
  ].flatMap(({ path, subject, fix }): readonly Objection[] => {
    const state = footprint.folders.get(path);
    if (state === undefined) return [];
    const seen = foundIn(path, state, footprint, copied);
    const barred = [...hiddenPlace(path, state.place), ...state.closedAbove];
    return [
      ...(seen === undefined
        ? []
        : [
            {
              code: 'folder.not-ours',
              refused: true,
              summary: `${path} is not a folder for hxllm alone`,
              wanted: `${subject}, new, empty, or hxllm’s already`,
              seen,
              fix,
            },
          ]),
      ...(barred.length === 0
        ? []
        : [
            {
              code: 'folder.barred',
              refused: true,
              summary: `the service does not get to ${path}`,
              wanted: `${subject}, where the account of the service gets`,
              seen: barred.join(', '),
              fix,
            },
          ]),
      ...(state.unsafeAbove.length === 0
        ? []
        : [
            {
              code: 'folder.above',
              refused: false,
              summary: `${path} is below a folder of others`,
              wanted: `${subject}, below folders of root that everybody may enter`,
              seen: state.unsafeAbove.join(', '),
              fix,
            },
          ]),
    ];
  });
}

// The path itself is judged with the variables; a link may lead elsewhere.
function hiddenPlace(path: string, place: string): readonly string[] {
  const hidden = HIDDEN_FROM_UNIT.find((folder) => place.startsWith(`${folder}/`));
  return hidden === undefined || path.startsWith(`${hidden}/`)
    ? []
    : [`it is ${place}, and the unit hides all below ${hidden}`];
}

function foundIn(
  path: string,
  state: FolderState,
  footprint: Footprint,
  copied: readonly string[],
): string | undefined {
  if (state.kind === 'missing') return undefined;
  if (state.kind === 'other') return 'a file is there';
  if (state.kind === 'dangling-link') return 'a link to a folder that does not exist';
  if (isOurs(path, state, footprint)) return undefined;
  const others = state.names.filter((name) => name !== OF_FILE_SYSTEM && !copied.includes(`${path}/${name}`));
  if (others.length === 0) return undefined;
  const shown = others.slice(0, 5).join(', ');
  return `it holds ${others.length > 5 ? `${shown} and more` : shown}, and no mark of hxllm`;
}

function isOurs(path: string, state: FolderState, footprint: Footprint): boolean {
  const { made, used } = allNotes(footprint);
  const { unit } = footprint;
  const names = new Set([`config-dir ${path}`, `install-dir ${path}`]);
  // A marker of an older version names only what was created, parents included.
  const isParent = [...footprint.folders.keys()].some((each) => each.startsWith(`${path}/`));
  return (
    state.ours.length > 0 ||
    unit?.configDir === path ||
    unit?.installDir === path ||
    used.some((thing) => names.has(thing)) ||
    (made.includes(`folder ${path}`) && !isParent)
  );
}
