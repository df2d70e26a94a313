// Where a Firefox is, and how to start it for tests.
import { existsSync } from 'node:fs';

const known = [
  '/usr/lib/firefox-esr/firefox-esr',
  '/usr/lib/firefox/firefox',
  '/usr/bin/firefox',
  '/Applications/Firefox.app/Contents/MacOS/firefox',
  'C:\\Program Files\\Mozilla Firefox\\firefox.exe',
];

/**
 * The browser to test with: `FIREFOX_BIN`, else the first that is installed, else undefined.
 *
 * @returns {string | undefined}
 */
export function findFirefox() {
  return [process.env.FIREFOX_BIN, ...known].find((path) => path && existsSync(path));
}

/** For people who have none. */
export const howToGetFirefox = 'install it (Debian: sudo apt-get install firefox-esr) or set FIREFOX_BIN';

/** They keep it from calling home, from greeting, and from asking what to do after it was killed. */
export const firefoxPreferences = {
  'app.normandy.enabled': false,
  'app.update.disabledForTesting': true,
  'browser.aboutwelcome.enabled': false,
  'browser.newtabpage.enabled': false,
  'browser.safebrowsing.downloads.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.search.update': false,
  'browser.sessionstore.resume_from_crash': false,
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.homepage_override.mstone': 'ignore',
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'dom.disable_open_during_load': false,
  'extensions.update.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.startup.max_resumed_crashes': -1,
  'toolkit.telemetry.unified': false,
};
