import type { JsonObject, Tracker } from '@org/track-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { userEvent } from 'vitest/browser';
import { engagement } from './engagement.ts';

/** The shortest that may be set. */
const idleMs = 1_000;

let told: number[];
let stop: () => void;

beforeEach(() => {
  window.focus();
  told = [];
  const tracker = { track: (_: string, { seconds }: JsonObject) => told.push(seconds as number) };
  stop = engagement({ idleMs }).setup?.(tracker as unknown as Tracker) ?? (() => {});
});

afterEach(() => {
  stop();
  vi.restoreAllMocks();
  document.body.innerHTML = '';
  scrollTo(0, 0);
});

const find = (selector: string): HTMLElement => document.querySelector(selector) as HTMLElement;
const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Seconds that somebody was there, since the start. */
function seconds(): number {
  dispatchEvent(new Event('pagehide'));
  return told.at(-1) ?? 0;
}

test('somebody who does nothing is there for a while, and not for longer', async () => {
  await pass(2_500);
  expect(seconds()).toBe(1);
});

test.each<{ why: string; html?: string; act(): Promise<unknown> }>([
  { why: 'a pointer that moves', html: '<p>One</p><i>Two</i>', act: () => userEvent.hover(find('i')) },
  { why: 'a key', html: '<input autofocus>', act: () => userEvent.keyboard('a') },
  { why: 'a click', html: '<button>One</button>', act: () => userEvent.click(find('button')) },
  {
    why: 'a page that is scrolled',
    html: '<p style="height: 4000px"></p>',
    async act() {
      scrollTo(0, 500);
    },
  },
])('somebody is there who does something: $why', async ({ html = '', act }) => {
  document.body.innerHTML = html;
  await pass(2_000);
  await act();
  await pass(700);
  // One second from the arrival, and what came after the doing.
  expect(seconds()).toBeGreaterThanOrEqual(1.6);
});

test('a click into a frame takes the focus from the window, and leaves it in the page', async () => {
  document.body.innerHTML = '<iframe srcdoc="<p>Film"></iframe>';
  await pass(2_000);
  await userEvent.click(find('iframe'));
  await pass(700);
  expect(document.activeElement).toBe(find('iframe'));
  expect(document.hasFocus()).toBe(true);
  expect(seconds()).toBeGreaterThanOrEqual(1.6);
});

test('a film with sound is watched for as long as it plays', async () => {
  const sound = new AudioContext().createMediaStreamDestination();
  const film = document.createElement('video');
  film.srcObject = sound.stream;
  document.body.append(film);
  // Playing with sound needs a person's doing.
  await userEvent.click(document.body);
  await film.play();
  const updates = vi.fn();
  film.addEventListener('timeupdate', updates);
  await pass(3_000);
  expect(updates.mock.calls.length).toBeGreaterThan(5);
  expect(seconds()).toBeGreaterThanOrEqual(2.9);
  film.pause();
});
