// One server for all tests whose state is their own organization. Tests that need an empty database,
// or that take the server away, start one of their own.

import { Server } from './server';

export default async function globalSetup(): Promise<() => Promise<void>> {
  const server = await Server.start();
  server.share();
  return () => server.stop();
}
