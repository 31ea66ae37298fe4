/** What keeps a guest from being built or started, in one line that says what to do. */
export class GuestError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'GuestError';
  }
}

/** Said wherever the guest cannot be built from Debian's packages here. */
export const OWN_KERNEL = 'bring your own kernel instead: npm start -- -kernel BZIMAGE -initrd INITRD -append "console=ttyS0"';
