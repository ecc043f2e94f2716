import { useTranslation } from 'react-i18next';
import type { DeviceFieldsFragment } from '../../api/operations.ts';
import { useStore } from '../../api/store.ts';
import { useSession } from '../../session/session.tsx';
import { Button } from '../../ui/button.tsx';
import { useTimeTexts } from '../../ui/time.ts';
import { Badge } from '../badge.tsx';
import styles from './device-item.module.css';
import { PlatformIcon } from './platform-icon.tsx';
import { ShowsCodes } from './shows-codes.tsx';

export interface DeviceItemProps {
  readonly device: DeviceFieldsFragment;
  readonly onRename: () => void;
  readonly onRemove: () => void;
}

/** A device: what it is, whether it is online, where and when it was seen, since when, until when it is trusted. */
export function DeviceItem({ device, onRename, onRemove }: DeviceItemProps) {
  const { t } = useTranslation('account');
  const { moment, day } = useTimeTexts();
  const { api } = useSession();
  const line = useStore(api.line);
  const { name, model, osVersion, isCurrent, createdAt, lastSeenAt, lastLocation, lastIpAddress } = device;
  // Of itself the page knows it before the server's list does.
  const isOnline = device.isOnline || (isCurrent && line === 'live');
  const system = [t(`platform.${device.platform}`), osVersion].filter(Boolean).join(' ');
  return (
    <li className={styles.device}>
      <PlatformIcon platform={device.platform} />
      <div className={styles.about}>
        <h3 className={styles.name}>
          <span className="clamped">{name}</span> {isCurrent && <Badge>{t('devices.thisDevice')}</Badge>}
        </h3>
        <p className={isOnline ? styles.online : styles.seen}>
          {isOnline ? t('devices.online') : t('devices.lastSeen', { time: moment(lastSeenAt) })}
        </p>
        {/* What the server knows comes first, what the device says of itself after it. */}
        <p className={`${styles.detail} clamped`}>
          <span>{`${lastLocation.label} ·`}</span> <bdi>{lastIpAddress}</bdi>{' '}
          <span>{['', model, system].filter((part) => part !== null).join(' · ')}</span>
        </p>
        <p className={styles.detail}>{t('devices.firstSeen', { day: day(createdAt) })}</p>
        {device.trustExpiresAt && (
          <p className={styles.detail}>{t('devices.trustedUntil', { day: day(device.trustExpiresAt) })}</p>
        )}
        {device.isTrusted && <ShowsCodes device={device} />}
      </div>
      <div className={styles.actions}>
        <Button isSmall look="plain" onPress={onRename} aria-label={t('devices.renameNamed', { device: name })}>
          {t('devices.rename')}
        </Button>
        <Button isSmall look="plainDanger" onPress={onRemove} aria-label={t('devices.removeNamed', { device: name })}>
          {t('devices.remove')}
        </Button>
      </div>
    </li>
  );
}
