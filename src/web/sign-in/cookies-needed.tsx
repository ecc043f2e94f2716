import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../session/session.tsx';
import { Notice } from '../ui/notice.tsx';

/** Where the browser keeps no cookies from this page: that nobody can be signed in here, and what to do about it. */
export function CookiesNeeded() {
  const { t } = useTranslation('signIn');
  const { farewell } = useSession();
  const [isKept] = useState(keepsCookies);
  if (isKept && farewell !== 'notKept') return null;
  return (
    <Notice look="warn" title={t('farewell.notKept.title')}>
      <p>{t('farewell.notKept.text')}</p>
    </Notice>
  );
}

/** Tried, since `navigator.cookieEnabled` may say yes where the owner of the browser has said no for this site. */
function keepsCookies(): boolean {
  const trial = 'doorstep-trial=1';
  try {
    // biome-ignore lint/suspicious/noDocumentCookie: the other way is not in every browser, and does not answer at once
    document.cookie = `${trial}; SameSite=Strict`;
    const isKept = document.cookie.includes(trial);
    // biome-ignore lint/suspicious/noDocumentCookie: as above
    document.cookie = `${trial}; SameSite=Strict; Max-Age=0`;
    return isKept;
  } catch {
    return false;
  }
}
