import { type ComponentType, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link, Route, Switch, useLocation } from 'wouter';
import { SignOutDocument } from '../api/operations.ts';
import { BrokenPage, fetched, Mishap } from '../frame/mishap.tsx';
import { useSession, useViewer } from '../session/session.tsx';
import { useIsHeld } from '../session/use-is-held.ts';
import { Button } from '../ui/button.tsx';
import { useSubmission } from '../ui/use-submission.ts';
import { Waiting } from '../ui/waiting.tsx';
import styles from './account.module.css';
import { Devices } from './devices/devices.tsx';
import { Overview } from './overview/overview.tsx';
import { Password } from './password/password.tsx';
import { Support } from './support/support.tsx';

const Activity = fetched(() => import('./activity/activity.tsx'));

interface AccountPage {
  readonly path: string;
  readonly name: 'overview' | 'devices' | 'activity' | 'password' | 'support';
  readonly Shown: ComponentType;
  /** Whether there is something to it where a product holds the account. */
  readonly isForAll: boolean;
}

const pages: readonly AccountPage[] = [
  { path: '/account', name: 'overview', Shown: Overview, isForAll: true },
  { path: '/account/devices', name: 'devices', Shown: Devices, isForAll: true },
  { path: '/account/activity', name: 'activity', Shown: Activity, isForAll: true },
  { path: '/account/password', name: 'password', Shown: Password, isForAll: false },
  { path: '/account/support', name: 'support', Shown: Support, isForAll: true },
];

/** The pages that the account has. */
function usePages(): readonly AccountPage[] {
  const isHeld = useIsHeld();
  return pages.filter(({ isForAll }) => isForAll || !isHeld);
}

/** Everything that somebody who is signed in sees. */
export default function Account() {
  const shown = usePages();
  return (
    <div className={styles.account}>
      <Side />
      <Mishap instead={<BrokenPage />}>
        <Suspense fallback={<Waiting />}>
          <Switch>
            {shown.map(({ path, Shown }) => (
              <Route key={path} path={path} component={Shown} />
            ))}
            <Route component={Overview} />
          </Switch>
        </Suspense>
      </Mishap>
    </div>
  );
}

function Side() {
  const { t } = useTranslation('account');
  const viewer = useViewer();
  const { leave } = useSession();
  const [, navigate] = useLocation();
  const [, signOut] = useMutation(SignOutDocument);
  const shown = usePages();
  const farewell = useIsHeld() ? 'leftToProduct' : null;
  const { isPending, submit } = useSubmission(async () => {
    if (await leave(async () => !(await signOut({})).error, farewell)) navigate('/');
  });
  return (
    <div className={styles.side}>
      <div className={styles.who}>
        <p className={styles.email}>
          <bdi>{viewer.email}</bdi>
        </p>
        <Button look="plain" isSmall isPending={isPending} onPress={() => submit()}>
          {t('signOut')}
        </Button>
      </div>
      <nav aria-label={t('nav.label')}>
        <ul className={styles.links}>
          {shown.map(({ path, name }) => (
            <li key={path}>
              <NavLink href={path}>{t(`nav.${name}`)}</NavLink>
            </li>
          ))}
        </ul>
      </nav>
    </div>
  );
}

function NavLink({ href, children }: { readonly href: string; readonly children: string }) {
  const [location] = useLocation();
  const isCurrent = location.replace(/\/$/, '') === href;
  return (
    <Link href={href} className={styles.link} aria-current={isCurrent ? 'page' : undefined}>
      {children}
    </Link>
  );
}
