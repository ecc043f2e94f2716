import { type PropsWithChildren, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation, useQuery } from 'urql';
import { Link } from 'wouter';
import { ReturnAddressDocument, ReturnToProductDocument } from '../api/operations.ts';
import { useFaultText } from '../api/use-fault-text.ts';
import { Unreachable } from '../frame/unreachable.tsx';
import { useSession } from '../session/session.tsx';
import { Door } from '../sign-in/door.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { useSubmission } from '../ui/use-submission.ts';
import { Waiting } from '../ui/waiting.tsx';
import { forgetWish, spendWish, useWish, type Wish } from './wish.ts';

/** A page on which somebody is let in: who came from a product goes back there then, and sees `children` before. */
export function OnTheWay({ children }: PropsWithChildren) {
  const wish = useWish();
  return wish ? <Wished wish={wish}>{children}</Wished> : children;
}

function Wished({ wish, children }: PropsWithChildren<{ readonly wish: Wish }>) {
  const { viewer } = useSession();
  // Whether it may be is for the server to say, and what is gone to is the address as the server wrote it.
  const [{ data, error }, ask] = useQuery({ query: ReturnAddressDocument, variables: { returnTo: wish.returnTo } });
  if (!data) return error ? <Unreachable onAskAgain={ask} /> : <Waiting />;
  if (!data.returnAddress) return <NotListed />;
  return viewer ? <Leaving wish={wish} address={data.returnAddress} /> : children;
}

function NotListed() {
  const { t } = useTranslation('signIn');
  return (
    <Door title={t('return.notListed.title')} more={<Stay />}>
      <Notice look="alarm">
        <p>{t('return.notListed.text')}</p>
      </Notice>
    </Door>
  );
}

function Stay() {
  const { t } = useTranslation('signIn');
  return (
    <Link href="/" onClick={forgetWish}>
      {t('return.stay')}
    </Link>
  );
}

/** Goes back at once. What is no web page may not open by itself, or leaves this one where it is: then a button does. */
function Leaving({ wish, address }: { readonly wish: Wish; readonly address: string }) {
  const { t } = useTranslation('signIn');
  const faultText = useFaultText();
  const [, returnToProduct] = useMutation(ReturnToProductDocument);
  const [fault, setFault] = useState<string | null>(null);
  const { isPending, submit } = useSubmission(async () => {
    setFault(null);
    if (wish.state === null) return leaveFor(address);
    const { data, error } = await returnToProduct({ returnTo: wish.returnTo, state: wish.state });
    if (data) leaveFor(data.returnToProduct.url);
    else if (error) setFault(faultText(error));
  });
  const isBegun = useRef(false);
  useEffect(() => {
    if (isBegun.current) return;
    isBegun.current = true;
    submit();
  }, [submit]);
  return (
    <Door title={t('return.title')} lead={t('return.lead')} more={<Stay />}>
      {fault && (
        <Notice look="alarm">
          <p>{fault}</p>
        </Notice>
      )}
      <Button look="primary" isWide isPending={isPending} onPress={() => submit()}>
        {t('return.go')}
      </Button>
    </Door>
  );
}

/** In place of this page: Back leads to where the person came from, and not here, whence it would lead away again. */
function leaveFor(url: string): void {
  spendWish();
  location.replace(url);
}
