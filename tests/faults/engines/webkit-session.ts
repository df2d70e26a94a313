import { Builder, type WebDriver } from 'selenium-webdriver';
import { freePort } from '../../../scripts/free-port.mjs';
import { until } from '../until.ts';
import { type ProcessGroup, startProcessGroup } from './process-group.ts';

export interface WebKitSession {
  /** The driver, the browser and all it starts. */
  readonly processes: ProcessGroup;
  readonly driver: WebDriver;
  /** Turns the driver to the tab with this handle for `act`. It has one in hand at a time. */
  inTab<Result>(handle: string, act: (driver: WebDriver) => Promise<Result>): Promise<Result>;
}

/** Starts a WebKitWebDriver, which starts `binary`. */
export async function driveWebKit(
  binary: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<WebKitSession> {
  const port = await freePort();
  const processes = startWithBus('WebKitWebDriver', [`--port=${port}`, '--host=127.0.0.1'], env);
  const address = `http://127.0.0.1:${port}`;
  const isUp = (): Promise<boolean> =>
    fetch(`${address}/status`).then(
      ({ ok }) => ok,
      () => false,
    );
  if (!(await until(isUp, 10_000))) throw new Error('WebKitWebDriver does not answer');
  const driver = await new Builder()
    .usingServer(address)
    .withCapabilities({
      browserName: 'WebKitGTK',
      // Pages leave while they load here, and the driver would wait for what never ends.
      pageLoadStrategy: 'none',
      'webkitgtk:browserOptions': { binary, args },
    })
    .build();

  let turn: Promise<unknown> = Promise.resolve();
  return {
    processes,
    driver,
    inTab(handle, act) {
      const result = turn.then(async () => {
        await driver.switchTo().window(handle);
        return act(driver);
      });
      turn = result.catch(() => {});
      return result;
    },
  };
}

/** Without a session bus of its own a browser waits for one. */
export function startWithBus(command: string, args: readonly string[], env: NodeJS.ProcessEnv): ProcessGroup {
  return startProcessGroup('dbus-run-session', ['--', command, ...args], env);
}
