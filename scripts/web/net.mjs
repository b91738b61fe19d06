/** No sockets in a browser; the adapter's TCP mode is never reached there. */
export {};
