import { findBotMatch } from 'isbot';
import type { Enrichment, Finding } from './enrichment.ts';
import { remember } from './remember.ts';

export interface BotOptions {
  /** Answer their events `suppressed` and store none of them. Default false: they are stored, with `context.bot`. */
  readonly drop?: boolean;
  /** User agents that are none, whatever the list says: your own app's, your monitoring. */
  readonly except?: RegExp;
}

/** User agents whose answer is remembered: some 300 bytes each. */
const maxAnswers = 2_000;

/**
 * Says `context.bot.name` of what calls itself a bot, by the list of `isbot`, which you install beside us. It knows
 * crawlers, previews, headless browsers, and HTTP libraries: an app that sends with its library's own name is one too,
 * unless `except` says otherwise.
 */
export function bots({ drop = false, except }: BotOptions = {}): Enrichment {
  const findingOf = remember(maxAnswers, (userAgent): Finding => {
    const name = botNameOf(userAgent, except);
    if (name === undefined) return {};
    return drop ? { drop: 'bot' } : { context: { bot: { name } } };
  });
  return {
    name: 'bots',
    find: ({ userAgent }) => (userAgent === undefined ? undefined : findingOf(userAgent)),
  };
}

/** What a bot calls itself; nothing of what is none. */
export function botNameOf(userAgent: string, except: RegExp | undefined): string | undefined {
  const match = except !== undefined && userAgent.search(except) >= 0 ? null : findBotMatch(userAgent);
  return match === null ? undefined : nameAround(userAgent, match);
}

/** The list matches a part of a name, such as `Google`: the whole word is the name, without its version. */
function nameAround(userAgent: string, match: string): string {
  const start = userAgent.indexOf(match);
  const before = /[\w.-]*$/.exec(userAgent.slice(0, start))?.[0] ?? '';
  const name = /^[\w.-]+/.exec(before + userAgent.slice(start))?.[0];
  return name ?? match;
}
