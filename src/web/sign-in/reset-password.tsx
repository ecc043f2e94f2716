import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link, useLocation } from 'wouter';
import {
  type ChallengeFieldsFragment,
  RequestPasswordResetDocument,
  ResetPasswordDocument,
} from '../api/operations.ts';
import { Closed } from '../codes/closed.tsx';
import { CodeField } from '../codes/code-field.tsx';
import { Deliveries } from '../codes/deliveries.tsx';
import { Reading } from '../codes/reading.tsx';
import { type CodeAnswer, useCodeEntry } from '../codes/use-code-entry.ts';
import { useCodeStep } from '../codes/use-code-step.ts';
import { NewPasswordField } from '../passwords/new-password-field.tsx';
import { useSession } from '../session/session.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { useSubmission } from '../ui/use-submission.ts';
import { Door, DoorForm } from './door.tsx';
import { EmailField } from './email-field.tsx';
import { useTypedEmail } from './typed-email.tsx';
import { useFormFaults } from './use-form-faults.ts';

/** A forgotten password: a code to the mailbox, and a new password with it. */
export function ResetPassword() {
  const { t } = useTranslation('signIn');
  const { viewer } = useSession();
  const [, request] = useMutation(RequestPasswordResetDocument);
  const step = useCodeStep();
  const [email, setEmail] = useTypedEmail(step.email || (viewer?.email ?? ''));
  const { faults, whole, check, refuse } = useFormFaults();

  const { isPending, submit } = useSubmission(async () => {
    if (!check({ email })) return;
    const { data, error } = await request({ email: email.trim() });
    if (error) return refuse(error);
    if (data) step.open(data.requestPasswordReset, email);
  });

  if (step.isReading) return <Reading step={step} />;
  if (step.challenge) return <ChoosePassword challenge={step.challenge} email={step.email} onLeave={step.leave} />;
  return (
    <Door
      title={t('reset.title')}
      lead={t('reset.lead')}
      more={<Link href="/">{t(viewer ? 'reset.toAccount' : 'reset.toSignIn')}</Link>}
    >
      {viewer && (
        <Notice>
          <p>{t('reset.signedIn')}</p>
        </Notice>
      )}
      {viewer?.twoStep.enabled !== false && <p>{t('reset.after')}</p>}
      <DoorForm onSubmit={() => submit()} faults={faults}>
        <EmailField value={email} onChange={setEmail} fault={faults.email} />
        {whole && (
          <Notice look="alarm">
            <p>{whole}</p>
          </Notice>
        )}
        <Button type="submit" look="primary" isWide isPending={isPending}>
          {t('reset.send')}
        </Button>
      </DoorForm>
    </Door>
  );
}

interface ChoosePasswordProps {
  readonly challenge: ChallengeFieldsFragment;
  readonly email: string;
  readonly onLeave: () => void;
}

const none: readonly string[] = [];

function ChoosePassword({ challenge: opened, email, onLeave }: ChoosePasswordProps) {
  const { t } = useTranslation('signIn');
  const { leave } = useSession();
  const [, navigate] = useLocation();
  const [, reset] = useMutation(ResetPasswordDocument);
  const [newPassword, setNewPassword] = useState('');
  const [advice, setAdvice] = useState(none);
  const entry = useCodeEntry(opened, async (code, taken) => {
    let answer: CodeAnswer = {};
    const isReset = await leave(async () => {
      const { data, error } = await reset({ challengeToken: opened.token, code, newPassword });
      const outcome = data?.resetPassword;
      if (outcome?.__typename === 'PasswordReset') {
        taken();
        return true;
      }
      if (outcome?.__typename === 'WeakPassword') setAdvice([outcome.message, ...outcome.suggestions]);
      else answer = { error, outcome };
      return false;
    }, 'passwordReset');
    if (isReset) navigate('/');
    return answer;
  });
  const { challenge, closed, fault, isPending } = entry;
  const faults = useMemo(() => ({ ...entry.faults, advice }), [entry.faults, advice]);
  const submit = () => {
    setAdvice(newPassword === '' ? [t('missing.password')] : none);
    if (newPassword === '') entry.check(entry.code);
    else entry.submit();
  };

  if (closed) {
    return (
      <Door key="closed" title={t('reset.title')}>
        <Closed state={closed} onAgain={onLeave} />
      </Door>
    );
  }
  return (
    <Door
      title={t('reset.chooseTitle')}
      lead={t('reset.chooseLead', { to: email.trim() })}
      more={
        <Button look="plain" onPress={onLeave}>
          {t('code.change', { ns: 'common' })}
        </Button>
      }
    >
      <DoorForm onSubmit={submit} faults={faults}>
        <CodeField entry={entry} isSentWhenWhole={false} />
        <NewPasswordField
          label={t('newPassword')}
          value={newPassword}
          onChange={setNewPassword}
          words={[email]}
          advice={advice}
        />
        {fault && (
          <Notice look="alarm">
            <p>{fault}</p>
          </Notice>
        )}
        <Button type="submit" look="primary" isWide isPending={isPending}>
          {t('reset.submit')}
        </Button>
      </DoorForm>
      <Deliveries challenge={challenge} onAgain={onLeave} />
    </Door>
  );
}
