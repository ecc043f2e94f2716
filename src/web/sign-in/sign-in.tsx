import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { SignInDocument } from '../api/operations.ts';
import { CodeStep } from '../codes/code-step.tsx';
import { Reading } from '../codes/reading.tsx';
import { useCodeStep } from '../codes/use-code-step.ts';
import { useSession } from '../session/session.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { PasswordField } from '../ui/text-field.tsx';
import { useSubmission } from '../ui/use-submission.ts';
import { CookiesNeeded } from './cookies-needed.tsx';
import { Door, DoorForm } from './door.tsx';
import { EmailField } from './email-field.tsx';
import { Story } from './story.tsx';
import { thisDevice } from './this-device.ts';
import { useTypedEmail } from './typed-email.tsx';
import { useFormFaults } from './use-form-faults.ts';

/** Signing in: address and password, then the code where this device is new to the account. */
export function SignIn() {
  const { t } = useTranslation('signIn');
  const { entered, farewell } = useSession();
  const [, signIn] = useMutation(SignInDocument);
  const step = useCodeStep();
  const [email, setEmail] = useTypedEmail(step.email);
  const [password, setPassword] = useState('');
  const { faults, whole, check, refuse, say } = useFormFaults();

  const { isPending, submit } = useSubmission(async () => {
    if (!check({ email, password })) return;
    const { data, error } = await signIn({ input: { email: email.trim(), password, device: thisDevice() } });
    if (error) return refuse(error);
    const outcome = data?.signIn;
    switch (outcome?.__typename) {
      case 'SignedIn':
        return entered();
      case 'Challenge':
        return step.open(outcome, email);
      case 'InvalidCredentials':
      case 'TemporarilyLocked':
        return say(outcome.message);
    }
  });

  if (step.isReading) return <Reading step={step} />;
  if (step.challenge) {
    return <CodeStep challenge={step.challenge} email={step.email} onVerified={entered} onLeave={step.leave} />;
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
      aside={<Story />}
    >
      <CookiesNeeded />
      {farewell && farewell !== 'notKept' && (
        <Notice look={farewell === 'endedElsewhere' ? 'warn' : 'info'} title={t(`farewell.${farewell}.title`)}>
          <p>{t(`farewell.${farewell}.text`)}</p>
        </Notice>
      )}
      <DoorForm onSubmit={() => submit()} faults={faults}>
        <EmailField value={email} onChange={setEmail} fault={faults.email} />
        <PasswordField
          label={t('password')}
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
          error={faults.password}
          isRequired
        />
        {whole && (
          <Notice look="alarm">
            <p>{whole}</p>
          </Notice>
        )}
        <Button type="submit" look="primary" isWide isPending={isPending}>
          {t('signIn.submit')}
        </Button>
      </DoorForm>
    </Door>
  );
}
