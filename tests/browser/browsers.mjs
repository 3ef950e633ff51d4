// Chromium and Firefox, driven by WebDriver. Browsers and drivers are the machine's own: nothing is downloaded.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

import { Builder } from 'selenium-webdriver';
import chrome from 'selenium-webdriver/chrome.js';
import firefox from 'selenium-webdriver/firefox.js';

const CHROMIUM_FLAGS = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--window-size=1280,900',
];

export const BROWSERS = { Chromium: openChromium, Firefox: openFirefox };

/**
 * `insecure`: any certificate will do. `collecting`: pages can have garbage collected. `bidi`: what pages write to the console can be heard, by `Console`;
 * `listening`: what the browser writes to it as well, by `wholeConsole`.
 * @returns a driver, to be ended by its `quit()`
 */
export function openChromium({ bidi = false, collecting = false, insecure = false, listening = false } = {}) {
  const chromium = program('CHROMIUM', 'chromium', 'chromium-browser', 'google-chrome');
  const options = new chrome.Options().setChromeBinaryPath(chromium).addArguments(...CHROMIUM_FLAGS);
  if (collecting) options.addArguments('--js-flags=--expose-gc');
  if (insecure) options.addArguments('--ignore-certificate-errors');
  if (bidi) options.enableBidi();
  if (listening) options.set('goog:loggingPrefs', { browser: 'ALL' });
  const service = new chrome.ServiceBuilder(program('CHROMEDRIVER', 'chromedriver'));
  return new Builder().forBrowser('chrome').setChromeOptions(options).setChromeService(service).build();
}

/**
 * `insecure`: any certificate will do. `collecting`: pages can have garbage collected. `bidi`: what pages write to the console can be heard, by `Console`;
 * `listening`: what the browser writes to it as well, by `wholeConsole`.
 * @returns a driver, to be ended by its `quit()`
 */
export function openFirefox({ bidi = false, collecting = false, dark = false, insecure = false, listening = false } = {}) {
  const options = new firefox.Options().setBinary(program('FIREFOX', 'firefox-esr', 'firefox'))
    .addArguments('-headless', '--width=1280', '--height=900')
    .setPreference('layout.css.prefers-color-scheme.content-override', dark ? 0 : 1)
    // Otherwise a connection that failed delays the next one to the same server.
    .setPreference('network.websocket.delay-failed-reconnects', false)
    .setPreference('dom.testing.testutils.enabled', collecting)
    .setAcceptInsecureCerts(insecure);
  if (bidi || listening) options.enableBidi();
  const service = new firefox.ServiceBuilder(program('GECKODRIVER', 'geckodriver'));
  return new Builder().forBrowser('firefox').setFirefoxOptions(options).setFirefoxService(service).build();
}

/**
 * What the variable names, or else the first of these from the project's folder of tools or the PATH: scripts/setup looks for
 * the same.
 */
function program(variable, ...names) {
  if (process.env[variable]) return process.env[variable];
  const cache = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  const own = path.join(process.env.ISOSOCKET_TOOLS || path.join(cache, 'isosocket'), 'bin');
  const folders = [own, ...process.env.PATH.split(':')];
  const found = names.flatMap((name) => folders.map((folder) => path.join(folder, name))).find(existsSync);
  if (!found) throw new Error(`${names.join(' or ')} was not found: run \`make setup\`, or name it by ${variable}`);
  return found;
}
