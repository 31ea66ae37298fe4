/** The worker: takes the page's messages and hands them to the session. */
import type { Request, ToWorker } from '../protocol.ts';
import { capabilities } from './capabilities.ts';
import { failureOf, Session, type Send } from './session.ts';

const send: Send = (message, transfer = []) => postMessage(message, { transfer });
const session = new Session(send);

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  switch (data.type) {
    case 'input': return session.input(data.bytes);
    case 'shown': return session.shown(data.bytes);
    case 'disk': return session.decide(data.decision);
    default: void answer(data);
  }
});

async function answer(request: Request & { readonly id: number }): Promise<void> {
  const { id } = request;
  try {
    send({ type: 'reply', id, value: await perform(request) });
  } catch (error) {
    send({ type: 'reply', id, failure: failureOf(error, 'machine') });
  }
}

function perform(request: Request): unknown {
  switch (request.type) {
    case 'capabilities': return capabilities();
    case 'addFiles': return session.addFiles(request.files);
    case 'start': return session.start(request.options);
    case 'pause': return session.pause();
    case 'resume': return session.resume();
    case 'reset': return session.reset();
    case 'powerButton': return session.powerButton();
    case 'quit': return session.quit();
    case 'resetDisks': return session.resetDisks(request.name, request.arguments);
  }
}
