// Reads a JSON list of {body, secret, header} from standard input, asks Paddle's own SDK about each of them, and
// writes a JSON list of what it says: the type of the event, or null when the signature is not good.

import { text } from 'node:stream/consumers';
import { LogLevel, Paddle } from '@paddle/paddle-node-sdk';

const { webhooks } = new Paddle('pdl_sdbx_apikey_not_used', { logLevel: LogLevel.none });

async function verified({ body, secret, header }) {
  try {
    return (await webhooks.unmarshal(body, secret, header)).eventType;
  } catch {
    return null;
  }
}

const deliveries = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(await Promise.all(deliveries.map(verified))));
