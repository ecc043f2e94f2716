import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { faultText } from '../api/faults.ts';
import { type ChallengeFieldsFragment, SignInDocument } from '../api/operations.ts';
import { CodeStep } from '../codes/code-step.tsx';
import { useSession } from '../session/session.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { PasswordField, TextField } from '../ui/text-field.tsx';
import { useTimeTexts } from '../ui/time.ts';
import { Door, DoorForm } from './door.tsx';
import { thisDevice } from './this-device.ts';

/** Signing in: address and password, then the code where this device is new to the account. */
export function SignIn() {
  const { t, i18n } = useTranslation('signIn');
  const { moment } = useTimeTexts();
  const { entered, farewell } = useSession();
  const [{ fetching }, signIn] = useMutation(SignInDocument);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [refusal, setRefusal] = useState<string | null>(null);
  const [challenge, setChallenge] = useState<ChallengeFieldsFragment | null>(null);

  const submit = async () => {
    setRefusal(null);
    const { data, error } = await signIn({ input: { email: email.trim(), password, device: thisDevice() } });
    if (error) return setRefusal(faultText(error, i18n.getFixedT(null, 'common'), i18n.language));
    const outcome = data?.signIn;
    switch (outcome?.__typename) {
      case 'SignedIn':
        return entered();
      case 'Challenge':
        return setChallenge(outcome);
      case 'InvalidCredentials':
      case 'TemporarilyLocked':
        return setRefusal(
          outcome.retryAt ? `${outcome.message} ${t('retryAt', { time: moment(outcome.retryAt) })}` : outcome.message,
        );
    }
  };

  if (challenge) {
    return <CodeStep challenge={challenge} onVerified={entered} onLeave={() => setChallenge(null)} />;
  }
  return (
    <Door
      title={t('signIn.title')}
      lead={t('signIn.lead')}
      more={
        <>
          <Link href="/sign-up">{t('signIn.toSignUp')}</Link>
          <Link href="/reset-password">{t('signIn.toReset')}</Link>
        </>
      }
    >
      {farewell && (
        <Notice look={farewell === 'endedElsewhere' ? 'warn' : 'info'} title={t(`farewell.${farewell}.title`)}>
          <p>{t(`farewell.${farewell}.text`)}</p>
        </Notice>
      )}
      <DoorForm onSubmit={() => void submit()}>
        <TextField
          label={t('email')}
          type="email"
          autoComplete="username"
          inputMode="email"
          value={email}
          onChange={setEmail}
          isRequired
        />
        <PasswordField
          label={t('password')}
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
          isRequired
        />
        {refusal && (
          <Notice look="alarm">
            <p>{refusal}</p>
          </Notice>
        )}
        <Button type="submit" look="primary" isWide isPending={fetching}>
          {t('signIn.submit')}
        </Button>
      </DoorForm>
    </Door>
  );
}
