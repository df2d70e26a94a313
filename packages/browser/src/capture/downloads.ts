import type { Plugin } from '@org/track-core';
import { isDevelopment } from '../runtime/is-development.ts';
import { capturePlugin } from './capture-plugin.ts';
import { checkPluginOptions } from './check-plugin-options.ts';
import { publicHref } from './link-url.ts';
import { listenToLinks } from './listen-to-links.ts';

export interface DownloadsOptions {
  /** Extensions that are downloads too, without their dot: `['step', 'stl']`. Default: none beyond the usual ones. */
  readonly extensions?: readonly string[];
}

/** Documents, archives, programs, sound and film: what browsers save, or show in place of the page. */
const usual =
  'pdf doc docx odt rtf txt epub xls xlsx ods csv ppt pptx odp key zip 7z rar gz tgz tar bz2 xz exe msi dmg pkg deb rpm apk iso mp3 wav ogg m4a mp4 mov avi mkv webm';

/**
 * Records `File Downloaded` with `extension` and `href` (without query and fragment) when a link to a file is followed: one
 * with the attribute `download`, or whose path ends in a known extension. A file that the page makes itself (`blob:`,
 * `data:`) has no `href`. Links inside `data-track-ignore` are not recorded.
 */
export function downloads(options: DownloadsOptions = {}): Plugin {
  const { extensions = [] } = options;
  if (isDevelopment) {
    const isFine = Array.isArray(extensions) && extensions.every((extension) => /^\w+$/.test(extension));
    checkPluginOptions('downloads', options, {
      extensions: [isFine, 'a list of extensions like "step", without dots'],
    });
  }

  return capturePlugin('downloads', (tracker, signal) => {
    const known = new Set<string | undefined>([
      ...usual.split(' '),
      ...extensions.map((extension) => extension.toLowerCase()),
    ]);
    listenToLinks((url, link) => {
      const href = publicHref(url);
      const name = link.getAttribute('download');
      const extension = extensionOf(name) ?? extensionOf(href && url.pathname);
      if (name === null && !known.has(extension)) return;
      tracker.track('File Downloaded', { extension, href });
    }, signal);
  });
}

/** Of a path or a file name, in lower case. */
function extensionOf(name: string | null | undefined): string | undefined {
  return /\.(\w{1,10})$/.exec(name ?? '')?.[1]?.toLowerCase();
}
