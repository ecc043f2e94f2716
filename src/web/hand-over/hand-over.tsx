import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation, useQuery } from 'urql';
import { Link, useLocation } from 'wouter';
import { HandOverDocument, type HandOverQuery, RedeemHandOverDocument } from '../api/operations.ts';
import { useStore } from '../api/store.ts';
import { useFaultText } from '../api/use-fault-text.ts';
import { Unreachable } from '../frame/unreachable.tsx';
import { useSession, type Viewer } from '../session/session.tsx';
import { CookiesNeeded } from '../sign-in/cookies-needed.tsx';
import { Door } from '../sign-in/door.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { useSubmission } from '../ui/use-submission.ts';
import { Waiting } from '../ui/waiting.tsx';
import { takenCode } from './taken-code.ts';

/**
 * Where an app leads that has somebody signed in. A link may be anybody's: whoever followed an attacker's would work in the
 * attacker's account. So nothing is exchanged before the person was shown whose account it is, and agreed.
 */
export function HandOver() {
  const { viewer } = useSession();
  const code = useStore(takenCode);
  if (viewer) return <Taken viewer={viewer} />;
  return code === null ? <Void /> : <Code key={code} code={code} />;
}

function Code({ code }: { readonly code: string }) {
  const [{ data, error, fetching }, ask] = useQuery({
    query: HandOverDocument,
    variables: { code },
    requestPolicy: 'network-only',
  });
  if (error) return <Unreachable onAskAgain={ask} />;
  if (fetching || !data) return <Waiting />;
  return data.handOver ? <Question code={code} about={data.handOver} /> : <Void />;
}

interface QuestionProps {
  readonly code: string;
  readonly about: NonNullable<HandOverQuery['handOver']>;
}

function Question({ code, about: { email, deviceName } }: QuestionProps) {
  const { t } = useTranslation('signIn');
  const { entered, refresh } = useSession();
  const [, navigate] = useLocation();
  const [, redeem] = useMutation(RedeemHandOverDocument);
  const faultText = useFaultText();
  const [fault, setFault] = useState<string | null>(null);
  const { isPending, submit } = useSubmission(async () => {
    setFault(null);
    const { data, error } = await redeem({ code });
    if (error) return setFault(faultText(error));
    takenCode.set(null);
    // Somebody may have signed in meanwhile, in another tab.
    if (data?.redeemHandOver.__typename !== 'SignedIn') return refresh();
    navigate('/account', { replace: true });
    entered();
  });
  return (
    <Door title={t('handOver.title')} lead={t('handOver.lead')}>
      <CookiesNeeded />
      <p>
        <strong>
          <bdi>{email}</bdi>
        </strong>
      </p>
      <p>
        <bdi>{t('handOver.device', { device: deviceName })}</bdi>
      </p>
      <Notice look="warn">
        <p>{t('handOver.warn')}</p>
      </Notice>
      {fault && (
        <Notice look="alarm">
          <p>{fault}</p>
        </Notice>
      )}
      <Button look="primary" isWide isPending={isPending} onPress={() => submit()}>
        {t('handOver.yes')}
      </Button>
      <Button
        isWide
        onPress={() => {
          takenCode.set(null);
          navigate('/', { replace: true });
        }}
      >
        {t('handOver.no')}
      </Button>
    </Door>
  );
}

function Void() {
  const { t } = useTranslation('signIn');
  return (
    <Door
      title={t('handOver.void.title')}
      lead={t('handOver.void.text')}
      more={<Link href="/">{t('handOver.toSignIn')}</Link>}
    >
      {null}
    </Door>
  );
}

function Taken({ viewer }: { readonly viewer: Viewer }) {
  const { t } = useTranslation('signIn');
  return (
    <Door
      title={t('handOver.taken.title')}
      lead={<bdi>{t('handOver.taken.lead', { email: viewer.email })}</bdi>}
      more={<Link href="/account">{t('handOver.toAccount')}</Link>}
    >
      <p>{t('handOver.taken.text')}</p>
    </Door>
  );
}
