import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { VerificationMethod } from '../../api/operations.ts';
import { useStore } from '../../api/store.ts';
import { useSession, useViewer } from '../../session/session.tsx';
import { useIsHeld } from '../../session/use-is-held.ts';
import { useLookAgain } from '../../session/use-look-again.ts';
import { Button } from '../../ui/button.tsx';
import { Card } from '../../ui/card.tsx';
import { Switch } from '../../ui/switch.tsx';
import { useTimeTexts } from '../../ui/time.ts';
import { Badge } from '../badge.tsx';
import { SetUpDialog } from './set-up-dialog.tsx';
import { SwitchOffDialog } from './switch-off-dialog.tsx';
import styles from './two-step-card.module.css';

/** The switch of two-step verification: an invitation while it is off, how codes come while it is on. */
export function TwoStepCard() {
  const { t } = useTranslation('account');
  const { day } = useTimeTexts();
  const { twoStep } = useViewer();
  const method = useMethod();
  const [asked, ask] = useState<'on' | 'off' | null>(null);
  const { enabled, enabledAt } = twoStep;
  const isHeld = useIsHeld();
  const since = enabled && enabledAt ? t('twoStep.since', { day: day(enabledAt) }) : t('twoStep.offLead');
  if (isHeld) {
    return (
      <Card title={t('twoStep.title')} lead={since} aside={<Badge>{t(enabled ? 'twoStep.on' : 'twoStep.off')}</Badge>}>
        {enabled && <p>{t(`twoStep.by.${method}`)}</p>}
        <p>{t(enabled ? 'twoStep.heldOn' : 'twoStep.heldOff')}</p>
      </Card>
    );
  }
  return (
    <>
      <Card
        title={t('twoStep.title')}
        lead={since}
        aside={
          <Switch
            label={t('twoStep.title')}
            state={t(enabled ? 'twoStep.on' : 'twoStep.off')}
            isSelected={enabled}
            onChange={(wanted) => ask(wanted ? 'on' : 'off')}
          />
        }
      >
        {enabled ? (
          <p>{t(`twoStep.by.${method}`)}</p>
        ) : (
          <div className={styles.invitation}>
            <ul className={styles.reasons}>
              <li>{t('twoStep.reason.stolen')}</li>
              <li>{t('twoStep.reason.trusted')}</li>
              <li>{t('twoStep.reason.deny')}</li>
            </ul>
            <div>
              <Button look="primary" onPress={() => ask('on')}>
                {t('twoStep.turnOn')}
              </Button>
            </div>
          </div>
        )}
      </Card>
      <SetUpDialog isOpen={asked === 'on'} onClose={() => ask(null)} />
      <SwitchOffDialog isOpen={asked === 'off'} onClose={() => ask(null)} />
    </>
  );
}

/** How codes would come now. */
function useMethod(): VerificationMethod {
  const { api, refresh } = useSession();
  const { twoStep, currentDevice } = useViewer();
  const line = useStore(api.line);
  useLookAgain(refresh);
  // This page is one that shows codes, also where the account was read a moment before its line came to life.
  return currentDevice.isTrusted && line === 'live' ? 'APP' : twoStep.defaultMethod;
}
