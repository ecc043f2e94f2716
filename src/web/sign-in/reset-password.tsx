import { useState } from 'react';
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
import { forgetChallenge } from '../codes/kept-challenge.ts';
import { Reading } from '../codes/reading.tsx';
import { closedState, useChallenge, useClosed } from '../codes/use-challenge.ts';
import { useCodeStep } from '../codes/use-code-step.ts';
import { NewPasswordField } from '../passwords/new-password-field.tsx';
import { useSession } from '../session/session.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { Door, DoorForm } from './door.tsx';
import { EmailField } from './email-field.tsx';
import { useFormFaults } from './use-form-faults.ts';

/** A forgotten password: a code to the mailbox, and a new password with it. */
export function ResetPassword() {
  const { t } = useTranslation('signIn');
  const { viewer } = useSession();
  const [{ fetching }, request] = useMutation(RequestPasswordResetDocument);
  const step = useCodeStep();
  const [email, setEmail] = useState(step.email || (viewer?.email ?? ''));
  const { faults, whole, check, refuse } = useFormFaults();

  const submit = async () => {
    if (!check({ email })) return;
    const { data, error } = await request({ email: email.trim() });
    if (error) return refuse(error);
    if (data) step.open(data.requestPasswordReset, email);
  };

  if (step.isReading) return <Reading step={step} />;
  if (step.challenge) return <ChoosePassword challenge={step.challenge} email={email} onLeave={step.leave} />;
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
      <DoorForm onSubmit={() => void submit()} faults={faults}>
        <EmailField value={email} onChange={setEmail} fault={faults.email} />
        {whole && (
          <Notice look="alarm">
            <p>{whole}</p>
          </Notice>
        )}
        <Button type="submit" look="primary" isWide isPending={fetching}>
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

interface ChoiceFaults {
  readonly code: string | null;
  readonly advice: readonly string[];
}

const none: ChoiceFaults = { code: null, advice: [] };

function ChoosePassword({ challenge: opened, email, onLeave }: ChoosePasswordProps) {
  const { t } = useTranslation('signIn');
  const { leave } = useSession();
  const [, navigate] = useLocation();
  const challenge = useChallenge(opened);
  const { closed, close } = useClosed(challenge);
  const [{ fetching }, reset] = useMutation(ResetPasswordDocument);
  const [code, setCode] = useState('');
  const [newPassword, setNewPassword] = useState('');
  const [choice, setChoice] = useState(none);
  const { whole, refuse, say } = useFormFaults();

  /** @returns whether the password is another one now; else what is shown says why not */
  const submit = async (): Promise<boolean> => {
    say(null);
    const missing: ChoiceFaults = {
      code:
        code.length < challenge.codeLength
          ? t('code.incomplete', { ns: 'common', digits: challenge.codeLength })
          : null,
      advice: newPassword === '' ? [t('missing.password')] : [],
    };
    setChoice(missing);
    if (missing.code || missing.advice.length > 0) return false;
    const { data, error } = await reset({ challengeToken: challenge.token, code, newPassword });
    if (error) refuse(error);
    const outcome = data?.resetPassword;
    switch (outcome?.__typename) {
      case 'PasswordReset':
        forgetChallenge(challenge.token);
        navigate('/');
        return true;
      case 'WrongCode':
        setCode('');
        if (outcome.attemptsRemaining > 0) setChoice({ ...none, code: outcome.message });
        else close('LOCKED');
        break;
      case 'ChallengeClosed':
        close(closedState(outcome.state));
        break;
      case 'WeakPassword':
        setChoice({ ...none, advice: [outcome.message, ...outcome.suggestions] });
    }
    return false;
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
      lead={t('reset.chooseLead', { to: challenge.sentTo })}
      more={
        <Button look="plain" onPress={onLeave}>
          {t('back', { ns: 'common' })}
        </Button>
      }
    >
      <DoorForm onSubmit={() => void leave(submit, 'passwordReset')} faults={choice}>
        <CodeField
          length={challenge.codeLength}
          value={code}
          onChange={setCode}
          error={choice.code}
          isReadOnly={fetching}
        />
        <NewPasswordField
          label={t('newPassword')}
          value={newPassword}
          onChange={setNewPassword}
          words={[email]}
          advice={choice.advice}
        />
        {whole && (
          <Notice look="alarm">
            <p>{whole}</p>
          </Notice>
        )}
        <Button type="submit" look="primary" isWide isPending={fetching}>
          {t('reset.submit')}
        </Button>
      </DoorForm>
      <Deliveries challenge={challenge} onAgain={onLeave} />
    </Door>
  );
}
