// Reads a JSON list of {body, secret, headers} from standard input, asks the package `standardwebhooks` about each of
// them, and writes a JSON list of what it says: the type of the message, or null when the signature is not good.

import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

function verified({ body, secret, headers }) {
  try {
    return new Webhook(secret).verify(body, headers).type;
  } catch {
    return null;
  }
}

const deliveries = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(deliveries.map(verified)));
