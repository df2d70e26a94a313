import type { HttpRequest } from '../http/exchange.ts';

/** What Segment's library for browsers must know to start: nothing but where events go. */
export function segmentSettings(key: string, request: HttpRequest): object {
  const enabled = { __default: { enabled: true } };
  return {
    integrations: {
      'Segment.io': {
        apiKey: key,
        apiHost: `${request.header('host') ?? ''}${baseOf(request)}/v1`,
        protocol: schemeOf(request),
        versionSettings: { version: '4.4.7', override: '4.4.7', componentTypes: ['browser'] },
        type: 'browser',
      },
    },
    plan: { track: enabled, identify: enabled, group: enabled },
    metrics: { sampleRate: 0 },
    remotePlugins: [],
    legacyVideoPluginsEnabled: false,
  };
}

/** What RudderStack's library for browsers must know to start: that there are no destinations on the page. */
export function rudderStackSettings(key: string): object {
  const off = { enabled: false };
  return {
    source: {
      id: 'collector',
      name: 'collector',
      workspaceId: 'collector',
      writeKey: key,
      enabled: true,
      config: { statsCollection: { errors: off, metrics: off } },
      destinations: [],
    },
  };
}

/** What stands before `/v1/projects/…` in the address that was asked for. */
function baseOf({ path }: HttpRequest): string {
  return path.slice(0, path.lastIndexOf('/v1/projects/'));
}

/**
 * How the page should speak to us. Behind a proxy we do not see it ourselves; the page speaks as it was itself loaded, and
 * a page that was loaded safely may ask nothing in the open.
 */
function schemeOf(request: HttpRequest): 'http' | 'https' {
  if (request.isEncrypted === true) return 'https';
  const page = request.header('origin') ?? request.header('referer');
  return page?.startsWith('http:') ? 'http' : 'https';
}
