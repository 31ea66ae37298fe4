#!/usr/bin/env node
import { runCli } from '@emu/fs-pack/node';

process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE') process.exit(0); // `fs-pack ls | head`
  throw error;
});
process.exitCode = await runCli(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr });
