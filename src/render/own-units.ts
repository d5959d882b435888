import type { Settings } from '../config/config.ts';
import type { DesiredFile } from './content.ts';
import { contentText } from './content.ts';

/** The units among rendered files, each with the path of the template that it comes from. */
export function ownUnits(
  settings: Settings,
  files: readonly DesiredFile[],
): readonly {
  readonly name: 'litellm.service' | 'litellm@.service' | 'litellm.socket';
  readonly text: string;
  readonly template: string;
}[] {
  return (['litellm.service', 'litellm@.service', 'litellm.socket'] as const).flatMap((name) => {
    const file = files.find((one) => one.name === name);
    const template = settings.templates?.get(name)?.file ?? `templates/${name}`;
    return file === undefined ? [] : [{ name, text: contentText(file.content) ?? '', template }];
  });
}
