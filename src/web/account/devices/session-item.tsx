import { useTranslation } from 'react-i18next';
import type { SessionFieldsFragment } from '../../api/operations.ts';
import { Button } from '../../ui/button.tsx';
import { useTimeTexts } from '../../ui/time.ts';
import { Badge } from '../badge.tsx';
import styles from './device-item.module.css';
import { PlatformIcon } from './platform-icon.tsx';

export interface SessionItemProps {
  readonly session: SessionFieldsFragment;
  readonly isEnding: boolean;
  readonly onEnd: () => void;
}

/** A session: on which device, from where, since when, and when it was used last. */
export function SessionItem({ session, isEnding, onEnd }: SessionItemProps) {
  const { t } = useTranslation('account');
  const { moment } = useTimeTexts();
  const { device, createdAt, isCurrent } = session;
  return (
    <li className={styles.device}>
      <PlatformIcon platform={device.platform} />
      <div className={styles.about}>
        <p className={styles.title}>
          <span className="clamped">{device.name}</span> {isCurrent && <Badge>{t('sessions.thisSession')}</Badge>}
        </p>
        <p className={styles.seen}>{t('sessions.lastUsed', { time: moment(session.lastUsedAt ?? createdAt) })}</p>
        <p className={`${styles.detail} clamped`}>
          {device.lastLocation.label} · <bdi>{device.lastIpAddress}</bdi> ·{' '}
          {t('sessions.since', { time: moment(createdAt) })}
        </p>
      </div>
      <div className={styles.actions}>
        <Button
          isSmall
          look="plain"
          isPending={isEnding}
          onPress={onEnd}
          aria-label={t('sessions.endNamed', { device: device.name })}
        >
          {t('sessions.end')}
        </Button>
      </div>
    </li>
  );
}
