import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { faultText } from '../api/faults.ts';
import { type ChallengeFieldsFragment, SendCodeDocument, type VerificationMethod } from '../api/operations.ts';
import { SupportReport } from '../support/support-report.tsx';
import { Button } from '../ui/button.tsx';
import { Details } from '../ui/details.tsx';
import { clock, useSecondsUntil, useTimeTexts } from '../ui/time.ts';
import styles from './deliveries.module.css';

/** What became of the code, live; how to have it again or another way; and what helps where it does not come. */
export function Deliveries({ challenge }: { readonly challenge: ChallengeFieldsFragment }) {
  const { t } = useTranslation();
  const secondsLeft = useSecondsUntil(challenge.expiresAt);
  const [latest] = challenge.deliveries;
  return (
    <div className={styles.deliveries}>
      <div className={styles.head}>
        <p role="status">
          <StatusLine challenge={challenge} />
        </p>
        <p className={styles.left}>
          <span className="visually-hidden">{t('code.timeLeft')} </span>
          {clock(secondsLeft ?? 0)}
        </p>
      </div>
      {latest?.hint && <p className={styles.hint}>{latest.hint}</p>}
      <Resend challenge={challenge} />
      <Details summary={t('code.notCome')}>
        <ul className={styles.help}>
          {challenge.help.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        {challenge.purpose === 'SIGN_IN' && <SupportReport challengeToken={challenge.token} />}
      </Details>
    </div>
  );
}

function StatusLine({ challenge }: { readonly challenge: ChallengeFieldsFragment }) {
  const { t } = useTranslation();
  const { moment } = useTimeTexts();
  const [latest] = challenge.deliveries;
  if (!latest) return t('code.sentTo', { to: challenge.sentTo });
  const count = latest.devicesReached ?? 0;
  const time = moment(latest.changedAt);
  switch (latest.state) {
    case 'SEEN':
      return t('delivery.seen', { count });
    case 'SENT':
      return latest.method === 'APP' ? t('delivery.sentToDevices', { count }) : t('delivery.mailAccepted', { time });
    case 'QUEUED':
      return latest.method === 'APP' ? t('delivery.noDevice') : t('delivery.mailWaiting');
    case 'RETRYING':
      return t('delivery.retrying');
    case 'FAILED':
      return t('delivery.failed');
  }
}

function Resend({ challenge }: { readonly challenge: ChallengeFieldsFragment }) {
  const { t, i18n } = useTranslation();
  const [{ fetching }, send] = useMutation(SendCodeDocument);
  const [refusal, setRefusal] = useState<string | null>(null);
  const wait = useSecondsUntil(challenge.resendAt);

  const again = async (method: VerificationMethod) => {
    setRefusal(null);
    const { data, error } = await send({ challengeToken: challenge.token, method });
    if (error) return setRefusal(faultText(error, t, i18n.language));
    const outcome = data?.sendCode;
    if (outcome && outcome.__typename !== 'Challenge') setRefusal(outcome.message);
  };

  const others = challenge.availableMethods.filter((method) => method !== challenge.method);
  const isLast = challenge.resendAt === null;
  return (
    <>
      <div className={styles.actions}>
        {!isLast && challenge.availableMethods.includes(challenge.method) && (
          <Button
            isSmall
            isPending={fetching}
            isDisabled={(wait ?? 0) > 0}
            onPress={() => void again(challenge.method)}
          >
            {wait ? t('code.againIn', { time: clock(wait) }) : t('code.again')}
          </Button>
        )}
        {!isLast &&
          others.map((method) => (
            <Button key={method} isSmall isPending={fetching} onPress={() => void again(method)}>
              {t(`code.by.${method}`)}
            </Button>
          ))}
      </div>
      {isLast && <p className={styles.hint}>{t('code.noSendLeft')}</p>}
      {refusal && <p role="alert">{refusal}</p>}
    </>
  );
}
