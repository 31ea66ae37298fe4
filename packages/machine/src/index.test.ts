import { expect, test } from 'vitest';
import * as machine from './index.ts';

test('the package exports these names', () => {
  expect(Object.keys(machine).sort().join(' ')).toMatchInlineSnapshot(`"BootError DEFAULT_OPTIONS E820 EmuError LOG_ITEMS Machine MachineError OptionError createMachine e820 helpText loadKernel memoryHost parseQemuArgs ramLayout registersText"`);
});
