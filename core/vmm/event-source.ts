/** Where an event comes from; decides the gate's DPL check and the EXT bit. */
export type Source = 0 | 1 | 2 | 3;
/** A fault, trap or abort of the CPU. */
export const SOURCE_EXCEPTION = 0;
/** The interrupt controller or an NMI. */
export const SOURCE_EXTERNAL = 1;
/** INT n, INT3, INTO: the gate's DPL counts. */
export const SOURCE_SOFTWARE = 2;
/** INT1 (ICEBP): no DPL check, but like an exception otherwise. */
export const SOURCE_ICEBP = 3;
