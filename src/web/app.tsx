import { Suspense, useEffect } from 'react';
import { RouterProvider } from 'react-aria-components';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { About } from './about/about.tsx';
import { Said } from './account/said.tsx';
import { Frame } from './frame/frame.tsx';
import { BrokenPage, fetched, Mishap } from './frame/mishap.tsx';
import { NotFound } from './frame/not-found.tsx';
import { Unreachable } from './frame/unreachable.tsx';
import { HandOver } from './hand-over/hand-over.tsx';
import { Confirmations } from './prompts/confirmations.tsx';
import { BrokenPrompts, Prompts } from './prompts/prompts.tsx';
import { OnTheWay } from './return/on-the-way.tsx';
import { SessionProvider, useSession } from './session/session.tsx';
import { Watch } from './session/watch.tsx';
import { ResetPassword } from './sign-in/reset-password.tsx';
import { SignIn } from './sign-in/sign-in.tsx';
import { SignUp } from './sign-in/sign-up.tsx';
import { TypedEmailProvider } from './sign-in/typed-email.tsx';
import { StopChange } from './stop-change/stop-change.tsx';
import { Waiting } from './ui/waiting.tsx';

// What only somebody who is signed in sees is fetched then.
const Account = fetched(() => import('./account/account.tsx'));
const KeepPush = fetched(() => import('./push/keep-push.tsx'));

/** The whole client. */
export function App({ language }: { readonly language: () => string }) {
  const [, navigate] = useLocation();
  return (
    <RouterProvider navigate={navigate}>
      <SessionProvider language={language}>
        <Frame>
          <Said>
            <Mishap instead={<BrokenPage />}>
              <TypedEmailProvider>
                <Pages />
              </TypedEmailProvider>
            </Mishap>
            <WhileSignedIn />
          </Said>
        </Frame>
      </SessionProvider>
    </RouterProvider>
  );
}

/** What is there on every page of somebody who is signed in. */
function WhileSignedIn() {
  const { viewer } = useSession();
  useLeaving();
  if (!viewer) return null;
  return (
    <>
      <Watch />
      <Mishap instead={<BrokenPrompts />}>
        <Prompts />
        <Confirmations />
      </Mishap>
      <Mishap instead={null}>
        <Suspense>
          <KeepPush />
        </Suspense>
      </Mishap>
    </>
  );
}

function Pages() {
  const { viewer, isLoading, isUnreachable, refresh } = useSession();
  if (isLoading) return <Waiting />;
  if (isUnreachable) return <Unreachable onAskAgain={refresh} />;
  return (
    <Suspense fallback={<Waiting />}>
      <Switch>
        <Route path="/about" component={About} />
        <Route path="/reset-password" component={ResetPassword} />
        <Route path="/hand-over" component={HandOver} />
        <Route path="/stop-change" component={StopChange} />
        {/* At its own address, which is where the account then opens. */}
        <Route path="/account/*?">
          <OnTheWay>{viewer ? <Account /> : <SignIn />}</OnTheWay>
        </Route>
        <Route path="/sign-up">
          <OnTheWay>{viewer ? <Redirect to="/account" replace /> : <SignUp />}</OnTheWay>
        </Route>
        <Route path="/">
          <OnTheWay>{viewer ? <Redirect to="/account" replace /> : <SignIn />}</OnTheWay>
        </Route>
        <Route component={NotFound} />
      </Switch>
    </Suspense>
  );
}

/** Once nobody is signed in any more, however that came, nothing wakes this browser. */
function useLeaving(): void {
  const { viewer, isLoading, isUnreachable } = useSession();
  const isSignedOut = !viewer && !isLoading && !isUnreachable;
  useEffect(() => {
    // Who was never signed in here has no service worker.
    if (!isSignedOut || !navigator.serviceWorker?.controller) return;
    void import('./push/leave.ts').then(({ leavePush }) => leavePush());
  }, [isSignedOut]);
}
