export { encode, EncodeError, type Address, type Encoded, type Encoding } from './encode.ts';
export { forms, type Branch, type Form, type FormMemory, type Tag } from './forms.ts';
export { skipReason } from './skips.ts';
