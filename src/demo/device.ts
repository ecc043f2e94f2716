import { Client } from './client.js';
import * as api from './operations.js';

/** A person was refused something; the message is the server's, made to be shown. */
export class Refused extends Error {}

/**
 * The app on one device. It keeps two secrets: the session's token, and the token that names the device at its next
 * sign-in. All of its calls throw `Refused`.
 */
export class DeviceApp {
  private readonly client: Client;
  private deviceToken: string | null = null;

  constructor(
    serverUrl: string,
    private readonly self: api.DeviceInput,
  ) {
    this.client = new Client(serverUrl);
  }

  /** @returns the challenge whose code proves the mailbox */
  async signUp(email: string, password: string): Promise<api.Challenge> {
    const { signUp } = await this.client.request(api.SignUp, { input: { email, password, device: this.self } });
    switch (signUp.__typename) {
      case 'Challenge':
        return signUp;
      default:
        throw new Refused(signUp.message);
    }
  }

  /** @returns the second step, or null if the device is signed in without one */
  async signIn(email: string, password: string): Promise<api.Challenge | null> {
    const { deviceToken, self: device } = this;
    const { signIn } = await this.client.request(api.SignIn, { input: { email, password, device, deviceToken } });
    switch (signIn.__typename) {
      case 'SignedIn':
        this.keep(signIn);
        return null;
      case 'Challenge':
        return signIn;
      default:
        throw new Refused(signIn.message);
    }
  }

  /** Sends the code of a challenge again, or another way: it is the same code. */
  async sendCode({ token }: api.Challenge, method: api.Challenge['method']): Promise<api.Challenge> {
    const { sendCode } = await this.client.request(api.SendCode, { token, method });
    switch (sendCode.__typename) {
      case 'Challenge':
        return sendCode;
      default:
        throw new Refused(sendCode.message);
    }
  }

  /** The challenge now and at each change, until it is over. */
  async *watch({ token }: api.Challenge): AsyncGenerator<api.Challenge> {
    for await (const { challenge } of this.client.subscribe(api.WatchChallenge, { token })) yield challenge;
  }

  /** Answers a challenge: from then on the device is signed in. */
  async verify({ token }: api.Challenge, code: string): Promise<api.SignedIn> {
    const { verifyCode } = await this.client.request(api.VerifyCode, { token, code });
    switch (verifyCode.__typename) {
      case 'SignedIn':
        this.keep(verifyCode);
        return verifyCode;
      default:
        throw new Refused(verifyCode.message);
    }
  }

  /** The session ends, the device's token stays: with it, and the password, a trusted device is let in again. */
  async signOut(): Promise<void> {
    await this.client.request(api.SignOut, {});
    this.client.sessionToken = null;
  }

  /** @returns the challenge whose code proves that codes by mail will arrive */
  async startTwoStepSetup(): Promise<api.Challenge> {
    const { startTwoStepSetup } = await this.client.request(api.StartTwoStepSetup, {});
    switch (startTwoStepSetup.__typename) {
      case 'Challenge':
        return startTwoStepSetup;
      default:
        throw new Refused(startTwoStepSetup.message);
    }
  }

  /** Two-step verification is on, and this device the first that is trusted. */
  async enableTwoStep({ token }: api.Challenge, code: string): Promise<void> {
    const { enableTwoStep } = await this.client.request(api.EnableTwoStep, { token, code });
    switch (enableTwoStep.__typename) {
      case 'TwoStepEnabled':
        return;
      default:
        throw new Refused(enableTwoStep.message);
    }
  }

  /** Tells the server whether the person lets the app show notifications. */
  async reportNotifications(enabled: boolean): Promise<void> {
    await this.client.request(api.ReportNotifications, { enabled });
  }

  /** The live codes: the sign-ins that wait, each new one, and each again when it is over. */
  async *loginRequests(): AsyncGenerator<api.LoginRequest> {
    for await (const { loginRequests } of this.client.subscribe(api.LoginRequests, {})) yield loginRequests;
  }

  /** Says that the code is on the screen now, so that whoever waits for it knows where to look. */
  async acknowledge({ id }: api.LoginRequest): Promise<void> {
    await this.client.request(api.AcknowledgeLoginRequest, { id });
  }

  /** The account's devices; none if the session is over. */
  async devices(): Promise<readonly api.Device[]> {
    const { viewer } = await this.client.request(api.Devices, {});
    return viewer?.devices ?? [];
  }

  /** Ends what it listens to. */
  async close(): Promise<void> {
    await this.client.close();
  }

  private keep({ sessionToken, deviceToken }: api.SignedIn): void {
    this.client.sessionToken = sessionToken;
    this.deviceToken = deviceToken;
  }
}
