import type { ShopTracker } from './tracker.ts';

/** Shows the question until it is answered, and again when the footer's link asks for it. */
export function mountConsentBanner(consent: ShopTracker['consent']): void {
  const banner = element('consent');
  const form = element('consent-form') as HTMLFormElement;
  const details = element('consent-details');
  const choose = form.querySelector<HTMLButtonElement>('[data-consent=choose]');
  const { analytics, advertising } = form.elements as unknown as Record<'analytics' | 'advertising', HTMLInputElement>;

  const showDetails = (isShown: boolean): void => {
    details.hidden = element('consent-save').hidden = !isShown;
    choose?.setAttribute('aria-expanded', String(isShown));
    if (choose) choose.hidden = isShown;
  };
  const open = (withDetails: boolean): void => {
    const { preferences, gpc } = consent.get();
    element('consent-gpc').hidden = !gpc;
    analytics.checked = preferences.analytics ?? false;
    advertising.checked = preferences.advertising ?? false;
    advertising.disabled = gpc;
    showDetails(withDetails);
    banner.hidden = false;
  };
  const answer = (choice: { analytics: boolean; advertising: boolean }): void => {
    consent.set({ functional: false, ...choice });
    banner.hidden = true;
  };

  form.addEventListener('click', ({ target }) => {
    const pressed = target instanceof HTMLElement ? target.dataset.consent : undefined;
    if (pressed === 'all') answer({ analytics: true, advertising: true });
    if (pressed === 'necessary') answer({ analytics: false, advertising: false });
    if (pressed === 'choose') showDetails(true);
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    answer({ analytics: analytics.checked, advertising: advertising.checked });
  });
  element('privacy-open').addEventListener('click', () => {
    open(true);
    banner.focus();
  });

  if (consent.get().decidedAt === undefined) open(false);
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found;
}
