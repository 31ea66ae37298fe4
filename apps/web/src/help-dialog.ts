/** The page's own help. */
import { makeDialog } from './dialog.ts';

const BODY = `<div class="help">
<p>A whole x86-64 PC runs in this page: processor, memory, disk and serial port, translated to WebAssembly as it goes. Nothing is sent anywhere; the page only
downloads the kernel and the parts of the disk that the guest reads.</p>
<h3>Keys</h3>
<table>
<tr><td><kbd>Shift</kbd> <kbd>F6</kbd></td><td>leave the terminal, which takes <kbd>Tab</kbd> for the guest</td></tr>
<tr><td><kbd>Ctrl</kbd> <kbd>Shift</kbd> <kbd>C</kbd> / <kbd>V</kbd></td><td>copy what is selected, paste</td></tr>
<tr><td><kbd>Ctrl</kbd> <kbd>C</kbd></td><td>interrupt the guest's program, as everywhere</td></tr>
</table>
<h3>Disk</h3>
<p>What the guest writes goes into an overlay over the disk image. By default it is forgotten when the page is closed; with <b>Settings, Keep in this browser</b>, it is
still there at the next visit. What the guest has not written out yet (<code>sync</code>) is lost when a page is closed. One tab at a time can have a kept disk.</p>
<h3>Your own kernel, initrd and disk</h3>
<p>Pick them in <b>Settings</b> or drop them onto this page: a bzImage, ELF or multiboot kernel, an initramfs, a raw disk image of any size. They are read where they lie.</p>
<h3>Window size</h3>
<p>A serial port does not tell the guest how large the terminal is. After resizing the window, press the size in the status bar while the guest's shell
waits: it types <code>stty rows ... cols ...</code> for you.</p>
<h3>Command line</h3>
<p>The machine takes QEMU's options. A page sets them as Emscripten programs have it, and <b>Settings</b> shows those in use:</p>
<pre>Module = { arguments: ['-nographic', '-m', '512M', '-kernel', 'pack/bzImage', ...] }</pre>
<h3>In your own page</h3>
<pre>&lt;script type="module" src="emu-machine.js"&gt;&lt;/script&gt;
&lt;emu-machine args="-nographic -m 512M -kernel pack/bzImage ..." autostart&gt;&lt;/emu-machine&gt;</pre>
</div>`;

export function helpDialog(): HTMLDialogElement {
  return makeDialog('Help', 'help', BODY);
}
