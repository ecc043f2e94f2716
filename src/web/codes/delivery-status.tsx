import { useTranslation } from 'react-i18next';
import type { ChallengeFieldsFragment, DeliveryState } from '../api/operations.ts';
import { useTimeTexts } from '../ui/time.ts';
import styles from './delivery-status.module.css';

type Delivery = ChallengeFieldsFragment['deliveries'][number];

/** What became of a send, in one line that is read out when it changes: good, under way, or in trouble. */
export function DeliveryStatus({ delivery }: { readonly delivery: Delivery }) {
  const look = looks[delivery.state];
  return (
    <p className={[styles.status, look && styles[look]].filter(Boolean).join(' ')} role="status">
      <StatusText delivery={delivery} />
    </p>
  );
}

const looks: Partial<Record<DeliveryState, string>> = {
  SEEN: 'good',
  SENT: 'good',
  RETRYING: 'warn',
  FAILED: 'alarm',
};

/** The server says it in full, with what to do; where all is well, fewer words and the time to the second do. */
function StatusText({ delivery }: { readonly delivery: Delivery }) {
  const { t } = useTranslation();
  const { second } = useTimeTexts();
  const { method, state, reason, hint, changedAt } = delivery;
  const count = delivery.devicesReached ?? 0;
  if (state === 'SEEN') return <b>{t('delivery.seen', { count })}</b>;
  if (reason === 'MAIL_ACCEPTED') {
    return (
      <span>
        <b>{t('delivery.mailAccepted', { time: second(changedAt) })}</b> <span>{t('delivery.lookIntoSpam')}</span>
      </span>
    );
  }
  if (hint) return <span>{hint}</span>;
  if (state === 'FAILED') return <span>{t('delivery.failed')}</span>;
  return <span>{t(method === 'APP' ? 'delivery.sentToDevices' : 'delivery.onItsWay', { count })}</span>;
}
