import { randomBytes } from 'node:crypto';
import { DeviceApp } from './device.js';
import { Events } from './events.js';
import type { Inbox } from './inbox.js';
import type { Challenge, Delivery, LoginRequest } from './operations.js';
import type { Screen } from './screen.js';

/** Three devices of one account, and the codes that travel between them; every run makes an account of its own. */
export class Story {
  private readonly email = `ada-${randomBytes(4).toString('hex')}@example.com`;
  private readonly password = randomBytes(12).toString('base64url');
  private readonly phone: DeviceApp;
  private readonly laptop: DeviceApp;
  private readonly tablet: DeviceApp;

  constructor(
    serverUrl: string,
    private readonly inbox: Inbox,
    private readonly screen: Screen,
  ) {
    // The phone has not asked yet whether it may show notifications.
    this.phone = new DeviceApp(serverUrl, { name: 'Phone', platform: 'ANDROID', notificationsEnabled: false });
    this.laptop = new DeviceApp(serverUrl, { name: 'Laptop', platform: 'LINUX' });
    this.tablet = new DeviceApp(serverUrl, { name: 'Tablet', platform: 'IOS' });
  }

  /** Tells it from the beginning to the end, or to the first thing that goes wrong, which it throws. */
  async tell(): Promise<void> {
    try {
      await this.openAccount();
      await this.turnTwoStepOn();
      const prompts = await this.listen();
      await this.signInByApp(prompts);
      await this.signInAgain();
      await this.signInByMail(prompts);
      await this.showDevices();
    } finally {
      await Promise.all([this.phone.close(), this.laptop.close(), this.tablet.close()]);
    }
  }

  private async openAccount(): Promise<void> {
    this.screen.heading('A phone opens an account');
    const challenge = await this.phone.signUp(this.email, this.password);
    this.screen.step('phone', `signs up as ${this.email}`);
    const code = await this.readMail();
    await this.phone.verify(challenge, code);
    this.screen.step('phone', `types ${code}: the account exists, the phone is signed in`, code);
  }

  private async turnTwoStepOn(): Promise<void> {
    this.screen.heading('It turns two-step verification on');
    const challenge = await this.phone.startTwoStepSetup();
    this.screen.step('phone', `asks for it; a code goes to ${challenge.sentTo}`);
    const code = await this.readMail();
    await this.phone.enableTwoStep(challenge, code);
    this.screen.step('phone', `types ${code}: two-step is on, the phone is the first trusted device`, code);
  }

  private async listen(): Promise<Events<LoginRequest>> {
    const prompts = new Events(this.phone.loginRequests());
    await this.phone.reportNotifications(true);
    this.screen.step('phone', 'may show notifications, and listens for sign-ins');
    return prompts;
  }

  private async signInByApp(prompts: Events<LoginRequest>): Promise<void> {
    this.screen.heading('A new laptop signs in: the code appears on the phone');
    const challenge = await this.askForSecondStep('laptop', this.laptop);
    const seen = new Events(this.laptop.watch(challenge));
    const prompt = await this.readPhone(prompts);
    const shown = await seen.until('word that the code is shown', (now) => latest(now).state === 'SENT');
    this.showDelivery('laptop', latest(shown));
    await this.phone.acknowledge(prompt);
    this.screen.step('phone', 'tells the server that the code is on its screen');
    const acknowledged = await seen.until('the acknowledgement', (now) => latest(now).state === 'SEEN');
    this.showDelivery('laptop', latest(acknowledged));
    await this.typeCode('laptop', this.laptop, challenge, prompt.code);
    await this.takeDown(prompts, prompt);
  }

  private async signInAgain(): Promise<void> {
    this.screen.heading('The laptop comes back: it is trusted now');
    await this.laptop.signOut();
    this.screen.step('laptop', 'signs out, and keeps the token that names it');
    const challenge = await this.laptop.signIn(this.email, this.password);
    if (challenge) throw new Error('The laptop is trusted, but was asked for a code.');
    this.screen.step('laptop', 'signs in with the password and that token: no code');
  }

  private async signInByMail(prompts: Events<LoginRequest>): Promise<void> {
    this.screen.heading('A tablet signs in, and gets the code by email');
    const challenge = await this.askForSecondStep('tablet', this.tablet);
    const prompt = await this.readPhone(prompts);
    const seen = new Events(this.tablet.watch(challenge));
    const sent = await this.tablet.sendCode(challenge, 'EMAIL');
    this.screen.step('tablet', `asks for the code by email; it goes to ${sent.sentTo}`);
    await this.watchMail(seen);
    const mailed = await this.readMail();
    if (mailed !== prompt.code) throw new Error(`The mail says ${mailed}, the phone ${prompt.code}: it is one code.`);
    this.screen.step('tablet', `finds ${mailed} in the mail, as on the phone: a challenge has one code`, mailed);
    await this.typeCode('tablet', this.tablet, challenge, mailed);
    await this.takeDown(prompts, prompt);
  }

  private async askForSecondStep(who: string, device: DeviceApp): Promise<Challenge> {
    const challenge = await device.signIn(this.email, this.password);
    if (!challenge) throw new Error(`The ${who} is new, but was let in without a code.`);
    this.screen.step(who, `signs in with the right password; it needs a code, sent to ${challenge.sentTo}`);
    return challenge;
  }

  private async readPhone(prompts: Events<LoginRequest>): Promise<LoginRequest & { readonly code: string }> {
    const { code, ...prompt } = await prompts.until('the code on the phone', ({ state }) => state === 'PENDING');
    if (code === null) throw new Error('A sign-in is waiting, but its code is not shown.');
    this.screen.step('phone', `shows ${code} for '${prompt.deviceName}' (${prompt.location.label})`, code);
    return { ...prompt, code };
  }

  private async takeDown(prompts: Events<LoginRequest>, { id }: LoginRequest): Promise<void> {
    const over = await prompts.until('the end of the prompt', (now) => now.id === id && now.state !== 'PENDING');
    this.screen.step('phone', `takes the code off its screen: the sign-in is ${over.state}`);
  }

  private async typeCode(who: string, device: DeviceApp, challenge: Challenge, code: string): Promise<void> {
    const { device: now } = await device.verify(challenge, code);
    const standing = now.isTrusted ? 'signed in, and trusted from now on' : 'signed in';
    this.screen.step(who, `types ${code}: ${standing}`, code);
  }

  /** Shows each thing that becomes of the mail, until the mail server has it. */
  private async watchMail(seen: Events<Challenge>): Promise<void> {
    for (let shown: Delivery | null = null; shown?.reason !== 'MAIL_ACCEPTED'; ) {
      const isNews = ({ method, reason }: Delivery) => method === 'EMAIL' && reason !== shown?.reason;
      shown = latest(await seen.until('word that the mail server took the mail', (now) => isNews(latest(now))));
      this.showDelivery('tablet', shown);
      if (shown.state === 'FAILED') throw new Error('The mail was given up.');
    }
  }

  private showDelivery(who: string, { state, reason, devicesReached, hint }: Delivery): void {
    const devices = devicesReached && `on ${devicesReached} device${devicesReached === 1 ? '' : 's'}`;
    this.screen.step(who, `sees: ${[state, devices, reason && `(${reason})`].filter(Boolean).join(' ')}`);
    if (hint) this.screen.aside(hint);
  }

  private async readMail(): Promise<string> {
    const { subject, code } = await this.inbox.nextCode(this.email);
    this.screen.step('inbox', `"${subject}": ${code}`, code);
    return code;
  }

  private async showDevices(): Promise<void> {
    this.screen.heading('What the account says of its devices');
    for (const { name, isTrusted, isOnline } of await this.phone.devices()) {
      this.screen.step(name.toLowerCase(), `${isTrusted ? 'trusted' : 'not trusted'}${isOnline ? ', online' : ''}`);
    }
  }
}

function latest({ deliveries: [newest] }: Challenge): Delivery {
  if (!newest) throw new Error('Nothing was sent yet.');
  return newest;
}
