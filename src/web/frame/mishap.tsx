import {
  Component,
  type ComponentType,
  createContext,
  type PropsWithChildren,
  type ReactNode,
  use,
  useContext,
} from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useStore } from '../api/store.ts';
import { useSession } from '../session/session.tsx';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { useIsOnline } from './use-is-online.ts';

type MishapProps = PropsWithChildren<{
  /** What is shown instead of what is broken. */
  readonly instead: ReactNode;
}>;

/**
 * Keeps what goes wrong while a part of the page is shown within that part, until there is reason to try again: another
 * page, a network, a line to the server that is back.
 */
export function Mishap({ instead, children }: MishapProps) {
  const { api } = useSession();
  const [page] = useLocation();
  const connections = useStore(api.connections);
  const occasion = `${page} ${connections} ${useIsOnline()}`;
  return (
    <Boundary instead={instead} occasion={occasion}>
      {children}
    </Boundary>
  );
}

interface BoundaryProps extends MishapProps {
  /** When it is another one, what is broken is tried again. */
  readonly occasion: string;
}

interface BoundaryState {
  /** The occasion on which it broke; null while all is well. */
  readonly brokenAt: string | null;
  readonly isBroken: boolean;
  /** How often it was tried again. */
  readonly attempt: number;
}

/** Which try it is: what could not be fetched in one is asked for again in the next. */
const Attempt = createContext(0);

class Boundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { brokenAt: null, isBroken: false, attempt: 0 };

  static getDerivedStateFromError(): Partial<BoundaryState> {
    return { isBroken: true };
  }

  static getDerivedStateFromProps({ occasion }: BoundaryProps, state: BoundaryState): Partial<BoundaryState> | null {
    if (!state.isBroken) return null;
    if (state.brokenAt === null) return { brokenAt: occasion };
    if (state.brokenAt === occasion) return null;
    return { brokenAt: null, isBroken: false, attempt: state.attempt + 1 };
  }

  override render(): ReactNode {
    if (this.state.isBroken) return this.props.instead;
    return <Attempt value={this.state.attempt}>{this.props.children}</Attempt>;
  }
}

interface Module<Props> {
  readonly default: ComponentType<Props>;
}

/**
 * A component that is fetched when it is first shown. Unlike React's `lazy` it is asked for again when the `Mishap` above
 * it tries again: a network that was away for a moment costs no page for good.
 */
export function fetched<Props extends object>(fetchModule: () => Promise<Module<Props>>): ComponentType<Props> {
  let latest: { readonly attempt: number; readonly module: Promise<Module<Props>> } | null = null;
  let isFetched = false;
  return function Fetched(props: Props) {
    const attempt = useContext(Attempt);
    if (!latest || (!isFetched && latest.attempt !== attempt)) {
      latest = { attempt, module: fetchModule() };
      latest.module.then(
        () => {
          isFetched = true;
        },
        // The boundary says so.
        () => undefined,
      );
    }
    const { default: Shown } = use(latest.module);
    return <Shown {...props} />;
  };
}

/**
 * A page that cannot be shown: most likely a part of it could not be fetched, since the server is away, or was updated
 * and has other files now.
 */
export function BrokenPage() {
  const { t } = useTranslation();
  return (
    <div>
      <Notice look="alarm" title={t('broken.title')}>
        <p>{t('broken.text')}</p>
        <Button onPress={() => location.reload()}>{t('broken.again')}</Button>
      </Notice>
    </div>
  );
}
