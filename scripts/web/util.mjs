/** iced-x86 takes the platform's text coders from Node's util module; a browser has them as globals. */
const { TextDecoder, TextEncoder } = globalThis;

export { TextDecoder, TextEncoder };
