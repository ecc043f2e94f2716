import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { ActivityDocument, type ActivityFieldsFragment, DevicesDocument } from '../../api/operations.ts';
import { PushCard } from '../../push/push-card.tsx';
import { useAsking } from '../../push/use-asking.ts';
import { useIsHeld } from '../../session/use-is-held.ts';
import { Card } from '../../ui/card.tsx';
import { useTimeTexts } from '../../ui/time.ts';
import { ActivitySentence } from '../activity/activity-sentence.tsx';
import { happeningsOf } from '../activity/happenings.ts';
import { isMarkedBlocked } from '../activity/kinds.ts';
import { Badge } from '../badge.tsx';
import { HeldChanges } from '../held-changes/held-changes.tsx';
import { Page } from '../page.tsx';
import { TwoStepCard } from '../two-step/two-step-card.tsx';
import styles from './overview.module.css';

/** As many entries as one sign-in has steps. */
const STEPS = 10;

/** How the account stands, and the way to its pages. */
export function Overview() {
  const { t } = useTranslation('account');
  const { isAsking, putOff } = useAsking();
  const isHeld = useIsHeld();
  return (
    <Page title={t('title')} lead={t('overview.lead')}>
      <HeldChanges />
      {isAsking && <PushCard onLater={putOff} />}
      <TwoStepCard />
      {!isAsking && <PushCard />}
      <Card title={t('overview.more')}>
        <ul className={styles.rows}>
          <DevicesRow />
          <ActivityRow />
          {!isHeld && <Row href="/account/password" title={t('nav.password')} detail={t('overview.password')} />}
          <Row href="/account/support" title={t('nav.support')} detail={t('overview.support')} />
        </ul>
      </Card>
    </Page>
  );
}

function DevicesRow() {
  const { t } = useTranslation('account');
  const [{ data }] = useQuery({ query: DevicesDocument });
  const devices = data?.viewer?.devices;
  const trusted = devices?.filter(({ isTrusted }) => isTrusted).length ?? 0;
  return (
    <Row
      href="/account/devices"
      title={t('nav.devices')}
      detail={
        devices && `${t('overview.devices', { count: devices.length })} · ${t('overview.trusted', { count: trusted })}`
      }
    />
  );
}

function ActivityRow() {
  const { t } = useTranslation('account');
  const [{ data }] = useQuery({ query: ActivityDocument, variables: { first: STEPS, after: null, types: null } });
  const [happening] = happeningsOf(data?.viewer?.loginActivity.edges.map(({ node }) => node) ?? []);
  const latest = happening?.head;
  return <Row href="/account/activity" title={t('nav.activity')} detail={latest && <Latest entry={latest} />} />;
}

function Latest({ entry }: { readonly entry: ActivityFieldsFragment }) {
  const { t } = useTranslation('account');
  const { moment } = useTimeTexts();
  return (
    <>
      <ActivitySentence entry={entry} /> <span>{`· ${moment(entry.occurredAt)}`}</span>{' '}
      {isMarkedBlocked(entry.type) && <Badge look="alarm">{t('activity.mark.refused')}</Badge>}
    </>
  );
}

interface RowProps {
  readonly href: string;
  readonly title: string;
  /** How it stands; undefined while that is not known. */
  readonly detail: React.ReactNode;
}

function Row({ href, title, detail }: RowProps) {
  return (
    <li>
      <Link href={href} className={styles.row}>
        <span className={styles.about}>
          <span className={styles.title}>{title}</span>
          <span className={styles.detail}>{detail ?? ' '}</span>
        </span>
        <svg className={styles.arrow} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
          <path d="M6 3.5L10.5 8 6 12.5" />
        </svg>
      </Link>
    </li>
  );
}
