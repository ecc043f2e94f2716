import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { SignUpDocument } from '../api/operations.ts';
import { CodeStep } from '../codes/code-step.tsx';
import { Reading } from '../codes/reading.tsx';
import { useCodeStep } from '../codes/use-code-step.ts';
import { NewPasswordField } from '../passwords/new-password-field.tsx';
import { useSession } from '../session/session.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { useSubmission } from '../ui/use-submission.ts';
import { CookiesNeeded } from './cookies-needed.tsx';
import { Door, DoorForm } from './door.tsx';
import { EmailField } from './email-field.tsx';
import { thisDevice } from './this-device.ts';
import { useTypedEmail } from './typed-email.tsx';
import { useFormFaults } from './use-form-faults.ts';

/** Opening an account: it exists once the code from its mailbox was typed. */
export function SignUp() {
  const { t } = useTranslation('signIn');
  const { entered } = useSession();
  const [, signUp] = useMutation(SignUpDocument);
  const step = useCodeStep();
  const [email, setEmail] = useTypedEmail(step.email);
  const [password, setPassword] = useState('');
  const [advice, setAdvice] = useState<readonly string[]>([]);
  const { faults, whole, check, refuse } = useFormFaults();

  const { isPending, submit } = useSubmission(async () => {
    setAdvice([]);
    if (!check({ email, password })) return;
    const { data, error } = await signUp({ input: { email: email.trim(), password, device: thisDevice() } });
    if (error) return refuse(error);
    const outcome = data?.signUp;
    if (outcome?.__typename === 'Challenge') return step.open(outcome, email);
    if (outcome?.__typename === 'WeakPassword') setAdvice([outcome.message, ...outcome.suggestions]);
  });

  if (step.isReading) return <Reading step={step} />;
  if (step.challenge) {
    return <CodeStep challenge={step.challenge} email={step.email} onVerified={entered} onLeave={step.leave} />;
  }
  return (
    <Door title={t('signUp.title')} lead={t('signUp.lead')} more={<Link href="/">{t('signUp.toSignIn')}</Link>}>
      <CookiesNeeded />
      <DoorForm onSubmit={() => submit()} faults={advice.length > 0 ? advice : faults}>
        <EmailField value={email} onChange={setEmail} fault={faults.email} />
        <NewPasswordField
          label={t('password')}
          value={password}
          onChange={setPassword}
          words={[email]}
          advice={faults.password ? [faults.password] : advice}
        />
        {whole && (
          <Notice look="alarm">
            <p>{whole}</p>
          </Notice>
        )}
        <Button type="submit" look="primary" isWide isPending={isPending}>
          {t('signUp.submit')}
        </Button>
      </DoorForm>
    </Door>
  );
}
