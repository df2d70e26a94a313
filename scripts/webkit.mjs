// Where WebKitGTK, its driver and what they need to run without a screen are.
import { existsSync } from 'node:fs';

/** Debian's packages. The last ones make the browser that is driven: MiniBrowser keeps nothing when it is driven. */
export const webkitPackages = ['webkit2gtk-driver', 'xvfb', 'dbus', 'gjs', 'gir1.2-gtk-3.0', 'gir1.2-webkit2-4.1'];

const programs = ['WebKitWebDriver', 'Xvfb', 'dbus-run-session', 'gjs'].map((name) => `/usr/bin/${name}`);

/** Is everything there? */
export function hasWebKit() {
  return programs.every((path) => existsSync(path)) && typelibs.some((path) => existsSync(path));
}

const typelibs = ['x86_64', 'aarch64'].map(
  (machine) => `/usr/lib/${machine}-linux-gnu/girepository-1.0/WebKit2-4.1.typelib`,
);

/** For people who have none. */
export const howToGetWebKit = `install Debian's (sudo apt-get install ${webkitPackages.join(' ')})`;

/** No sandbox because it does not start as root in a container; the rest draws without a graphics card. */
export const webkitEnvironment = {
  GTK_A11Y: 'none',
  LIBGL_ALWAYS_SOFTWARE: '1',
  NO_AT_BRIDGE: '1',
  WEBKIT_DISABLE_COMPOSITING_MODE: '1',
  WEBKIT_DISABLE_DMABUF_RENDERER: '1',
  WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
};
